"""Pools and demands. A *pool* is all members who have the same skills. A *demand* is what the requests of one queue need.

A demand knows the pools that can serve it, by tier. A *tier* says how widely a request is offered: to staff of its category, of a
parent category, or of any category. A tier is named `ring` in the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from matcher.ordered import Ordered
from matcher.rules import ALL, ANY, CALL_WEIGHT, EXACT, MEDIA, PARENT, SERVED_BY, all_sites_like, organisation_of
from matcher.types import (
    HeldAs,
    Medium,
    PassedOver,
    PassedReason,
    RequestKind,
    Staff,
    StaffMode,
    StaffRole,
    StaffState,
    StaffStatus,
)

PoolKey = tuple[StaffRole, frozenset[str], frozenset[str], frozenset[str], frozenset[Medium]]
IdleItem = tuple[int, int, str, "Member"]
# (why a member is offered no texts, why the member is offered no calls); None: the member is offered some
Reasons = tuple[PassedReason | None, PassedReason | None]
Obstacles = dict[Medium, PassedOver | None]
NO_OBSTACLE: Final[Obstacles] = {"text": None, "call": None}


class Member:
    """One signed-in member of staff. A *place* is one unit of the member's capacity: an accepted text or call takes one place.

    `mode`: the state that the member has without requests; the member or the matcher has set it. `state` also depends on `live`
    (the member's accepted requests → how each counts), `reservation` (the id of the reservation that rings at the member) and
    `lost` (whether the member is disconnected). `texts`, `calls`: how many places are taken by texts, and how many by calls.
    `obstacles`: by medium, why the member can get no request now; None: the member can get one. `is_idle`: whether the member can
    get a request of at least one medium. `promised`: id of an appointment's request → medium of the place that is kept free for
    it. `idle_item`: the member's entry in `Pool.idle`. `reported`, `reported_ready`: state and `ready` in the last event about
    the member. `known`: a cache of reasons (`Reasons`) → the `obstacles` that belong to them. `watched_by`: the demands whose
    `obstructed` names the member.
    """

    __slots__ = (
        "calls", "idle_item", "idle_since_ms", "is_idle", "known", "live", "lost", "mode", "obstacles", "passed", "pool",
        "promised", "reported", "reported_ready", "reservation", "since_ms", "staff", "texts", "watched_by",
    )  # fmt: skip

    def __init__(self, staff: Staff, pool: Pool, now_ms: int) -> None:
        self.staff = staff
        self.pool = pool
        self.mode: StaffMode = "away"
        self.lost = False
        self.reservation: str | None = None
        self.live: dict[str, HeldAs] = {}
        self.promised: dict[str, Medium] = {}
        self.texts = 0
        self.calls = 0
        self.since_ms = now_ms
        self.idle_since_ms = now_ms
        self.idle_item: IdleItem | None = None
        self.reported: StaffState | None = None
        self.reported_ready = False
        self.passed: dict[str, PassedOver] = {}
        self.known: dict[Reasons, Obstacles] = {(None, None): NO_OBSTACLE}
        self.watched_by: set[Demand] = set()
        self.obstacles: Obstacles = NO_OBSTACLE
        self.is_idle = True
        self.find_obstacles()

    @property
    def sessions(self) -> int:
        """The number of accepted requests that use up this member's capacity."""
        return self.texts + self.calls

    @property
    def load(self) -> int:
        return self.texts + self.calls + (self.reservation is not None)

    @property
    def burden(self) -> int:
        """The member's weighted load: a call weighs more than all texts together. Matching chooses the least loaded member."""
        return self.calls * CALL_WEIGHT + self.texts

    def has_room(self, medium: Medium) -> bool:
        """Return whether the member can take one more request of this medium."""
        taken, capacity = (self.texts, self.staff.texts) if medium == "text" else (self.calls, self.staff.calls)
        return taken + self._kept(medium) < capacity

    def _kept(self, medium: Medium) -> int:
        """Return how many of the member's places (units of capacity) for this medium are kept free for appointments."""
        return sum(each == medium for each in self.promised.values()) if self.promised else 0

    def take(self, request: str, held_as: HeldAs) -> None:
        """Count a request that this member has accepted, and the place (unit of capacity) that it takes."""
        self.live[request] = held_as
        self._count(held_as, 1)

    def drop(self, request: str) -> None:
        """Stop counting an accepted request, which must be in `live`."""
        self._count(self.live.pop(request), -1)

    def _count(self, held_as: HeldAs, change: int) -> None:
        if held_as == "text":
            self.texts += change
        elif held_as == "call":
            self.calls += change

    @property
    def state(self) -> StaffState:
        if self.lost:
            return "lost"
        if self.reservation is not None:
            return "reserved"
        return "busy" if self.texts or self.calls else self.mode

    @property
    def ready(self) -> bool:
        return self.mode == "available"

    def passed_over(self, reason: PassedReason) -> PassedOver:
        known = self.passed.get(reason)
        if known is None:
            known = self.passed[reason] = PassedOver(self.staff.id, reason)
        return known

    def find_obstacles(self) -> None:
        """Compute `obstacles` (why the member can get no request now) and `is_idle` anew, after the state has changed."""
        reasons = to_text, to_call = self._reasons()
        obstacles = self.known.get(reasons)
        if obstacles is None:
            obstacles = self.known[reasons] = {
                "text": None if to_text is None else self.passed_over(to_text),
                "call": None if to_call is None else self.passed_over(to_call),
            }
        if obstacles is not self.obstacles:
            self.obstacles = obstacles
            self.is_idle = to_text is None or to_call is None
            if self.watched_by:
                for demand in self.watched_by:
                    demand.obstructed = None
                self.watched_by.clear()

    def _reasons(self) -> Reasons:
        """Return two reasons: why the member can get no text now, and why the member can get no call now.

        A reason is None if the member can get a request of that medium. While a request rings at the member, the member gets no
        other request.
        """
        if self.lost:
            return "lost", "lost"
        if self.reservation is not None:
            return "busy", "busy"
        staff = self.staff
        text: PassedReason | None
        call: PassedReason | None
        text = call = None if self.mode == "available" else self.mode
        if self.texts >= staff.texts:
            text = "full" if staff.texts > 1 else "busy"
        elif self.calls and not staff.texts_in_call:
            text = "in_call"
        elif text is None and self.promised and not self.has_room("text"):
            text = "promised"
        if self.calls >= staff.calls:
            call = "full" if staff.calls > 1 else "busy"
        elif call is None and self.promised and not self.has_room("call"):
            call = "promised"
        return text, call

    def status(self) -> StaffStatus:
        staff = self.staff
        return StaffStatus(staff.id, self.state, self.load, self.since_ms, staff.role, self.texts, self.calls, self.ready)


class Demand:
    """The demand of one queue: what its requests need, and the pools that can serve it.

    A tier says how widely a request is offered: to staff of its category only (the narrowest tier), of the parent category, or of
    any category. The roster keeps three lists with one entry for each tier. `pools`: the pools that serve the demand in this
    tier. `present`: how many signed-in members, in any state, these pools have. `narrower`: how many signed-in members serve the
    demand in narrower tiers.

    `obstructed`: a cache for `Why` (why a member got a request and others did not), which names the same members again and again
    in a busy service. The cache holds the obstacles of the first `Rules.max_why` members who serve the demand, narrowest tier
    first, while each of them has an obstacle. The cache is None if one of these members has no obstacle, if fewer members serve
    the demand, or if nothing has been computed since a change.
    """

    __slots__ = (
        "all_sites", "category_path", "kind", "language", "medium", "narrower", "obstructed", "pools", "present", "role", "site",
    )  # fmt: skip

    def __init__(self, kind: RequestKind, site: str, language: str, category_path: tuple[str, ...], medium: Medium) -> None:
        self.kind, self.site, self.language, self.category_path, self.medium = kind, site, language, category_path, medium
        self.role = SERVED_BY[kind]
        self.all_sites = all_sites_like(site)
        self.pools: tuple[list[Pool], list[Pool], list[Pool]] = ([], [], [])
        self.present = [0, 0, 0]
        self.narrower = [0, 0, 0]
        self.obstructed: list[PassedOver] | None = None

    def came_or_went(self, ring: int, people: int) -> None:
        self.obstructed = None
        self.present[ring] += people
        for wider in range(ring + 1, len(self.narrower)):
            self.narrower[wider] += people

    def specialists(self) -> Iterator[Pool]:
        """Yield the pools (members with the same skills) whose members list the demand's category or a parent of it."""
        yield from self.pools[EXACT]
        yield from self.pools[PARENT]


class Pool:
    """Members with the same skills, who take the same media.

    `organisation`: the part of the sites' names that names the organisation (`rules.organisation_of`). `idle`: by medium, the
    members who can get a request of this medium now. `rings`: what the requests of one queue need (`Demand`) → the tier (exact,
    parent or any category) in which the pool serves this queue.
    """

    __slots__ = ("idle", "key", "members", "organisation", "rings", "role")

    def __init__(self, key: PoolKey) -> None:
        self.key = key
        self.role = key[0]
        self.organisation = organisation_of(next(iter(key[2]), ""))
        self.members: dict[str, Member] = {}
        self.idle: dict[Medium, Ordered[IdleItem]] = {medium: Ordered() for medium in MEDIA}
        self.rings: dict[Demand, int] = {}

    def ring_of(self, demand: Demand) -> int | None:
        """Return the narrowest tier (`EXACT`, `PARENT` or `ANY` category) in which this pool serves the demand.

        The demand is what the requests of one queue need. None: role, medium, site or language do not fit.
        """
        _, languages, sites, categories, media = self.key
        if self.role != demand.role or demand.medium not in media or demand.language not in languages:
            return None
        if demand.site not in sites and demand.all_sites not in sites:
            return None
        if ALL in categories or not demand.category_path or demand.category_path[0] in categories:
            return EXACT
        return PARENT if not categories.isdisjoint(demand.category_path) else ANY
