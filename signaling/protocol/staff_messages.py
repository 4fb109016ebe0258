"""Messages to the server that staff alone may send."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from .reading import by
from .texts import Seen
from .words import Id, ListenAs, LongText, Message, Mode, OptionalId, ShortText, WebAddress

Tags = Annotated[list[Id], Meta(max_length=20)]  # ids of tags that the site defines


class SetState(Message, tag="state"):
    """A member of staff becomes available or away."""

    state: Literal["available", "away"]
    id: int | None = None


class SetTextsInCall(Message, tag="texts_in_call"):
    """A member of staff chooses whether requests for text sessions are offered to this member during this member's calls."""

    on: bool
    id: int | None = None


class Accept(Message, tag="accept"):
    """A member of staff accepts the ringing request of a user or a colleague."""

    reservation: Id
    id: int | None = None


class Decline(Message, tag="decline"):
    """A member of staff declines the ringing request of a user or a colleague."""

    reservation: Id
    reason: Annotated[str, by(Seen(200))] = ""
    id: int | None = None


class MoveCallback(Message, tag="move_callback"):
    """The counselor did not reach the user, and moves the callback to the time ``at``."""

    session: Id
    at: int
    id: int | None = None


class MissCallback(Message, tag="miss_callback"):
    """The counselor did not reach the user and gives up the callback. The counselor then writes notes (the wrap-up)."""

    session: Id
    id: int | None = None


class GetInvite(Message, tag="invite"):
    """The counselor who calls back asks for a new link that brings the user into the session. The reply is ``invite``."""

    session: Id
    id: int | None = None


class AskHelp(Message, tag="help"):
    """The session's owner (its counselor) asks for a professional. ``category``: empty for the session's own category."""

    session: Id
    note: ShortText = ""
    category: OptionalId = ""
    id: int | None = None


class AskTransfer(Message, tag="transfer"):
    """The session's owner transfers the user to a person (``staff``) or to anyone who serves a ``category``.

    ``how``: at once ("now") or after a consultation. If nobody comes, the user stays with the owner.
    """

    session: Id
    how: Literal["now", "consult"]
    staff: OptionalId = ""
    category: OptionalId = ""
    note: ShortText = ""
    id: int | None = None


class GetColleagues(Message, tag="colleagues"):
    """Ask to which colleagues this session can be transferred, or which colleagues can be mentioned in a chat line for staff.

    The reply is ``colleagues``.
    """

    session: Id
    purpose: Literal["transfer", "mention"] = "transfer"
    id: int | None = None


class CancelHelp(Message, tag="cancel_help"):
    """The session's owner withdraws a help request or a transfer."""

    session: Id
    id: int | None = None


class Join(Message, tag="join"):
    """The professional has read the conversation so far, and joins the call as the third person.

    ``record``: whether the professional agrees to be recorded. The field is required while ``recording.state`` is ``on``.
    """

    session: Id
    record: bool | None = None
    id: int | None = None


class SetMode(Message, tag="mode"):
    """The session's owner, or the professional who has joined, chooses who hears whom."""

    session: Id
    mode: Mode
    hear_user: bool = False
    id: int | None = None


class AnswerUpgrade(Message, tag="upgrade"):
    """The session's owner accepts (``take``) or declines the user's request for voice or video."""

    session: Id
    take: bool
    id: int | None = None


class PutToSleep(Message, tag="sleep"):
    """The session's owner (its counselor) puts a text conversation to sleep.

    The conversation counts against no capacity until its user writes again.
    """

    session: Id
    id: int | None = None


class Hold(Message, tag="hold"):
    """The session's owner (its counselor) puts the user on hold, or ends the hold."""

    session: Id
    on: bool
    id: int | None = None


class HandOver(Message, tag="hand_over"):
    """The session's owner makes the professional or the colleague the new owner, and leaves.

    This is possible while everybody hears everybody (a conference), and in a transfer with a consultation.
    """

    session: Id
    id: int | None = None


