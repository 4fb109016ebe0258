"""Every message from a client to the server.

A message is one JSON object in one text frame. ``type`` tells which message it is. A client message can contain an ``id``; the
reply to it (``ok``, ``error``, ``answer``, ``lines``, …) repeats this id. Times are milliseconds since the Unix epoch by the
server's clock. A client compares its own clock with ``welcome.now``. The name of a field with a duration contains the unit.
``docs/protocol.md`` explains which messages follow each other. Messages that staff alone may send are in `staff_messages`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .reading import Reader, by
from .session_views import Span
from .staff_messages import StaffMessage
from .texts import Seen
from .words import (
    Audience,
    BoardData,
    Channel,
    Contact,
    GuestLabel,
    Id,
    Interrupted,
    LineText,
    Locale,
    LongText,
    Message,
    Name,
    OptionalId,
    Original,
    PageData,
    Sdp,
    ShortText,
    Token,
)


class Hello(Message, tag="hello"):
    """The first message of every connection. A user's message has the session token; the server recognises staff by their cookie.

    ``desk``: whether a member of staff serves users on this page. False on the operators' page: nothing rings there.
    ``page``: a tab with the partner's page has opened this connection, only to send that page, so that staff can see it. See
    *co-browsing* in docs/protocol.md.
    With such a connection alone, the user counts as disconnected.
    ``ready``: the last ``StaffMe.ready`` that this page got on an earlier connection. A server that has just started does not
    always know which staff were available. Such a server makes a member available again if the member's page says so.
    """

    tab: Id
    token: Token = ""
    locale: Locale = "en"
    version: int = 1
    desk: bool = True
    page: bool = False
    ready: bool = False


class Ping(Message, tag="ping"):
    """Ask for a ``pong``, to see that the connection is alive."""

    id: int | None = None


class Looking(Message, tag="looking"):
    """Tell whether the person sees the page now. While the page is hidden, the server can notify the person by a push."""

    on: bool
    id: int | None = None


class Enter(Message, tag="enter"):
    """The user asks for a counselor, or enters the conversation with the counselor who calls them back."""

    session: Id
    id: int | None = None
    channel: Channel | None = None
    name: Name = ""
    note: ShortText = ""


class Offer(Message, tag="offer"):
    """The SDP offer of a peer connection. The reply is ``answer``."""

    session: Id
    sdp: Sdp
    id: int | None = None


class GetIce(Message, tag="ice"):
    """Ask for TURN servers before each new peer connection. The reply is ``ice``."""

    session: Id
    id: int | None = None


class PeerReport(Message, tag="peer"):
    """The client reports the state of its peer connection.

    ``text_only``: no media path was found within 5 s. ``lost``: the peer connection has failed.
    """

    session: Id
    state: Literal["live", "text_only", "lost"]
    id: int | None = None


class SetMedia(Message, tag="media"):
    """The client reports which media it sends now, and which devices its operating system has taken away for a while."""

    session: Id
    mic: bool = False
    camera: bool = False
    screen: bool = False
    interrupted: Interrupted = ""
    id: int | None = None


class AddChannel(Message, tag="channel"):
    """Turn a text session into a voice or video session, or a voice session into a video session.

    If the user sends this message in a text conversation with a counselor, the request rings for this counselor, who answers with
    ``upgrade``.
    """

    session: Id
    channel: Channel
    id: int | None = None


class SendLine(Message, tag="line"):
    """Send a chat line. ``line`` is the client's id for the line.

    The client repeats the message until the line's ``ack`` arrives; the server stores the line once.
    ``mentions``: colleagues whom a line for staff names. These colleagues are notified and may read along.
    """

    session: Id
    line: Id
    kind: Literal["text", "picture", "note"] = "text"
    audience: Audience = "all"
    text: LineText = ""
    picture: OptionalId = ""
    reply_to: Annotated[int, Meta(ge=0)] = 0
    mentions: Annotated[list[Id], Meta(max_length=5)] = msgspec.field(default_factory=list)
    id: int | None = None


class EditLine(Message, tag="edit_line"):
    """Change the text of a chat line that this person sent less than five minutes ago. ``seq``: the number of the line.

    A line that is a picture, a file or spoken words cannot be changed.
    """

    session: Id
    seq: int
    text: LineText
    id: int | None = None


class RetractLine(Message, tag="retract_line"):
    """Retract a chat line that this person sent less than five minutes ago. ``seq``: the number of the line."""

    session: Id
    seq: int
    id: int | None = None


class ReportRead(Message, tag="read"):
    """Report which chat lines were received and read. ``delivered``: number of the newest line that this client has.

    ``spans``: lines that a visible page has shown.
    """

    session: Id
    delivered: int = 0
    spans: Annotated[list[Span], Meta(max_length=50)] = msgspec.field(default_factory=list)
    id: int | None = None


class GetLines(Message, tag="lines"):
    """Ask for chat lines. The reply is ``lines``.

    Without ``before``: all lines whose ``rev`` is above ``after``, that is, new and changed lines. With ``before``: the lines
    just before the line number ``before``, as many as one reply may contain; 0 asks for the newest lines.
    """

    session: Id
    after: int = 0
    before: Annotated[int, Meta(ge=0)] | None = None
    id: int | None = None


class Typing(Message, tag="typing"):
    """The user or member of staff at this client has begun or stopped typing."""

    session: Id
    on: bool
    audience: Audience = "all"
    id: int | None = None


class BoardMessage(Message, tag="board"):
    """One message of the board, over the WebSocket because there is no data channel."""

    session: Id
    data: BoardData
    id: int | None = None


class Leave(Message, tag="leave"):
    """A user or the session's owner ends the session, or a professional or a guest leaves the session."""

    session: Id
    id: int | None = None


