"""The words of matching: what goes in, what comes out. Times are milliseconds (int) on the store's clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from msgspec import Struct

RequestKind = Literal["user", "callback", "help"]
StaffRole = Literal["counselor", "professional"]
RequestState = Literal["waiting", "suspended", "reserved", "accepted", "completed", "unserved", "cancelled"]
ReservationState = Literal["pending", "accepted", "declined", "expired", "cancelled"]
StaffState = Literal["away", "available", "reserved", "busy", "wrap_up", "lost", "signed_out"]
Ring = Literal["exact", "parent", "any"]
StaffMode = Literal["away", "available", "wrap_up"]  # what a member without load is
PassedReason = Literal[
    "language", "site", "category", "away", "busy", "excluded", "full", "lost", "wrap_up", "load", "idle", "not_asked"
]


@dataclass(frozen=True, slots=True)
class Staff:
    """What a member of staff can serve. `categories` are ids; "*" is all. `capacity`: sessions at once.

    `role` says which requests they get: counselors "user" and "callback", professionals "help".
    """

    id: str
    role: Literal["counselor", "professional"]
    languages: frozenset[str]
    sites: frozenset[str]
    categories: frozenset[str]
    capacity: int = 1


@dataclass(frozen=True, slots=True)
class Request:
    """`category_path` runs from the category itself to its root: ("lenses", "cameras"). `priority` counts as waiting
    (`Rules.priority_step_ms`). `widens_ms`: how long it waits until the ring of its parents opens, and that of everybody, at most
    `MOST_WIDENS_MS`; None: as the rules say."""

    id: str
    kind: RequestKind
    site: str
    language: str
    category_path: tuple[str, ...]
    enqueued_at_ms: int
    priority: int = 0
    excluded: frozenset[str] = frozenset()  # never these (the counselor who asks for help; one who was lost)
    first: bool = False  # before all others (owner lost, staff never entered)
    only: str = ""  # this one member and nobody else, in whatever ring they serve it; until their holder is lost
    widens_ms: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    staff: str
    reason: PassedReason


@dataclass(slots=True, unsafe_hash=True)
class Why:
    """Why a request went to a member of staff. `candidates`: the idle ones of that ring, best first; both lists are bounded
    (`Rules.max_why`). Not to be changed; frozen only by this sentence, because one is made for every match."""

    ring: Ring
    rule: str
    candidates: tuple[str, ...]
    passed_over: tuple[PassedOver, ...]


class Event(Struct, frozen=True, gc=False):
    """Something that changed; `fence` grows with every event of the store, across restarts too.

    A struct, not a frozen dataclass: making four of those a match took longer than everything else in the step (5.5 µs against
    0.4 µs each)."""

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
    state: ReservationState  # accepted, declined, expired, cancelled
    reason: str = ""


class RequestChanged(Event, frozen=True, gc=False):
    """`reason` of waiting: declined, expired, resumed, lost (who rang was), signed_out, never_entered, owner_lost, restored;
    of accepted: restored; of completed: released; of cancelled: lost (60 s suspended) or the caller's; of unserved: the caller's.
    """

    request: str
    state: RequestState
    reason: str = ""


class StaffChanged(Event, frozen=True, gc=False):
    staff: str
    state: StaffState
    reason: str = (
        ""  # "missed" (an expiry), "wrap_up" (it ran out): away; "lease", "forced": signed_out; "never_entered": wrap_up
    )
    until_ms: int | None = None


AnyEvent = Reserved | ReservationEnded | RequestChanged | StaffChanged


@dataclass(frozen=True, slots=True)
class Place:
    """Where a waiting request stands. The range is None before five pickups of its queue, and while nobody is signed in
    who could serve it."""

    place: int
    low_s: int | None
    high_s: int | None
    staffed: bool


@dataclass(frozen=True, slots=True)
class StaffStatus:
    id: str
    state: StaffState
    load: int
    since_ms: int
    role: Literal["counselor", "professional"]


@dataclass(frozen=True, slots=True)
class RequestStatus:
    request: Request
    state: RequestState
    reservation: str | None = None
    staff: str | None = None
    expires_at_ms: int | None = None


@dataclass(slots=True)
class Snapshot:
    """The whole state, comparable between stores."""

    fence: int
    requests: dict[str, RequestStatus] = field(default_factory=dict)
    staff: dict[str, StaffStatus] = field(default_factory=dict)


class Refused(Exception):
    """A step that the state tables do not allow; nothing has changed. `reason`: unknown, stale_fence, not_pending,
    wrong_state, busy, duplicate, full (the store's bound on open requests is reached)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unavailable(Exception):
    """The store cannot be used now; the text says why, in a sentence for a log, without secrets.

    Redis has been away for 5 s (connections, restarts, a slot that moves), or 20,000 steps wait already. At once: Redis refuses
    the login or a right, or it refuses to write (memory or disk full, too few replicas, a script that does not end); the step was
    then not made. After the 5 s the step may have been made or not: what it did shows in the state, and every state it can have
    left ends by itself. Later steps try anew; nothing has to be opened again."""


class MatchStore(Protocol):
    """One matching domain. Each call is one atomic step at time `now_ms`; it returns every event it caused, in order,
    and raises `Refused` when the state tables forbid it. A `fence` given and older than the object's changes nothing
    (`Refused("stale_fence")`). Every step that frees capacity matches the next request at once, in the same step."""

    async def sign_in(self, staff: Staff, now_ms: int) -> list[AnyEvent]:
        """Signed in (away), or back from `lost` (the former state). Renews the presence lease (30 s). Skills are updated."""

    async def renew(self, staff_ids: list[str], now_ms: int) -> None:
        """Their presence lease runs again for 30 s."""

    async def disconnect(self, staff: str, now_ms: int) -> list[AnyEvent]:
        """Their last connection closed: `lost` at once (a pending reservation is cancelled and goes on to the next);
        signed out by the sweep when 30 s have passed, unless `sign_in` brings them back."""

    async def set_available(self, staff: str, now_ms: int) -> list[AnyEvent]: ...
    async def set_away(self, staff: str, now_ms: int) -> list[AnyEvent]: ...
    async def sign_out(self, staff: str, now_ms: int, *, force: bool = False) -> list[AnyEvent]:
        """Refused("busy") while they have live sessions, unless `force` (operator; owner-lost rules follow in signaling)."""

    async def enqueue(self, request: Request, now_ms: int) -> list[AnyEvent]: ...
    async def cancel(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]: ...
    async def suspend(self, request: str, now_ms: int) -> list[AnyEvent]:
        """The requester's line dropped: out of the running, cancelled by the sweep after 60 s."""

    async def resume(self, request: str, now_ms: int) -> list[AnyEvent]: ...
    async def accept(self, reservation: str, now_ms: int, fence: int | None = None) -> list[AnyEvent]: ...
    async def decline(self, reservation: str, now_ms: int, reason: str = "", fence: int | None = None) -> list[AnyEvent]:
        """Back to waiting at the original time; this member is excluded from it for 60 s."""

    async def entered(self, request: str, now_ms: int) -> list[AnyEvent]:
        """The staff member is in the room (else, 30 s after accepting, the request waits again, first)."""

    async def requeue(self, request: str, now_ms: int) -> list[AnyEvent]:
        """An accepted request whose owner was lost waits again: original time, first; the lost owner is excluded."""

    async def complete(self, request: str, now_ms: int) -> list[AnyEvent]:
        """The session ended: the request is over and its staff member goes to wrap-up (away by itself after 120 s)."""

    async def release(self, request: str, now_ms: int) -> list[AnyEvent]:
        """Like `complete`, without a wrap-up (catching up broken off, hand-over of a professional's help request)."""

    async def transfer_owner(self, request: str, staff: str, now_ms: int) -> list[AnyEvent]:
        """Hand-over: `staff` (busy already through a help request) now holds the accepted `request`; its former holder
        goes to wrap-up. Before the help request is released, else its holder is free for a moment and rings."""

    async def wrapped_up(self, staff: str, now_ms: int, *, available: bool = True) -> list[AnyEvent]: ...
    async def unserved(self, request: str, now_ms: int, reason: str = "") -> list[AnyEvent]:
        """Give up a waiting request (nobody eligible; a message was left)."""

    async def sweep(self, now_ms: int) -> list[AnyEvent]:
        """End what has expired: reservations (20 s), suspensions (60 s), never-entered (30 s), leases (30 s), wrap-up (120 s)."""

    async def next_deadline_ms(self) -> int | None:
        """When the next sweep has something to do."""

    async def restore(self, requests: list[RequestStatus], now_ms: int) -> list[AnyEvent]:
        """Load again what was open before a restart, at its original times; called before anybody signs in.

        `waiting` and `reserved` come back waiting, `suspended` suspended (60 s anew), `accepted` accepted with `staff` as
        their holder, who is `lost` until they sign in (30 s, then signed out with the reason "lease"). Final and already
        known requests are skipped."""

    async def remember(self, fence: int) -> None:
        """`fence`: the last one known of an earlier life. Fences go on above it; a store in Redis whose memory turns out to be
        empty at its first step holds (see `end_hold`), since somebody had put something there."""

    async def end_hold(self, now_ms: int) -> list[AnyEvent]:
        """All that was open and everybody who is there has been announced again to a store that had lost its memory: people are
        matched from now on, without waiting for a presence lease to pass. Only for one who knows of them all."""

    async def place(self, request: str, now_ms: int) -> Place | None:
        """A waiting (or suspended) request: 1 + those that are served before it by the staff it shares. A reserved one: 1.
        None for all others."""

    async def estimate(
        self, kind: RequestKind, site: str, language: str, category_path: tuple[str, ...], now_ms: int, priority: int = 0
    ) -> Place:
        """The place that such a request would get now."""

    async def request_status(self, request: str) -> RequestStatus | None:
        """None for a request that is unknown or final."""

    async def staff_status(self, staff: str) -> StaffStatus | None: ...
    async def snapshot(self) -> Snapshot: ...
