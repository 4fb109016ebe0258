"""Keeps the signed-in members, and the idle ones among them.

To find the best idle member, matching compares the first few idle members of each pool (the members with the same skills). For a
request that excludes members, matching looks at all idle members of a pool.
"""

from __future__ import annotations

from collections.abc import Iterable

from matcher.pool import Demand, Member, Pool, PoolKey
from matcher.types import Medium, Staff


class Roster:
    """All signed-in members and their pools.

    The roster keeps `pools`, `present` and `narrower` of each `Demand` (the needs of one queue) up to date.
    """

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.pools: dict[PoolKey, Pool] = {}
        self.idle_count = 0

    def add(self, staff: Staff, demands: Iterable[Demand], now_ms: int) -> Member:
        member = Member(staff, self._pool(staff, demands), now_ms)
        self.members[staff.id] = member
        self._enter(member)
        return member

    def remove(self, member: Member) -> None:
        self.withdraw(member)
        self._leave(member)
        del self.members[member.staff.id]

    def update(self, member: Member, staff: Staff, demands: Iterable[Demand]) -> bool:
        """Set a member's skills and capacity. Return whether they have changed."""
        if member.staff == staff:
            return False
        self.withdraw(member)
        self._leave(member)
        member.staff = staff
        member.pool = self._pool(staff, demands)
        self._enter(member)
        return True

    def withdraw(self, member: Member) -> None:
        """Remove a member from their pool's idle members, if they are idle.

        Call this method before the member's obstacles change. The method finds the sets that contain the member by the obstacles.
        """
        item = member.idle_item
        if item is not None:
            for medium, obstacle in member.obstacles.items():
                if obstacle is None:
                    member.pool.idle[medium].remove(item)
            member.idle_item = None
            self.idle_count -= 1

    def offer(self, member: Member) -> None:
        """Add a member to the idle members of their pool.

        The least loaded member comes first. Of equally loaded members, the one who has been idle longest comes first.
        """
        self.withdraw(member)
        item = member.idle_item = (member.burden, member.idle_since_ms, member.staff.id, member)
        for medium, obstacle in member.obstacles.items():
            if obstacle is None:
                member.pool.idle[medium].add(item)
        self.idle_count += 1

    def link(self, demand: Demand) -> None:
        """Connect a new demand (the needs of one queue) with the pools (members with equal skills) that can serve it."""
        self.survey(demand)
        for ring, pools in enumerate(demand.pools):
            for pool in pools:
                pool.rings[demand] = ring

    def survey(self, demand: Demand) -> None:
        """Set `demand.pools` to the pools (members with equal skills) that can serve it. The pools' `rings` stay as they are."""
        for pool in self.pools.values():
            ring = pool.ring_of(demand)
            if ring is not None:
                demand.pools[ring].append(pool)
                demand.came_or_went(ring, len(pool.members))

    def unlink(self, demand: Demand) -> None:
        for pools in demand.pools:
            for pool in pools:
                del pool.rings[demand]

    def _pool(self, staff: Staff, demands: Iterable[Demand]) -> Pool:
        takes: dict[Medium, int] = {"text": staff.texts, "call": staff.calls}
        media = frozenset(medium for medium, capacity in takes.items() if capacity)
        key: PoolKey = (staff.role, staff.languages, staff.sites, staff.categories, media)
        pool = self.pools.get(key)
        if pool is None:
            pool = self.pools[key] = Pool(key)
            for demand in demands:
                ring = pool.ring_of(demand)
                if ring is not None:
                    pool.rings[demand] = ring
                    demand.pools[ring].append(pool)
        return pool

    def _enter(self, member: Member) -> None:
        member.pool.members[member.staff.id] = member
        for demand, ring in member.pool.rings.items():
            demand.came_or_went(ring, 1)

    def _leave(self, member: Member) -> None:
        pool = member.pool
        del pool.members[member.staff.id]
        for demand, ring in pool.rings.items():
            demand.came_or_went(ring, -1)
        if not pool.members:
            del self.pools[pool.key]
            for demand, ring in pool.rings.items():
                demand.pools[ring].remove(pool)
