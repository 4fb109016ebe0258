"""Requests in line. A queue holds those that ask for the same skills; its lanes keep each priority apart, and those whose rings
open at other times, oldest first.

Priority counts as waiting, so the order of two requests never changes while they wait: who counts from the earlier moment is
served first.

Within a lane, whoever is first in time is also the first for whom a ring opens. So a lane without exclusions is decided by its
head alone, however long it is; those that exclude somebody (few: declined within the last minute, an owner lost) stand in
lanes of their own, which are walked.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from matcher.estimate import Pickups
from matcher.ordered import Ordered
from matcher.pool import Demand
from matcher.rules import Rules
from matcher.types import Request, RequestKind, RequestState, RequestStatus, StaffRole

QueueKey = tuple[RequestKind, str, str, tuple[str, ...]]
OpensAfter = tuple[int, int, int]  # ms, by ring
LaneKey = tuple[int, bool, bool, OpensAfter]  # (priority, not first, has exclusions, when rings open)
LaneItem = tuple[int, int, "Ticket"]  # (enqueued, arrival, ticket)
Rank = tuple[bool, int, int]  # (not first, counts from, arrival)
FrontItem = tuple[bool, int, int, "Lane"]  # (rank of the head, its lane)


class Ticket:
    """A request and what has become of it. `blocked`: members kept from it for a while (declined, missed).
    `waiting_since_ms`: the start of this wait, later than the request's own time after an owner was lost. `counts_from_ms`: the
    request's own time, earlier by its priority."""

    __slots__ = (
        "arrival", "blocked", "counts_from_ms", "item", "lane", "opens_after_ms", "queue", "request", "reservation",
        "reservation_fence", "staff", "state", "until_ms", "waiting_since_ms",
    )  # fmt: skip  # a list of names

    def __init__(self, request: Request, queue: Queue, arrival: int, now_ms: int, rules: Rules) -> None:
        self.request = request
        self.queue = queue
        self.arrival = arrival
        self.state: RequestState = "waiting"
        self.waiting_since_ms = now_ms
        self.counts_from_ms = request.enqueued_at_ms - request.priority * rules.priority_step_ms
        self.opens_after_ms = rules.opens_after_ms(request)
        self.blocked: set[str] = set()
        self.lane: Lane | None = None
        self.item: LaneItem = (request.enqueued_at_ms, arrival, self)
        self.reservation: str | None = None
        self.reservation_fence = 0
        self.staff: str | None = None
        self.until_ms: int | None = None

    @property
    def rank(self) -> Rank:
        """`first`, then waiting time with its priority, then arrival: the least is served first."""
        return not self.request.first, self.counts_from_ms, self.arrival

    @property
    def excludes_some(self) -> bool:
        return bool(self.blocked or self.request.excluded or self.request.only)

    def excludes(self, staff: str) -> bool:
        request = self.request
        return staff in self.blocked or staff in request.excluded or (bool(request.only) and staff != request.only)

    def status(self) -> RequestStatus:
        return RequestStatus(self.request, self.state, self.reservation, self.staff, self.until_ms)


class Lane:
    __slots__ = ("front_item", "head_start_ms", "items", "key", "opens_after_ms", "queue", "walked")

    def __init__(self, queue: Queue, key: LaneKey, head_start_ms: int) -> None:
        self.queue = queue
        self.key = key
        self.head_start_ms = head_start_ms
        self.walked = key[2]
        self.opens_after_ms = key[3]
        self.items: Ordered[LaneItem] = Ordered()
        self.front_item: FrontItem | None = None

    def heads(self) -> Iterator[Ticket]:
        """Those that may be next: the head, or everybody where exclusions differ."""
        if self.walked:
            for item in self.items:
                yield item[2]
        else:
            yield self.items.first()[2]


class Queue(Demand):
    """Those who wait for the same thing, in lanes."""

    __slots__ = ("key", "lanes", "open_tickets", "pickups")

    def __init__(self, key: QueueKey) -> None:
        super().__init__(*key)
        self.key = key
        self.lanes: dict[LaneKey, Lane] = {}
        self.pickups = Pickups()
        self.open_tickets = 0

    def ahead_of(self, rank: Rank) -> int:
        """How many in this queue are served before `rank`."""
        not_first, counts_from_ms, arrival = rank
        ahead = 0
        for (_, behind_first, _, _), lane in self.lanes.items():
            if behind_first < not_first:
                ahead += len(lane.items)
            elif behind_first == not_first:
                ahead += lane.items.rank((counts_from_ms + lane.head_start_ms, arrival))
        return ahead

    def head_since_ms(self) -> int | None:
        """Since when the one who is next has waited."""
        return min((lane.items.first()[2].waiting_since_ms for lane in self.lanes.values()), default=None)


class Queues:
    """All queues, and the lanes in which somebody waits: by what a member must be and speak to serve them, best head first."""

    def __init__(self, priority_step_ms: int) -> None:
        self.by_key: dict[QueueKey, Queue] = {}
        self.fronts: dict[tuple[StaffRole, str], list[FrontItem]] = {}
        self.priority_step_ms = priority_step_ms

    def __iter__(self) -> Iterator[Queue]:
        return iter(self.by_key.values())

    def all_lanes(self) -> Iterator[Lane]:
        for front in self.fronts.values():
            for item in front:
                yield item[3]

    def put(self, ticket: Ticket) -> None:
        request, queue = ticket.request, ticket.queue
        key: LaneKey = (request.priority, not request.first, ticket.excludes_some, ticket.opens_after_ms)
        lane = queue.lanes.get(key)
        if lane is None:
            lane = queue.lanes[key] = Lane(queue, key, request.priority * self.priority_step_ms)
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

    def ahead_of(self, queue: Queue, rank: Rank) -> int:
        """How many are served before `rank`, in this queue and in those that share specialists with it."""
        waiting = {item[3].queue for (role, _), front in self.fronts.items() if role == queue.role for item in front}
        shared = {id(pool) for pool in queue.specialists()}
        return sum(
            other.ahead_of(rank) for other in waiting if other is queue or any(id(pool) in shared for pool in other.specialists())
        )

    def _face(self, lane: Lane) -> None:
        """Its head changed: the lane moves to its new place among the others, or away when nobody is left."""
        front = self.fronts.setdefault((lane.queue.role, lane.queue.language), [])
        if lane.front_item is not None:
            del front[bisect_left(front, lane.front_item)]
        if not lane.items:
            lane.front_item = None
            return
        enqueued_at_ms, arrival, _ = lane.items.first()
        lane.front_item = (lane.key[1], enqueued_at_ms - lane.head_start_ms, arrival, lane)
        insort(front, lane.front_item)
