"""Pools and demands: members with the same skills form a pool, and a demand knows the pools that can serve it, by tier.

A *tier* says how widely a request is offered. It is named `ring` in the code.
"""

from __future__ import annotations

from collections.abc import Iterator

from matcher.ordered import Ordered
from matcher.rules import ALL, ANY, EXACT, PARENT, SERVED_BY
from matcher.types import PassedOver, PassedReason, RequestKind, Staff, StaffMode, StaffRole, StaffState, StaffStatus

PoolKey = tuple[StaffRole, frozenset[str], frozenset[str], frozenset[str]]
IdleItem = tuple[int, int, str, "Member"]


class Member:
    """One signed-in member of staff.

    `mode`: what they chose, or what a timeout set. `state` also depends on `live` (accepted requests), `reservation` and `lost`.
    `idle_item`: their entry in `Pool.idle`. `reported`: the state in the last event.
    """

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
        self.obstacle: PassedOver | None = None  # why they can get no request now; None: they are idle
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
        """Set `obstacle`. A member with a ringing request gets no second one, whatever their capacity."""
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


class Demand:
    """The demand of one queue: what its requests need, and the pools that can serve it.

    The roster keeps three lists by tier. `pools`: the pools that serve it. `present`: how many members are signed in, in any
    state. `narrower`: how many members are signed in in the tiers before it.
    """

    __slots__ = ("category_path", "kind", "language", "narrower", "pools", "present", "role", "site")

    def __init__(self, kind: RequestKind, site: str, language: str, category_path: tuple[str, ...]) -> None:
        self.kind, self.site, self.language, self.category_path = kind, site, language, category_path
        self.role = SERVED_BY[kind]
        self.pools: tuple[list[Pool], list[Pool], list[Pool]] = ([], [], [])
        self.present = [0, 0, 0]
        self.narrower = [0, 0, 0]

    def came_or_went(self, ring: int, people: int) -> None:
        self.present[ring] += people
        for wider in range(ring + 1, len(self.narrower)):
            self.narrower[wider] += people

    def specialists(self) -> Iterator[Pool]:
        """Yield the pools that list the category or a parent of it."""
        yield from self.pools[EXACT]
        yield from self.pools[PARENT]


class Pool:
    """Members with the same skills. `rings`: the tier in which they serve each demand."""

    __slots__ = ("idle", "key", "members", "rings", "role")

    def __init__(self, key: PoolKey) -> None:
        self.key = key
        self.role = key[0]
        self.members: dict[str, Member] = {}
        self.idle: Ordered[IdleItem] = Ordered()
        self.rings: dict[Demand, int] = {}

    def ring_of(self, demand: Demand) -> int | None:
        """Return the narrowest tier in which this pool serves the demand. None: never, because of role, site or language."""
        _, languages, sites, categories = self.key
        if self.role != demand.role or demand.language not in languages:
            return None
        if demand.site not in sites and ALL not in sites:
            return None
        if ALL in categories or not demand.category_path or demand.category_path[0] in categories:
            return EXACT
        return PARENT if not categories.isdisjoint(demand.category_path) else ANY