class Choose(Message, tag="choose"):
    """The user takes one of the choices in ``session.choices``."""

    session: Id
    choice: Literal["wait", "another", "message"]
    id: int | None = None


class LeaveMessage(Message, tag="leave_message"):
    """The user leaves a message and a contact, instead of waiting for a counselor."""

    session: Id
    contact: Annotated[str, by(Seen(200, least=3))]
    text: LongText = ""
    id: int | None = None


class GetCallbackTimes(Message, tag="callback_times"):
    """Ask for possible callback times.

    ``channel``: the channel of an appointment; null: the session's channel. ``timezone``: the client's IANA zone. The times are
    full and half hours in this zone. For a category that never closes, the zone also decides which hours are daytime.
    """

    session: Id
    timezone: Annotated[str, by(Seen(64, cut=True))] = ""
    channel: Channel | None = None
    id: int | None = None


class AskCallback(Message, tag="callback"):
    """Book a callback ``at`` a time within the opening hours, or move a booked callback to another time.

    ``contact`` may be empty if the site can reach the user (``contact_needed`` is false). When a booked callback is moved, an
    empty ``contact`` keeps the earlier contact.
    ``staff`` and ``channel`` are ignored unless the site offers appointments. ``staff``: the member whom the server's
    ``callback_times`` named, or "" for anyone. ``channel``: the channel of the appointment; null: the session's channel.
    ``timezone``: the client's IANA zone; mails give times in this zone.
    """

    session: Id
    at: int
    contact: Contact = ""
    note: ShortText = ""
    staff: OptionalId = ""
    channel: Channel | None = None
    timezone: Annotated[str, by(Seen(64, cut=True))] = ""
    id: int | None = None


class CancelCallback(Message, tag="cancel_callback"):
    """The user cancels their callback or appointment, which nobody has accepted yet."""

    session: Id
    id: int | None = None


class Rate(Message, tag="rate"):
    """The user rates the session."""

    session: Id
    score: Annotated[int, Meta(ge=1, le=5)]
    words: Annotated[str, by(Seen(2000, lines=True))] = ""
    id: int | None = None


class AnswerRecording(Message, tag="recording"):
    """Agree to be recorded, refuse, or withdraw consent. If the user refuses or withdraws consent, the recording is deleted."""

    session: Id
    agree: bool
    id: int | None = None


class SetCaptions(Message, tag="captions"):
    """Turn captions on or off. Captions stay on while another participant wants them.

    ``translate``: the language into which captions are translated for this person; empty for none. If
    ``session.translates`` is false, nothing is translated.
    """

    session: Id
    on: bool
    translate: Locale = ""
    id: int | None = None


class TranslateLine(Message, tag="translate"):
    """Translate a chat line for this person. The reply is ``ok``; the message ``translated`` follows later."""

    session: Id
    seq: Annotated[int, Meta(ge=1)]
    language: Locale
    id: int | None = None


class KeepCaptions(Message, tag="keep_captions"):
    """Agree that the captions are kept with the conversation, refuse, or withdraw consent."""

    session: Id
    agree: bool
    id: int | None = None


class ContinueElsewhere(Message, tag="continue_elsewhere"):
    """Ask for a link by which the user continues the session on another device. The reply is ``elsewhere``."""

    session: Id
    id: int | None = None


class InviteGuest(Message, tag="invite_guest"):
    """Ask for a link by which one guest may enter. The reply is ``guest_link``.

    ``label`` "camera": the user's own phone, which only shows a second picture.
    """

    session: Id
    label: GuestLabel
    id: int | None = None


class RemoveGuest(Message, tag="remove_guest"):
    """Remove a guest, or withdraw the invitation of a guest who has not entered yet."""

    session: Id
    guest: Id
    id: int | None = None


class EnterAsGuest(Message, tag="enter_guest"):
    """A guest enters the conversation.

    ``record``: whether the guest agrees to a recording that is under way. Null: the guest has not been asked.
    """

    session: Id
    name: Name = ""
    record: bool | None = None
    id: int | None = None


class SetInterpreter(Message, tag="interpret"):
    """Set how one ``side``, the user's or the staff's, hears the voices of the other side while a guest interprets.

    When both sides are set to "full", the interpreting ends.
    """

    session: Id
    guest: Id
    side: Literal["user", "staff"]
    original: Original
    id: int | None = None


class SetCobrowse(Message, tag="cobrowse"):
    """The session's owner asks to see the user's page (``on``), or stops seeing the page.

    The user agrees (``on``), refuses, or stops showing the page.
    """

    session: Id
    on: bool
    id: int | None = None


class SendPage(Message, tag="page"):
    """One part of the partner's page for co-browsing, over a connection whose ``hello`` had ``page``.

    A batch is a list of the page's changes (rrweb events) as JSON, compressed with deflate-raw. ``data``: base64 of one piece of
    a batch. ``more``: the next message continues the batch. ``first``: the batch begins with a snapshot of the whole page.
    """

    session: Id
    data: PageData
    first: bool = False
    more: bool = False


ClientMessage = (
    Hello | Ping | Looking | Enter | GetIce | Offer | PeerReport | SetMedia | AddChannel | SendLine | EditLine
    | RetractLine | ReportRead | GetLines | Typing | BoardMessage
    | Leave | Choose | LeaveMessage | GetCallbackTimes | AskCallback | CancelCallback | ContinueElsewhere | Rate | AnswerRecording
    | SetCaptions | KeepCaptions | TranslateLine | InviteGuest | RemoveGuest | EnterAsGuest | SetInterpreter | SetCobrowse
    | SendPage | StaffMessage
)  # fmt: skip

decode_client: Reader[ClientMessage] = Reader(ClientMessage)
