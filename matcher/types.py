"""The types of matching: requests and staff go in, events come out. Times are milliseconds (int) on the store's clock.

A *tier* says how widely a request is offered; it is named `Ring` in the code. A *ring* is a pending reservation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from msgspec import Struct

RequestKind = Literal["user", "callback", "help"]
StaffRole = Literal["counselor", "professional"]
Medium = Literal["text", "call"]  # What a request asks for; voice and video are both calls.
HeldAs = Literal["text", "call", "aside"]  # The place that an accepted request takes in its member's capacity; "aside": none.
RequestState = Literal["promised", "waiting", "suspended", "reserved", "accepted", "completed", "unserved", "cancelled"]
ReservationState = Literal["pending", "accepted", "declined", "expired", "cancelled"]
StaffState = Literal["away", "available", "reserved", "busy", "wrap_up", "lost", "signed_out"]
Ring = Literal["exact", "parent", "any"]
StaffMode = Literal["away", "available", "wrap_up"]  # the state of a member without requests
PassedReason = Literal[
    "language", "site", "channel", "category", "away", "busy", "excluded", "full", "in_call", "lost", "wrap_up", "load", "idle",
    "not_asked", "promised",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff and their skills.

    `sites` and `categories` hold ids, or "*" for all. The name of a site can begin with its organisation, as in "acme/shop".
    "acme/*" then stands for all sites of acme, and "*" for all sites whose names have no organisation. `role`: counselors get
    requests of kind "user" and "callback", professionals those of kind "help". `texts`, `calls`: how many text sessions and how
    many calls the member takes at the same time. Text sessions and calls are counted separately. 0 means that the member takes no
    session of this medium. `texts_in_call`: whether the member gets new texts during a call.
    """

    id: str
    role: Literal["counselor", "professional"]
    languages: frozenset[str]
    sites: frozenset[str]
    categories: frozenset[str]
    texts: int = 3
    calls: int = 1
    texts_in_call: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a member of staff.

    `category_path`: from the category itself to its root, such as ("lenses", "cameras"). `priority` counts as waiting time
    (`Rules.priority_step_ms`). `widens_ms`: two waiting times (ms), each at most `MOST_WIDENS_MS`. After the first, the request
    is also offered to staff of the parent categories; after the second, to staff of any category. None: the two waiting times
    are those of `Rules`.
    """

    id: str
    kind: RequestKind
    site: str
    language: str
    category_path: tuple[str, ...]
    enqueued_at_ms: int
    priority: int = 0
    # members who never get this request, for example the counselor who asks for help, or an owner who disconnected
    excluded: frozenset[str] = frozenset()
    # whether the request is served before all others, for example after `redeem`, or after its counselor has disconnected
    first: bool = False
    # the only member to whom the request is offered; cleared when a member has accepted, but disconnects or never enters the room
    only: str = ""
    widens_ms: tuple[int, int] | None = None
    medium: Medium = "call"


@dataclass(frozen=True, slots=True)
class PassedOver:
    staff: str
    reason: PassedReason


@dataclass(slots=True, unsafe_hash=True)
class Why:
    """Why a request went to a member of staff.

    `candidates`: the members among whom the matcher chose, best first. If a member became free and the matcher chose a request,
    `candidates` has only this member. `candidates` and `passed_over` have at most `Rules.max_why` entries. Never change a `Why`.
    The class is not frozen, because making a frozen object takes longer, and every match makes one.
    """

    ring: Ring
    rule: str
    candidates: tuple[str, ...]
    passed_over: tuple[PassedOver, ...]


class Event(Struct, frozen=True, gc=False):
    """A change in the store. `fence`: a number that grows with every event of the store, also across restarts.

    Events are structs, because a match makes four of them. When events were frozen dataclasses (5.5 µs each instead of 0.4 µs),
    making them took longer than the rest of the step.
    """

    fence: int
    at_ms: int


class Reserved(Event, frozen=True, gc=False):
    reservation: str
    request: str
    staff: str
    expires_at_ms: int
    why: Why


class ReservationEnded(Event, frozen=True, gc=False):
    reservation: str
    request: str
    staff: str
    state: ReservationState  # accepted, declined, expired or cancelled; not pending
    reason: str = ""


class RequestChanged(Event, frozen=True, gc=False):
    """The new state of a request.

    `reason` can be empty. Otherwise it is one of these reasons, each after its state:

    - waiting: declined, expired, resumed, lost (its member disconnected while it rang), signed_out, never_entered, owner_lost,
      channel (it became a call, for which its member has no free place), restored
    - accepted: restored
    - completed: released
    - cancelled: lost (suspended for 60 s), or the caller's reason
    - unserved: the caller's reason
    """

    request: str
    state: RequestState
    reason: str = ""


class StaffChanged(Event, frozen=True, gc=False):
    """A member has a new state.

    `until_ms`: when a timed state ends by itself; None: the state has no time limit. `ready`: whether the member gets further
    requests while their capacity is not used up. A busy member can have turned this off. `reason` can be empty, or one of these:

    - away: missed (a ring expired), wrap_up (the wrap-up took too long)
    - signed_out: lease (the presence lease ran out), forced
    - wrap_up: never_entered
    """

    staff: str
    state: StaffState
    reason: str = ""
    until_ms: int | None = None
    ready: bool = False


AnyEvent = Reserved | ReservationEnded | RequestChanged | StaffChanged


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a waiting request in its queue, and the expected wait: `low_s` to `high_s` seconds. `place` counts from 1.

    `staffed`: whether a member who could serve the request is signed in. `low_s` and `high_s` are None if no such member is
    signed in, or if fewer than five requests of this queue were accepted in the last hour.
    """

    place: int
    low_s: int | None
    high_s: int | None
    staffed: bool


