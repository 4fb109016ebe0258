"""What may happen to a session (events) and what then must be done (effects). Plain values; times are in the machine's calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.messages import Audience, Channel, Media, Mode
from signaling.session.model import Choice, RequestKind

# --- events: from the user and staff -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entered:
    """The user leaves *prepare* and asks for a counselor; ``preferred``: first for the one who served them before."""

    channel: Channel | None = None
    name: str = ""
    preferred: str = ""
    preferred_name: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    participant: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    participant: str


@dataclass(frozen=True, slots=True)
class RightEnded:
    """A member of staff has lost the sign-in they were here by. `returns`: they may sign in again and come back."""

    participant: str
    returns: bool


@dataclass(frozen=True, slots=True)
class MediaChanged:
    participant: str
    media: Media


@dataclass(frozen=True, slots=True)
class ChannelChanged:
    participant: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class UpgradeAnswered:
    """The owner takes the user's wish to talk, or does not."""

    participant: str
    take: bool


@dataclass(frozen=True, slots=True)
class Left:
    participant: str


@dataclass(frozen=True, slots=True)
class Chose:
    participant: str
    choice: Choice


@dataclass(frozen=True, slots=True)
class MessageGiven:
    participant: str


@dataclass(frozen=True, slots=True)
class CallbackAsked:
    """The user wants to be called back ``at`` that time; asked again, at another."""

    participant: str
    at: int
    contact: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CallbackCancelled:
    participant: str


@dataclass(frozen=True, slots=True)
class CallbackMoved:
    """The counselor did not reach the user, and tries again ``at`` that time."""

    participant: str
    at: int


@dataclass(frozen=True, slots=True)
class CallbackMissed:
    """The counselor did not reach the user, and leaves it at that."""

    participant: str


@dataclass(frozen=True, slots=True)
class UserMet:
    """The user who is called back is here themself."""

    participant: str
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class HelpAsked:
    participant: str
    note: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """``staff``: the one who is asked, or "" for whoever serves ``category``; ``name``: of the person or the category."""

    participant: str
    how: Literal["now", "consult"]
    name: str
    staff: str = ""
    category: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class HelpCancelled:
    participant: str


@dataclass(frozen=True, slots=True)
class HelpJoined:
    """``record``: what the professional said to a recording that is under way; None: they were not asked."""

    participant: str
    record: bool | None = None


