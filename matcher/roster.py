"""Who is signed in, and who of them is idle for which queue.

Members with the same skills form a pool; a queue knows the pools that can serve it by ring. Finding the best idle person looks at
the heads of pools, never at all people.
"""

from __future__ import annotations

from collections.abc import Iterable

from matcher.ordered import Ordered
from matcher.queue import Queue
from matcher.rules import ALL, ANY, EXACT, PARENT
from matcher.types import PassedOver, PassedReason, Staff, StaffMode, StaffRole, StaffState, StaffStatus

PoolKey = tuple[StaffRole, frozenset[str], frozenset[str], frozenset[str]]
IdleItem = tuple[int, int, str, "Member"]


class Member:
    """One signed-in person. `mode` is what they chose or fell into; the state shown also follows from load and connection."""

    __slots__ = (
        "idle_item", "idle_since_ms", "live", "lost", "mode", "obstacle", "passed", "pool", "reported", "reservation", "since_ms",
        "staff",
    )  # fmt: skip  # a list of names

    def __init__(self, staff: Staff, pool: Pool, now_ms: int) -> None:
        self.staff = staff
        self.pool = pool
        self.mode: StaffMode = "away"
        self.lost = False
        self.reservation: str | None = None
        self.live: set[str] = set()
        self.since_ms = now_ms
        self.idle_since_ms = now_ms
        self.idle_item: IdleItem | None = None
        self.reported: StaffState | None = None
        self.passed: dict[str, PassedOver] = {}
        self.obstacle: PassedOver | None = None  # why nothing may be given to them now; None: they are idle
        self.find_obstacle()

    @property
    def load(self) -> int:
        return len(self.live) + (self.reservation is not None)

    @property
    def state(self) -> StaffState:
        if self.lost:
            return "lost"
        if self.reservation is not None:
            return "reserved"
        return "busy" if self.live else self.mode

    def passed_over(self, reason: PassedReason) -> PassedOver:
        known = self.passed.get(reason)
        if known is None:
            known = self.passed[reason] = PassedOver(self.staff.id, reason)
        return known

    def find_obstacle(self) -> None:
        """At most one request rings at a member at a time, whatever the capacity."""
        reason: PassedReason
        if self.lost:
            reason = "lost"
        elif self.reservation is not None or len(self.live) >= self.staff.capacity:
            reason = "full" if self.staff.capacity > 1 else "busy"
        elif self.mode != "available":
            reason = self.mode
        else:
            self.obstacle = None
            return
        self.obstacle = self.passed_over(reason)

    def status(self) -> StaffStatus:
        return StaffStatus(self.staff.id, self.state, self.load, self.since_ms, self.staff.role)


class Pool:
    """Members with the same skills. `rings`: in which ring they serve a queue."""

    __slots__ = ("idle", "key", "members", "rings", "role")

    def __init__(self, key: PoolKey) -> None:
        self.key = key
        self.role = key[0]
        self.members: dict[str, Member] = {}
        self.idle: Ordered[IdleItem] = Ordered()
        self.rings: dict[Queue, int] = {}

    def ring_of(self, queue: Queue) -> int | None:
        """The narrowest ring in which this pool serves the queue; None: never (role, site or language)."""
        _, languages, sites, categories = self.key
        if self.role != queue.role or queue.language not in languages:
            return None
        if queue.site not in sites and ALL not in sites:
            return None
        if ALL in categories or not queue.category_path or queue.category_path[0] in categories:
            return EXACT
        return PARENT if not categories.isdisjoint(queue.category_path) else ANY


class Roster:
    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.pools: dict[PoolKey, Pool] = {}
        self.idle_count = 0

    def add(self, staff: Staff, queues: Iterable[Queue], now_ms: int) -> Member:
        member = Member(staff, self._pool(staff, queues), now_ms)
        self.members[staff.id] = member
        self._enter(member)
        return member

    def remove(self, member: Member) -> None:
        self.withdraw(member)
        self._leave(member)
        del self.members[member.staff.id]

    def update(self, member: Member, staff: Staff, queues: Iterable[Queue]) -> bool:
        """New skills; True when anything differs."""
        if member.staff == staff:
            return False
        self.withdraw(member)
        self._leave(member)
        member.staff = staff
        member.pool = self._pool(staff, queues)
        self._enter(member)
        return True

    def withdraw(self, member: Member) -> None:
        """Out of the idle, if they were there."""
        if member.idle_item is not None:
            member.pool.idle.remove(member.idle_item)
            member.idle_item = None
            self.idle_count -= 1

    def offer(self, member: Member) -> None:
        """Among the idle, by load, then longest idle."""
        self.withdraw(member)
        member.idle_item = (member.load, member.idle_since_ms, member.staff.id, member)
        member.pool.idle.add(member.idle_item)
        self.idle_count += 1

    def link(self, queue: Queue) -> None:
        """A new queue learns who can serve it, and they of it."""
        self.survey(queue)
        for ring, pools in enumerate(queue.pools):
            for pool in pools:
                pool.rings[queue] = ring

    def survey(self, queue: Queue) -> None:
        """A queue learns who could serve it; nobody learns of the queue."""
        for pool in self.pools.values():
            ring = pool.ring_of(queue)
            if ring is not None:
                queue.pools[ring].append(pool)
                queue.came_or_went(ring, len(pool.members))

    def unlink(self, queue: Queue) -> None:
        for pools in queue.pools:
            for pool in pools:
                del pool.rings[queue]

    def _pool(self, staff: Staff, queues: Iterable[Queue]) -> Pool:
        key: PoolKey = (staff.role, staff.languages, staff.sites, staff.categories)
        pool = self.pools.get(key)
        if pool is None:
            pool = self.pools[key] = Pool(key)
            for queue in queues:
                ring = pool.ring_of(queue)
                if ring is not None:
                    pool.rings[queue] = ring
                    queue.pools[ring].append(pool)
        return pool

    def _enter(self, member: Member) -> None:
        member.pool.members[member.staff.id] = member
        for queue, ring in member.pool.rings.items():
            queue.came_or_went(ring, 1)

    def _leave(self, member: Member) -> None:
        pool = member.pool
        del pool.members[member.staff.id]
        for queue, ring in pool.rings.items():
            queue.came_or_went(ring, -1)
        if not pool.members:
            del self.pools[pool.key]
            for queue, ring in pool.rings.items():
                queue.pools[ring].remove(pool)