@dataclass(frozen=True, slots=True)
class StaffStatus:
    """A signed-in member.

    `since_ms`: when the state began. `texts`, `calls`: how many text sessions and how many calls count against this member's
    capacity. `load`: the sum of `texts` and `calls`, plus 1 for a ringing request. `ready`: as in `StaffChanged`.
    """

    id: str
    state: StaffState
    load: int
    since_ms: int
    role: Literal["counselor", "professional"]
    texts: int = 0
    calls: int = 0
    ready: bool = False


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """State of an open request.

    `reservation`: id of the pending reservation; None unless the request rings at a member. `expires_at_ms`: when the reservation
    or the suspension ends by itself; None in other states. `staff`: the member for whom the request is reserved, or who has
    accepted it. `aside`: the request is accepted, but takes no place of its member, because its user has left the page. A
    promised request (of an appointment that has not begun) names its member in `request.only`.
    """

    request: Request
    state: RequestState
    reservation: str | None = None
    staff: str | None = None
    expires_at_ms: int | None = None
    aside: bool = False


@dataclass(slots=True)
class Snapshot:
    """The whole state of a store, so that stores can be compared with each other and with the sessions."""

    fence: int
    requests: dict[str, RequestStatus] = field(default_factory=dict)
    staff: dict[str, StaffStatus] = field(default_factory=dict)


RefusedReason = Literal["unknown", "stale_fence", "not_pending", "wrong_state", "busy", "duplicate", "full"]


