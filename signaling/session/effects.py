"""The effects of an event, which the caller of ``receive`` must carry out. All effects are plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.reasons import OverReason
from signaling.protocol.words import Audience
from signaling.session.model import RequestKind


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Enqueue this user's or counselor's request at the matcher, with the enqueue time ``enqueued_at`` (Unix ms).

    ``excluded``: the members of staff to whom the request is not offered. ``only``: the one member of staff to whom the request
    is offered, or "". ``first``: whether the request is offered before all other requests. ``step``: "enqueue": let the request
    wait or ring. "promise": do not let the request ring yet, but keep capacity of the member ``only`` free. "redeem": let the
    promised request ring.
    """

    request: str
    kind: RequestKind
    category: str
    enqueued_at: int
    excluded: tuple[str, ...] = ()
    only: str = ""
    first: bool = False
    step: Literal["enqueue", "promise", "redeem"] = "enqueue"


StepName = Literal[
    "cancel",
    "suspend",
    "resume",
    "entered",
    "requeue",
    "complete",
    "release",
    "unserved",
    "becomes_call",
    "becomes_text",
    "set_aside",
    "take_back",
]


@dataclass(frozen=True, slots=True)
class Step:
    """For the user's or counselor's request with the id ``request``, call the method of the matcher that ``step`` names."""

    step: StepName
    request: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """In the matcher, give the user's accepted request to the member ``staff``."""

    request: str
    staff: str


@dataclass(frozen=True, slots=True)
class Reinstate:
    """Restore a user's or counselor's request that the matcher might have lost, with its original enqueue time.

    If ``staff`` is given, that member has accepted the request and still serves it. If ``staff`` is empty, the request waits, or
    is promised (``promised``). A waiting request is offered only after its user has returned. The request of a callback is
    offered even while its user is not connected.

    ``aside``: the accepted request does not count against the member's capacity, because its user has left the page.
    ``promised``: the request does not wait yet. Until it waits, the matcher keeps capacity of the member ``only`` free for it.
    """

    request: str
    kind: RequestKind
    category: str
    enqueued_at: int
    staff: str = ""
    excluded: tuple[str, ...] = ()
    only: str = ""
    first: bool = False
    aside: bool = False
    promised: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """Store a system line, a chat message that the server itself writes, and show it to its audience."""

    text: str
    args: dict[str, str] = field(default_factory=dict)
    audience: Audience = "all"


@dataclass(frozen=True, slots=True)
class Over:
    """Tell this participant's page that the session is over for this participant."""

    participant: str
    reason: OverReason


@dataclass(frozen=True, slots=True)
class DropPeer:
    """Close this peer connection at the media worker."""

    peer: str


@dataclass(frozen=True, slots=True)
class KeepNotes:
    """Save notes that a member of staff typed and did not save.

    The owner's notes become the notes of the session (the wrap-up). Notes of any other member become a note for staff.
    """

    participant: str
    notes: str
    outcome: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EraseRecording:
    """Delete all recordings of this session."""


@dataclass(frozen=True, slots=True)
class Note:
    """Store an event of the session in the database, with its reason or other details."""

    kind: str
    data: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Audit:
    """Record in the audit log what a member of staff, the user or the server did with this session."""

    actor: str
    action: AuditAction
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EraseCaptions:
    """Delete all captions that were kept with this session."""


Effect = Enqueue | Step | Transfer | Reinstate | Say | Over | DropPeer | KeepNotes | EraseRecording | EraseCaptions | Note | Audit
