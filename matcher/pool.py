"""Pools and demands: members with the same skills form a pool, and a demand knows the pools that can serve it, by tier.

A *tier* says how widely a request is offered. It is named `ring` in the code.
"""

from __future__ import annotations

from collections.abc import Iterator

from matcher.ordered import Ordered
from matcher.rules import ALL, ANY, CALL_WEIGHT, EXACT, MEDIA, PARENT, SERVED_BY
from matcher.types import Medium, PassedOver, PassedReason, RequestKind, Staff, StaffMode, StaffRole, StaffState, StaffStatus

PoolKey = tuple[StaffRole, frozenset[str], frozenset[str], frozenset[str], frozenset[Medium]]
IdleItem = tuple[int, int, str, "Member"]


class Member:
    """One signed-in member of staff.

    `mode`: what they chose, or what a timeout set. `state` also depends on `live` (accepted requests and the medium of each),
    `reservation` and `lost`. `counts`: how many of them there are of each medium. `obstacles`: by medium, why they can get no
    request now; None: they are idle for it. `idle_item`: their entry in `Pool.idle`. `reported`: state and `ready` in the last
    event.
    """

    __slots__ = (
        "counts", "idle_item", "idle_since_ms", "live", "lost", "mode", "obstacles", "passed", "pool", "reported", "reservation",
        "since_ms", "staff",
    )  # fmt: skip  # a list of names

    def __init__(self, staff: Staff, pool: Pool, now_ms: int) -> None:
        self.staff = staff
        self.pool = pool
        self.mode: StaffMode = "away"
        self.lost = False
        self.reservation: str | None = None
        self.live: dict[str, Medium] = {}
        self.counts: dict[Medium, int] = dict.fromkeys(MEDIA, 0)
        self.since_ms = now_ms
        self.idle_since_ms = now_ms
        self.idle_item: IdleItem | None = None
        self.reported: tuple[StaffState, bool] | None = None
        self.passed: dict[str, PassedOver] = {}
        self.obstacles: dict[Medium, PassedOver | None] = {}
        self.find_obstacles()

    @property
    def sessions(self) -> int:
        counts = self.counts
        return counts["text"] + counts["call"]

    @property
    def load(self) -> int:
        return self.sessions + (self.reservation is not None)

    @property
    def burden(self) -> int:
        """By what the least loaded member is chosen: calls, then texts."""
        counts = self.counts
        return counts["call"] * CALL_WEIGHT + counts["text"]

    def has_room(self, medium: Medium) -> bool:
        """Return whether their capacity for this medium is not used up."""
        return self.counts[medium] < (self.staff.texts if medium == "text" else self.staff.calls)

    @property
    def is_idle(self) -> bool:
        """Whether they can get a request of some medium now."""
        return None in self.obstacles.values()

    def take(self, request: str, medium: Medium) -> None:
        """Count an accepted request."""
        self.live[request] = medium
        self.counts[medium] += 1

    def drop(self, request: str) -> None:
        """Stop counting a request that is in `live`."""
        self.counts[self.live.pop(request)] -= 1

    @property
    def state(self) -> StaffState:
        if self.lost:
            return "lost"
        if self.reservation is not None:
            return "reserved"
        return "busy" if self.sessions else self.mode

    @property
    def ready(self) -> bool:
        return self.mode == "available"

    def passed_over(self, reason: PassedReason) -> PassedOver:
        known = self.passed.get(reason)
        if known is None:
            known = self.passed[reason] = PassedOver(self.staff.id, reason)
        return known

    def find_obstacles(self) -> None:
        """Set `obstacles`. A member with a ringing request gets no second one, whatever their capacity."""
        if self.lost or self.reservation is not None:
            both = self.passed_over("lost" if self.lost else "busy")
            self.obstacles = {"text": both, "call": both}
            return
        staff, counts = self.staff, self.counts
        mode = None if self.mode == "available" else self.passed_over(self.mode)
        text = call = mode
        if counts["text"] >= staff.texts:
            text = self.passed_over("full" if staff.texts > 1 else "busy")
        elif counts["call"] and not staff.texts_in_call:
            text = self.passed_over("in_call")
        if counts["call"] >= staff.calls:
            call = self.passed_over("full" if staff.calls > 1 else "busy")
        self.obstacles = {"text": text, "call": call}

    def status(self) -> StaffStatus:
        staff, counts = self.staff, self.counts
        texts, calls = counts["text"], counts["call"]
        return StaffStatus(staff.id, self.state, self.load, self.since_ms, staff.role, texts, calls, self.ready)


class Demand:
    """The demand of one queue: what its requests need, and the pools that can serve it.

    The roster keeps three lists by tier. `pools`: the pools that serve it. `present`: how many members are signed in, in any
    state. `narrower`: how many members are signed in in the tiers before it.
    """

    __slots__ = ("category_path", "kind", "language", "medium", "narrower", "pools", "present", "role", "site")

    def __init__(self, kind: RequestKind, site: str, language: str, category_path: tuple[str, ...], medium: Medium) -> None:
        self.kind, self.site, self.language, self.category_path, self.medium = kind, site, language, category_path, medium
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
    """Members with the same skills, who take the same media.

    `idle`: by medium, those who can get such a request now. `rings`: the tier in which they serve each demand.
    """

    __slots__ = ("idle", "key", "members", "rings", "role")

    def __init__(self, key: PoolKey) -> None:
        self.key = key
        self.role = key[0]
        self.members: dict[str, Member] = {}
        self.idle: dict[Medium, Ordered[IdleItem]] = {medium: Ordered() for medium in MEDIA}
        self.rings: dict[Demand, int] = {}

    def ring_of(self, demand: Demand) -> int | None:
        """Return the narrowest tier in which this pool serves the demand. None: never (role, medium, site or language)."""
        _, languages, sites, categories, media = self.key
        if self.role != demand.role or demand.medium not in media or demand.language not in languages:
            return None
        if demand.site not in sites and ALL not in sites:
            return None
        if ALL in categories or not demand.category_path or demand.category_path[0] in categories:
            return EXACT
        return PARENT if not categories.isdisjoint(demand.category_path) else ANY