class Refused(Exception):
    """The step is not allowed in the present state. Nothing has changed. Reason "full": `Rules.max_requests` is reached."""

    def __init__(self, reason: RefusedReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Unavailable(Exception):
    """The store cannot be used now. The exception's text says why, in one sentence for the log, without secrets.

    - It is raised when a step that was sent has had no answer for 5 s, for example because Redis restarts. The step may have been
      made or not. The state of the store shows which of the two is true.
    - It is raised at once when 20,000 steps wait already, or when Redis refuses the login, the command or the write. Redis
      refuses writes when memory or disk is full, replicas are missing, or a script does not end. In all these cases the step was
      not made.

    Each later step connects to Redis again if necessary. The store need not be reopened.
    """


class MatchStore(Protocol):
    """One matching domain: a set of staff, requests and queues. Only these staff serve these requests.

    Each call is one atomic step at time `now_ms`. The call returns every event that it caused, in order, and raises `Refused`
    when the state tables (`matcher/states.py`) forbid it. If the `fence` of a call is smaller than the fence of the reservation
    (the number of the event `Reserved`), the call changes nothing and raises `Refused("stale_fence")`. A step that frees a place
    in a member's capacity also matches the next request. Durations below are the defaults of `Rules`.
    """

    async def sign_in(self, staff: Staff, now_ms: int) -> list[AnyEvent]:
        """Sign a member in (state `away`), or bring a `lost` member back to the state before `lost`.

        Updates the member's skills and renews the presence lease: without another renewal, the member is signed out after 30 s.
        Raises ValueError when a capacity is out of bounds.
        """

    async def renew(self, staff_ids: list[str], now_ms: int) -> None:
        """Renew the presence leases of these members: each stays signed in for 30 s from now. Skip unknown and `lost` members."""

    async def disconnect(self, staff: str, now_ms: int) -> list[AnyEvent]:
        """Mark a member as `lost`, because their last connection has closed.

        If a request rings at the member, the ring ends, and the request goes back into its queue. After 30 s, `sweep` signs the
        member out, unless `sign_in` brings them back.
        """

    async def set_available(self, staff: str, now_ms: int) -> list[AnyEvent]:
        """Make a member available: the member then gets requests while a place in the member's capacity is free."""

    async def set_away(self, staff: str, now_ms: int) -> list[AnyEvent]:
        """Stop giving requests to a member. A member can choose this during sessions, and the sessions continue."""

    async def sign_out(self, staff: str, now_ms: int, *, force: bool = False) -> list[AnyEvent]:
        """Sign a member out. Raises `Refused("busy")` while the member holds accepted requests, unless `force`.

        With `force` (an operator's command) these requests stay accepted, and the server decides what happens to each.
        """

    async def enqueue(self, request: Request, now_ms: int) -> list[AnyEvent]:
        """Put a new request into its queue. Raises `Refused`: "duplicate" for a known id, or "full".

        Raises ValueError when the priority is out of bounds.
        """

    async def promise(self, request: Request, now_ms: int) -> list[AnyEvent]:
        """Keep one place in the capacity of the member `request.only` free for an appointment that begins soon.

        Until `redeem`, the request is in no queue and does not ring. No other request takes this place, even if the member signs
        out and in again, or has not signed in yet. The member's present sessions continue. Raises `Refused` like `enqueue`.
        Raises ValueError when the request names no member.
        """

    async def redeem(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Put a promised request into its queue, ahead of all others, because the time of its appointment has come.

        The request rings at once if the member whom it names is free.
        """

    async def cancel(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        """End a request that is not accepted yet."""

    async def suspend(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Take a request out of its queue, or end its ring, because its requester disconnected.

        `sweep` cancels a request that stays suspended for 60 s.
        """

    async def resume(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Put a suspended request back into its queue, with its original enqueue time."""

    async def accept(self, reservation: str, now_ms: int, fence: int | None = None) -> list[AnyEvent]:
        """Accept a pending reservation. The member at whom it rings then holds the request and has 30 s to enter the room."""

    async def decline(self, reservation: str, now_ms: int, reason: str = "", fence: int | None = None) -> list[AnyEvent]:
        """Decline a pending reservation. The request goes back into its queue with its original enqueue time.

        For 60 s, the request is not offered to the member who declined.
        """

    async def becomes_call(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Make an open request a call, because its user has chosen voice or video.

        If the request is a call already, nothing changes.

        If the request rings at a member who has no free place for a call, the request goes back into its queue. If a member
        has accepted the request, this member keeps it, even beyond the member's capacity.
        """

    async def becomes_text(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Make an accepted request a text, so that the member who accepted it has a free place for another call.

        If the request is a text already, nothing changes.
        """

    async def set_aside(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Free the place that a request takes in the capacity of the member who accepted it, because its user left the page.

        The member keeps the request.
        """

    async def take_back(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Let a request that was set aside take a place of its member again, at once and even beyond the member's capacity."""

    async def entered(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Record that the member who has accepted the request is in the room.

        Without this call, `sweep` puts the request back into its queue, ahead of all others, 30 s after `accept`.
        """

    async def requeue(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Put an accepted request whose counselor disconnected back into its queue, ahead of all others.

        The request is never offered to this counselor again. The counselor's state changes as it does after `complete`.
        """

    async def complete(self, request: str, now_ms: int) -> list[AnyEvent]:
        """End an accepted request, because its session has ended.

        The member who accepted the request goes to the state wrap-up, unless another request takes one of this member's places or
        rings at this member. Wrap-up ends by itself after 120 s (`away`). A request that was set aside leads to no wrap-up.
        """

    async def release(self, request: str, now_ms: int) -> list[AnyEvent]:
        """End an accepted request without a wrap-up.

        For example, a professional left before joining, or has taken the session over, or the conversation sleeps until the user
        writes again.
        """

    async def transfer_owner(self, request: str, staff: str, now_ms: int) -> list[AnyEvent]:
        """Give the accepted `request` to `staff`, who already holds the help request of the same session.

        `complete` says what happens to the member who held `request` before.

        Raises `Refused("wrong_state")` if `staff` is `lost`. Call this step before `release` of the help request. In the other
        order, `staff` would be free for a moment, and another request could ring at `staff`.
        """

    async def wrapped_up(self, staff: str, now_ms: int, *, available: bool = True) -> list[AnyEvent]:
        """End a member's wrap-up. `available`: whether the member is then available; otherwise the member is away."""

    async def unserved(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        """Give up a waiting request, for example because nobody can serve it, or because the user has left a message."""

    async def sweep(self, now_ms: int) -> list[AnyEvent]:
        """End everything that has expired.

        Then match all requests and members that can be matched. By now, some requests are offered to more staff (a tier has
        opened).

        Reservations expire after 20 s, presence leases after 30 s, suspensions and exclusions after 60 s, wrap-ups after 120 s.
        If the holder of an accepted request has not entered the room within 30 s, the request goes back into its queue.
        """

    async def next_deadline_ms(self) -> int | None:
        """Return when (ms) the next call of `sweep` is needed. None: never.

        A call is needed at these times: at a deadline; when a waiting request is offered to more staff (a tier opens); and at the
        end of the time in which the store matches nobody (`remember`).
        """

    async def restore(self, requests: list[RequestStatus], now_ms: int) -> list[AnyEvent]:
        """Load requests that were open before a restart, or that the store has lost, with their original enqueue times.

        `waiting` and `reserved` requests become waiting again. `suspended` requests stay suspended (for 60 s from now).
        `accepted` requests stay accepted, with `staff` as their holder. A holder who is not signed in comes back as `lost`, and
        is signed out (reason "lease") unless they sign in within 30 s. `promised` requests come back promised.

        Requests in a final state are skipped, and so are requests that the store has. After a restart, call `restore` before
        anybody signs in.
        """

    async def remember(self, fence: int) -> None:
        """After a restart, tell the store the fence of the last event before the restart, so that new fences are larger.

        If Redis then turns out to be empty at the first step, Redis has lost the state. In that case the store *holds*: it
        matches nobody until `end_hold` is called, but at most for 30 s.
        """

    async def end_hold(self, now_ms: int) -> list[AnyEvent]:
        """Start matching at once in a store that *holds* (matches nobody), because it has lost its state.

        Call this only after every open request and every member has been announced again.
        """

    async def place(self, request: str, now_ms: int) -> Place | None:
        """Return the place in the queue of a waiting, suspended or reserved request; None for all others.

        For a waiting or suspended request, the place is 1 plus the number of requests that the same staff will serve before this
        request. For a reserved request the place is 1.
        """

    async def estimate(
        self,
        kind: RequestKind,
        site: str,
        language: str,
        category_path: tuple[str, ...],
        now_ms: int,
        priority: int = 0,
        medium: Medium = "call",
    ) -> Place:
        """Return the place in the queue that a new request of this kind, site, language, category and medium would get now."""

    async def request_status(self, request: str) -> RequestStatus | None:
        """Return the status of an open request. None: the request is unknown or has ended."""

    async def staff_status(self, staff: str) -> StaffStatus | None:
        """Return the status of a signed-in member, or None."""

    async def snapshot(self) -> Snapshot:
        """Return the whole state of the store: all open requests and all signed-in members."""
