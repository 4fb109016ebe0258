"""Requests in line. A queue holds those that ask for the same skills; its lanes keep each rank apart, oldest first.

Within a lane, whoever is first in time is also the first for whom a ring opens. So a lane without exclusions is decided by its
head alone, however long it is; those that exclude somebody (few: declined within the last minute, an owner lost) stand in
lanes of their own, which are walked.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from matcher.estimate import Pickups
from matcher.ordered import Ordered
from matcher.rules import EXACT, PARENT
from matcher.types import Request, RequestKind, RequestState, RequestStatus

if TYPE_CHECKING:
    from matcher.roster import Pool

QueueKey = tuple[RequestKind, str, str, tuple[str, ...]]
LaneKey = tuple[int, bool, bool]  # (-priority, not first, has exclusions)
LaneItem = tuple[int, int, "Ticket"]  # (enqueued, arrival, ticket)
FrontItem = tuple[int, bool, int, int, "Lane"]  # (rank of the head, its lane)


class Ticket:
    """A request and what has become of it. `blocked`: members kept from it for a while (declined, missed).
    `waiting_since_ms`: the start of this wait, later than the request's own time after an owner was lost."""

    __slots__ = (
        "arrival", "blocked", "item", "lane", "queue", "request", "reservation", "reservation_fence", "staff", "state",
        "until_ms", "waiting_since_ms",
    )  # fmt: skip  # a list of names

    def __init__(self, request: Request, queue: Queue, arrival: int, now_ms: int) -> None:
        self.request = request
        self.queue = queue
        self.arrival = arrival
        self.state: RequestState = "waiting"
        self.waiting_since_ms = now_ms
        self.blocked: set[str] = set()
        self.lane: Lane | None = None
        self.item: LaneItem = (request.enqueued_at_ms, arrival, self)
        self.reservation: str | None = None
        self.reservation_fence = 0
        self.staff: str | None = None
        self.until_ms: int | None = None

    @property
    def rank(self) -> tuple[int, bool, int, int]:
        """Priority, then `first`, then waiting time, then arrival: the least is served first."""
        request = self.request
        return -request.priority, not request.first, request.enqueued_at_ms, self.arrival

    @property
    def excludes_some(self) -> bool:
        return bool(self.blocked or self.request.excluded or self.request.only)

    def excludes(self, staff: str) -> bool:
        request = self.request
        return staff in self.blocked or staff in request.excluded or (bool(request.only) and staff != request.only)

    def status(self) -> RequestStatus:
        return RequestStatus(self.request, self.state, self.reservation, self.staff, self.until_ms)


class Lane:
    __slots__ = ("front_item", "items", "key", "queue", "walked")

    def __init__(self, queue: Queue, key: LaneKey) -> None:
        self.queue = queue
        self.key = key
        self.walked = key[2]
        self.items: Ordered[LaneItem] = Ordered()
        self.front_item: FrontItem | None = None

    def heads(self) -> Iterator[Ticket]:
        """Those that may be next: the head, or everybody where exclusions differ."""
        if self.walked:
            for item in self.items:
                yield item[2]
        else:
            yield self.items.first()[2]


class Queue:
    """By ring, kept by the roster: `pools`, `present` (people signed in, in whatever state) and `narrower` (those in the rings
    before it)."""

    __slots__ = (
        "category_path",
        "key",
        "kind",
        "lanes",
        "language",
        "narrower",
        "open_tickets",
        "pickups",
        "pools",
        "present",
        "site",
    )

    def __init__(self, key: QueueKey) -> None:
        self.key = key
        self.kind, self.site, self.language, self.category_path = key
        self.lanes: dict[LaneKey, Lane] = {}
        self.pools: tuple[list[Pool], list[Pool], list[Pool]] = ([], [], [])
        self.present = [0, 0, 0]
        self.narrower = [0, 0, 0]
        self.pickups = Pickups()
        self.open_tickets = 0

    def came_or_went(self, ring: int, people: int) -> None:
        self.present[ring] += people
        for wider in range(ring + 1, len(self.narrower)):
            self.narrower[wider] += people

    def ahead_of(self, rank: tuple[Any, ...]) -> int:
        """How many in this queue are served before `rank`."""
        ahead = 0
        for (priority, not_first, _), lane in self.lanes.items():
            here = (priority, not_first)
            if here < rank[:2]:
                ahead += len(lane.items)
            elif here == rank[:2]:
                ahead += lane.items.rank(rank[2:])
        return ahead

    def head_since_ms(self) -> int | None:
        """Since when the one who is next has waited."""
        return min((lane.items.first()[2].waiting_since_ms for lane in self.lanes.values()), default=None)

    def specialists(self) -> Iterator[Pool]:
        """Pools that list the category or a parent of it."""
        yield from self.pools[EXACT]
        yield from self.pools[PARENT]


class Queues:
    """All queues, and the lanes in which somebody waits: by what a member must speak to serve them, best head first."""

    def __init__(self) -> None:
        self.by_key: dict[QueueKey, Queue] = {}
        self.fronts: dict[tuple[RequestKind, str], list[FrontItem]] = {}

    def __iter__(self) -> Iterator[Queue]:
        return iter(self.by_key.values())

    def all_lanes(self) -> Iterator[Lane]:
        for front in self.fronts.values():
            for item in front:
                yield item[4]

    def put(self, ticket: Ticket) -> None:
        request, queue = ticket.request, ticket.queue
        key: LaneKey = (-request.priority, not request.first, ticket.excludes_some)
        lane = queue.lanes.get(key)
        if lane is None:
            lane = queue.lanes[key] = Lane(queue, key)
        lane.items.add(ticket.item)
        ticket.lane = lane
        if lane.items.first() is ticket.item:
            self._face(lane)

    def take(self, ticket: Ticket) -> None:
        lane = ticket.lane
        if lane is None:
            return
        ticket.lane = None
        was_head = lane.items.first() is ticket.item
        lane.items.remove(ticket.item)
        if was_head:
            self._face(lane)
        if not lane.items:
            del lane.queue.lanes[lane.key]

    def ahead_of(self, queue: Queue, rank: tuple[Any, ...]) -> int:
        """How many are served before `rank`, in this queue and in those that share specialists with it."""
        waiting = {item[4].queue for (kind, _), front in self.fronts.items() if kind == queue.kind for item in front}
        shared = {id(pool) for pool in queue.specialists()}
        return sum(
            other.ahead_of(rank) for other in waiting if other is queue or any(id(pool) in shared for pool in other.specialists())
        )

    def _face(self, lane: Lane) -> None:
        """Its head changed: the lane moves to its new place among the others, or away when nobody is left."""
        front = self.fronts.setdefault((lane.queue.kind, lane.queue.language), [])
        if lane.front_item is not None:
            del front[bisect_left(front, lane.front_item)]
        if not lane.items:
            lane.front_item = None
            return
        priority, not_first, _ = lane.key
        enqueued, arrival, _ = lane.items.first()
        lane.front_item = (priority, not_first, enqueued, arrival, lane)
        insort(front, lane.front_item)