class TypeNotes(Message, tag="notes"):
    """All notes that the member of staff has typed until now.

    The server keeps them with the session and saves them when the session closes.
    """

    session: Id
    notes: LongText = ""
    outcome: Annotated[str, by(Seen(60))] = ""
    tags: Tags = field(default_factory=list)
    id: int | None = None


class WrapUp(Message, tag="wrap_up"):
    """Save the notes, the outcome and the tags, and end the wrap-up."""

    session: Id
    notes: LongText = ""
    outcome: Annotated[str, by(Seen(60))] = ""
    tags: Tags = field(default_factory=list)
    id: int | None = None


class MessageTake(Message, tag="message_take"):
    """A member of staff takes a message that a user left."""

    message: Id
    id: int | None = None


class MessageAnswer(Message, tag="message_answer"):
    """A member of staff answers a message that a user left.

    The server mails a link to the contact that the user gave with the message. The link leads to the answer.
    """

    message: Id
    text: LongText
    id: int | None = None


class MessageDone(Message, tag="message_done"):
    """A member of staff marks a user's message as dealt with."""

    message: Id
    id: int | None = None


class Watch(Message, tag="watch"):
    """An operator asks for ``wallboard``, now and at each change.

    With ``session``, the server also sends ``call_quality`` of that session every 2 s. A later ``watch`` replaces an earlier one.
    """

    session: Id | None = None
    id: int | None = None


class EndSession(Message, tag="end_session"):
    """An operator ends a session."""

    session: Id
    id: int | None = None


class Listen(Message, tag="listen"):
    """An operator begins or stops listening in. Everybody in the call is told at once."""

    session: Id
    on: bool
    id: int | None = None


class SetListening(Message, tag="listen_as"):
    """Change how a listening operator takes part: the operator whispers to the counselor, joins the call, or only listens again.

    The operator's page also sends this message to turn the microphone on or off, and to change the answer about recording.
    ``record``: whether an operator who joins may be recorded; needed if the call may be recorded.
    """

    session: Id
    how: ListenAs
    mic: bool = False
    record: bool | None = None
    id: int | None = None


class ReadAlong(Message, tag="read_along"):
    """A colleague who was mentioned in a session begins or stops reading along. The staff of the session are told."""

    session: Id
    on: bool
    id: int | None = None


class SignOutStaff(Message, tag="sign_out_staff"):
    """An operator signs a member of staff out."""

    staff: Id
    id: int | None = None


class WatchPage(Message, tag="watch_page"):
    """Begin or stop seeing the user's page. The user is told who sees the page."""

    session: Id
    on: bool
    id: int | None = None


class Spot(Struct, kw_only=True, forbid_unknown_fields=True):
    """A point on the user's page, relative to an element's box.

    ``x``: in ten-thousandths of the box's width. ``y``: in ten-thousandths of the box's height. The point can lie outside of the
    box.
    """

    x: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    y: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]


class PointPage(Message, tag="point_page"):
    """Show something on the user's page.

    ``node``: number of an element in the snapshot. ``kind``: a pointer at one spot, a frame around the element, or a drawn line.
    """

    session: Id
    kind: Literal["pointer", "frame", "line"]
    node: Annotated[int, Meta(ge=1, le=2**31)]
    spots: Annotated[list[Spot], Meta(max_length=64)] = field(default_factory=list)
    id: int | None = None


class ProposeLink(Message, tag="propose_link"):
    """Propose a page of the same site to the user, who decides whether to open it."""

    session: Id
    url: WebAddress
    id: int | None = None


StaffMessage = (
    SetState | SetTextsInCall | Accept | Decline | MoveCallback | MissCallback | GetInvite | AskHelp | AskTransfer
    | GetColleagues | CancelHelp | Join | SetMode | AnswerUpgrade | PutToSleep | Hold | HandOver | TypeNotes | WrapUp
    | MessageTake | MessageAnswer | MessageDone | Watch | EndSession | Listen | SetListening | ReadAlong | SignOutStaff
    | WatchPage | PointPage | ProposeLink
)  # fmt: skip
