"""Waiting requests. A *queue* holds the requests that ask for the same skills. A queue is divided into *lanes*.

The oldest request of a lane comes first. All requests of a lane have the same priority and wait equally long until they are
offered to more staff (until a wider *tier* opens; a tier is named `ring` in the code). In a lane, either all requests or none are
marked `first` (a request with this mark is served before all others), and either all or none exclude members. Priority counts as
waiting time: the matcher subtracts each request's priority, as a time, from the request's enqueue time, and serves the request
with the earliest result first. So the order of two requests never changes while they wait.

The oldest request of a lane is also the first one for which a wider tier opens. So matching looks only at the head of a lane,
however long the lane is. A few requests exclude members: for example a member who declined the request within the last minute, or
everybody except the one member whom the request names. These requests are in separate lanes, called *walked*, in which matching
looks at every request from head to end.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from matcher.estimate import Pickups
from matcher.ordered import Ordered
from matcher.pool import Demand
from matcher.rules import MEDIA, Rules
from matcher.types import HeldAs, Medium, Request, RequestKind, RequestState, RequestStatus, StaffRole

QueueKey = tuple[RequestKind, str, str, tuple[str, ...], Medium]
# After how many ms of waiting a request is offered to staff of its own category, of a parent category, and of any category.
OpensAfter = tuple[int, int, int]
# What all requests of a lane share: (priority, False if marked `first`, whether they exclude members, when their tiers open).
LaneKey = tuple[int, bool, bool, OpensAfter]
LaneItem = tuple[int, int, "Ticket"]  # (enqueued, arrival, ticket).
Rank = tuple[bool, int, int]  # (False for a request marked `first`, enqueue time moved earlier by priority, order of arrival).
FrontItem = tuple[bool, int, int, "Lane"]  # A lane, after the three fields of its oldest request's `Rank`.


class Ticket:
    """A request and its present state.

    `blocked`: members who are excluded for a while, because they declined or missed the request. `waiting_since_ms`: start of the
    present wait. A new wait begins, for example, after the counselor disconnected; this time is then later than the enqueue time.
    `counts_from_ms`: the enqueue time, moved earlier by the priority. `item`: the ticket's entry in its lane (a part of the
    queue). `aside`: the request is accepted, but its user has left the page.
    """

    __slots__ = (
        "arrival", "aside", "blocked", "counts_from_ms", "item", "lane", "opens_after_ms", "queue", "request", "reservation",
        "reservation_fence", "staff", "state", "until_ms", "waiting_since_ms",
    )  # fmt: skip

    def __init__(self, request: Request, queue: Queue, arrival: int, now_ms: int, rules: Rules) -> None:
        self.request = request
        self.queue = queue
        self.arrival = arrival
        self.state: RequestState = "waiting"
        self.aside = False
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
        """The sort key for the order of service.

        Requests marked `first` come first. Then the order follows the enqueue times, which priority has moved earlier. Of two
        requests with the same time, the one that arrived first comes first.
        """
        return not self.request.first, self.counts_from_ms, self.arrival

    @property
    def excludes_some(self) -> bool:
        return bool(self.blocked or self.request.excluded or self.request.only)

    def excludes(self, staff: str) -> bool:
        request = self.request
        return staff in self.blocked or staff in request.excluded or (bool(request.only) and staff != request.only)

    @property
    def held_as(self) -> HeldAs:
        """Which capacity of its member the accepted request uses: that for texts, that for calls, or none (`aside`)."""
        return "aside" if self.aside else self.request.medium

    def status(self) -> RequestStatus:
        return RequestStatus(self.request, self.state, self.reservation, self.staff, self.until_ms, self.aside)


class Lane:
    """Requests of one queue with the same `key`, oldest first.

    `walked`: the lane's requests exclude members, so matching must look at every request and not only at the oldest.
    `head_start_ms`: the waiting time (ms) that the requests' priority is worth. `front_item`: the lane's entry in
    `Queues.fronts`; None while the lane is empty.
    """

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
        """Yield the lane's requests that can be served next: all if requests exclude members (`walked`), else only the oldest."""
        if self.walked:
            for item in self.items:
                yield item[2]
        else:
            yield self.items.first()[2]