@dataclass(frozen=True, slots=True)
class ModeChanged:
    participant: str
    mode: Mode
    hear_user: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The owner puts the user on hold, or takes them back."""

    participant: str
    on: bool


@dataclass(frozen=True, slots=True)
class HandedOver:
    participant: str


@dataclass(frozen=True, slots=True)
class Rated:
    participant: str


@dataclass(frozen=True, slots=True)
class NotesTyped:
    """What this member of staff has typed so far; empty once it is saved."""

    participant: str
    notes: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class WrappedUp:
    participant: str


@dataclass(frozen=True, slots=True)
class RecordingAnswered:
    """A participant agrees to being recorded, or does not (any more)."""

    participant: str
    agree: bool


ListenWhy = Literal["stopped", "turned_off", "lost"]


@dataclass(frozen=True, slots=True)
class ListenStarted:
    """An operator listens in, seen by all."""

    staff: str
    name: str


@dataclass(frozen=True, slots=True)
class ListenStopped:
    staff: str
    why: ListenWhy


@dataclass(frozen=True, slots=True)
class EndedBy:
    """From outside: an operator ends it, or its records are erased."""

    reason: Literal["operator", "erased"]


# --- events: from the matcher (a fence older than the newest seen changes nothing) ----------------------------------------


@dataclass(frozen=True, slots=True)
class RingStarted:
    request: str
    reservation: str
    staff: str
    until: int
    fence: int


@dataclass(frozen=True, slots=True)
class RingEnded:
    request: str
    reservation: str
    fence: int
    state: Literal["", "accepted", "declined", "expired", "cancelled", "pending"] = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    request: str
    staff: str
    name: str
    connected: bool
    fence: int


@dataclass(frozen=True, slots=True)
class RequestMoved:
    request: str
    state: Literal["waiting", "suspended", "reserved", "accepted", "completed", "unserved", "cancelled"]
    fence: int


@dataclass(frozen=True, slots=True)
class NobodyEligible:
    """Nobody who could serve the help request is signed in."""

    request: str


# --- events: from workers (an older epoch or a former peer changes nothing) and from time --------------------------------


@dataclass(frozen=True, slots=True)
class PeerOffered:
    """``tab``: the browser tab whose offer it is."""

    participant: str
    peer: str
    tab: str = ""


@dataclass(frozen=True, slots=True)
class PeerChanged:
    participant: str
    peer: str
    epoch: int
    state: Literal["connecting", "live", "lost", "gone", "replaced"]


@dataclass(frozen=True, slots=True)
class PeerReported:
    participant: str
    state: Literal["live", "text_only", "lost"]


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """The worker could not write; it has stopped. ``reason`` as in ``media.api.client.RecordingOver``."""

    epoch: int
    period: int
    reason: str


@dataclass(frozen=True, slots=True)
class RoomLost:
    """The worker of this epoch's room is dead."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed: fires every timer that is due."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The server started again with this session in its records: nobody is connected, the matcher may be empty. ``room_kept``:
    a worker that did not end with the server has the room as it was."""

    room_kept: bool = False


SessionEvent = (
    Entered | Connected | Disconnected | RightEnded | MediaChanged | ChannelChanged | UpgradeAnswered | Left | Chose
    | MessageGiven | CallbackAsked | CallbackCancelled | CallbackMoved | CallbackMissed | UserMet | HelpAsked | TransferAsked
    | HelpCancelled | HelpJoined | ModeChanged | Held | HandedOver | Rated | NotesTyped | WrappedUp | EndedBy
    | RingStarted | RingEnded
    | ListenStarted | ListenStopped
    | Accepted | RequestMoved | NobodyEligible | RecordingAnswered | RecordingFailed | PeerOffered | PeerChanged | PeerReported
    | RoomLost | Ticked | Restored
)  # fmt: skip  # a list of names

# --- effects -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Enqueue:
    request: str
    kind: RequestKind
    category: str
    enqueued_at: int
    excluded: tuple[str, ...] = ()
    only: str = ""
    first: bool = False


StepName = Literal["cancel", "suspend", "resume", "entered", "requeue", "complete", "release", "unserved"]


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the matcher about a request."""

    step: StepName
    request: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """The user's request now belongs to ``staff``."""

    request: str
    staff: str


@dataclass(frozen=True, slots=True)
class Reinstate:
    """After a restart, at its original time: the accepted request that ``staff`` still serves, or without ``staff`` one that
    waits for its user's return; a callback waits without its user."""

    request: str
    kind: RequestKind
    category: str
    enqueued_at: int
    staff: str = ""
    excluded: tuple[str, ...] = ()
    only: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """A system line."""

    text: str
    args: dict[str, str] = field(default_factory=dict)
    audience: Audience = "all"


@dataclass(frozen=True, slots=True)
class Over:
    """This participant has nothing more to do with the session."""

    participant: str
    reason: str


@dataclass(frozen=True, slots=True)
class DropPeer:
    peer: str


@dataclass(frozen=True, slots=True)
class KeepNotes:
    """Of a member of staff who did not save them: the owner's wrap-up, or a note for staff."""

    participant: str
    notes: str
    outcome: str


@dataclass(frozen=True, slots=True)
class EraseRecording:
    """Everything recorded of this session is deleted."""


@dataclass(frozen=True, slots=True)
class Note:
    """For the records: what happened, and why."""

    kind: str
    data: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audit:
    """For the audit: what a member of staff did with this session."""

    actor: str
    action: AuditAction
    detail: str = ""


Effect = Enqueue | Step | Transfer | Reinstate | Say | Over | DropPeer | KeepNotes | EraseRecording | Note | Audit