class Queue(Demand):
    """The waiting requests of one kind, site, language, category path and medium, in lanes (parts of equal priority)."""

    __slots__ = ("front", "key", "lanes", "open_tickets", "pickups")

    def __init__(self, key: QueueKey) -> None:
        super().__init__(*key)
        self.key = key
        self.lanes: dict[LaneKey, Lane] = {}
        self.pickups = Pickups()
        self.open_tickets = 0
        self.front: list[FrontItem] | None = None  # the list in `Queues.fronts` for this queue; None until a request waits

    def ahead_of(self, rank: Rank) -> int:
        """Return how many requests of this queue are served before a request of this rank (sort key for the order of service)."""
        not_first, counts_from_ms, arrival = rank
        ahead = 0
        for (_, behind_first, _, _), lane in self.lanes.items():
            if behind_first < not_first:
                ahead += len(lane.items)
            elif behind_first == not_first:
                ahead += lane.items.rank((counts_from_ms + lane.head_start_ms, arrival))
        return ahead

    def head_since_ms(self) -> int | None:
        """Return the earliest `waiting_since_ms` among the oldest requests of the queue's lanes (parts). None: nobody waits."""
        return min((lane.items.first()[2].waiting_since_ms for lane in self.lanes.values()), default=None)


class Queues:
    """All queues.

    `fronts`: (staff role, language, medium) → the lanes (parts of queues) in which somebody waits, in the order of their oldest
    requests' ranks.
    """

    def __init__(self, priority_step_ms: int) -> None:
        self.by_key: dict[QueueKey, Queue] = {}
        self.fronts: dict[tuple[StaffRole, str, Medium], list[FrontItem]] = {}
        self._served: dict[tuple[StaffRole, frozenset[str]], list[tuple[Medium, list[FrontItem]]]] = {}
        self.priority_step_ms = priority_step_ms

    def __iter__(self) -> Iterator[Queue]:
        return iter(self.by_key.values())

    def all_lanes(self) -> Iterator[Lane]:
        for front in self.fronts.values():
            for item in front:
                yield item[3]

    def served_by(self, role: StaffRole, languages: frozenset[str]) -> list[tuple[Medium, list[FrontItem]]]:
        """Return the lists in `fronts` for a role and these languages, each with its medium. Some of these lists can be empty."""
        served = self._served.get((role, languages))
        if served is None:
            served = self._served[role, languages] = [
                (medium, self.fronts.setdefault((role, language, medium), [])) for medium in MEDIA for language in languages
            ]
        return served

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
        """Return how many requests are served before a request of `queue` with this rank.

        Requests of `queue` count, and requests of queues that share specialists with it. Specialists are the members who list the
        category of a queue or a parent of it. Only queues of the same medium count, because a member has a separate capacity for
        texts and for calls.
        """
        fronts = [front for (role, _, medium), front in self.fronts.items() if (role, medium) == (queue.role, queue.medium)]
        waiting = {item[3].queue for front in fronts for item in front}
        shared = {id(pool) for pool in queue.specialists()}
        return sum(
            other.ahead_of(rank) for other in waiting if other is queue or any(id(pool) in shared for pool in other.specialists())
        )

    def _face(self, lane: Lane) -> None:
        """Move a lane (a part of a queue) to its new position in `fronts` after the lane's oldest request has changed.

        If the lane is empty, remove it from `fronts`.
        """
        queue = lane.queue
        front = queue.front
        if front is None:
            front = queue.front = self.fronts.setdefault((queue.role, queue.language, queue.medium), [])
        if lane.front_item is not None:
            del front[bisect_left(front, lane.front_item)]
        if not lane.items:
            lane.front_item = None
            return
        enqueued_at_ms, arrival, _ = lane.items.first()
        lane.front_item = (lane.key[1], enqueued_at_ms - lane.head_start_ms, arrival, lane)
        insort(front, lane.front_item)
