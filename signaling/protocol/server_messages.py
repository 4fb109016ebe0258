"""Every message from the server to a client. `client_messages` describes what all messages have in common."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from .reasons import ByeReason, ErrorReason, OverReason, PeerEndReason
from .session_views import Brief, Line, Mark, SessionView, WaitingView
from .staff_messages import Spot
from .staff_views import MessageLeft, PersonQuality, QueueItem, SessionItem, StaffItem, StaffMe, ThresholdItem, WorkerItem
from .words import Channel, Message


class UserMe(Struct, kw_only=True):
    """The user, or the guest, of this connection."""

    id: str
    name: str


class Welcome(Message, tag="welcome"):
    """The reply to ``hello``. A ``session`` message for each live session of this client follows."""

    now: int
    user: UserMe | None = None
    staff: StaffMe | None = None
    resumed: bool = False


class Ok(Message, tag="ok"):
    """The message with this ``id`` was carried out."""

    id: int


class Pong(Message, tag="pong"):
    """The reply to ``ping``."""

    now: int
    id: int | None = None


class Error(Message, tag="error"):
    """A message was refused. ``reason`` is a key for programs, ``message`` a sentence for people."""

    reason: ErrorReason
    message: str = ""
    id: int | None = None
    session: str = ""


class SessionUpdate(Message, tag="session"):
    """The session as it is now, for this client."""

    session: SessionView


class WaitingUpdate(Message, tag="waiting"):
    """Tells the user in the queue the new ``session.waiting``. Nothing else in the session has changed."""

    session: str
    waiting: WaitingView


class SessionOver(Message, tag="session_over"):
    """The session is over for this client. ``reason``: why, for example because the client left or saved the wrap-up."""

    session: str
    reason: OverReason


class IceServer(Struct, kw_only=True):
    """One server for ``RTCConfiguration.iceServers``. The credentials are for this session and expire after two hours."""

    urls: list[str]
    username: str
    credential: str


class Ice(Message, tag="ice"):
    """TURN servers for clients whose network blocks UDP; empty if none is configured."""

    session: str
    servers: list[IceServer] = []
    id: int | None = None


class Answer(Message, tag="answer"):
    """The reply to ``offer``. ``epoch``: how often the session's room has been opened."""

    session: str
    sdp: str
    peer: str
    epoch: int
    id: int | None = None


class PeerEnded(Message, tag="peer_ended"):
    """The media worker has ended this client's peer connection. ``reason`` is a key for programs, ``message`` a sentence."""

    session: str
    peer: str
    reason: PeerEndReason
    message: str


class LineAck(Message, tag="ack"):
    """The chat line with the client's id ``line`` is stored under the number ``seq``."""

    session: str
    line: str
    seq: int
    at: int


class NewLine(Message, tag="line"):
    """A new chat line of the session."""

    session: str
    line: Line


class LineChanged(Message, tag="line_changed"):
    """A chat line was edited or retracted. ``line``: the line after the change."""

    session: str
    line: Line


class LineMarks(Message, tag="line_marks"):
    """The chat lines that the other participants have received and read. At each change, the server sends all ``marks`` again."""

    session: str
    marks: list[Mark]


class Lines(Message, tag="lines"):
    """The reply to ``lines``: chat lines of the session.

    ``before``: as in the client's message. In a reply to a message without ``before``, the lines are in the order of ``rev``, and
    ``more`` means that newer changes follow. In a reply to a message with ``before``, the lines are in the order of ``seq``, and
    ``more`` means that there are earlier lines. ``rev``: number of the session's newest change.
    """

    session: str
    lines: list[Line]
    more: bool = False
    before: int | None = None
    rev: int = 0
    id: int | None = None


class Colleagues(Message, tag="colleagues"):
    """The reply to ``colleagues``: the members of staff to whom the session can be transferred, or who can be mentioned."""

    session: str
    people: list[StaffItem]
    id: int | None = None


class MentionOut(Message, tag="mentioned"):
    """A colleague (``by``) has mentioned this member of staff in a session. ``user``: the name of the session's user.

    Sent at once, and again whenever the member connects, until the member has opened the session to read it. The message does
    not say what was written.
    """

    session: str
    seq: int
    at: int
    by: str
    user: str
    site: str
    category: str


class ReadingAlong(Message, tag="reading_along"):
    """This client no longer reads along. ``replaced``: another tab of the same member reads along instead."""

    session: str
    reason: Literal["ended", "turned_off", "replaced"]


class CallbackTimes(Message, tag="callback_times"):
    """The reply to ``callback_times``.

    ``minutes``: length of an appointment; 0 if the site gives callbacks only. ``staff``: a member of staff whom the user knows;
    "" if there is none. ``staff_times``: the times in ``times`` at which this member is free.
    """

    session: str
    times: list[int]
    minutes: int = 0
    staff: str = ""
    staff_name: str = ""
    staff_times: list[int] = []
    id: int | None = None


class Invite(Message, tag="invite"):
    """The reply to ``invite``. ``url`` works once, until ``expires_at``, and only while this counselor calls the user back."""

    session: str
    url: str
    expires_at: int
    id: int | None = None


class GuestLink(Message, tag="guest_link"):
    """The reply to ``invite_guest``. ``url`` works once, until ``expires_at``. ``guest``: the id that the guest will have.

    ``qr``: the link as a QR code (SVG).
    """

    session: str
    guest: str
    url: str
    qr: str
    expires_at: int
    id: int | None = None


class Elsewhere(Message, tag="elsewhere"):
    """The reply to ``continue_elsewhere``. ``url`` works once, until ``expires_at``. ``qr``: the link as a QR code (SVG)."""

    session: str
    url: str
    qr: str
    expires_at: int
    id: int | None = None


class TypingNow(Message, tag="typing"):
    """A participant has begun or stopped typing."""

    session: str
    participant: str
    on: bool


class Speaking(Message, tag="speaking"):
    """The participants who speak now."""

    session: str
    participants: list[str]


class Caption(Message, tag="caption"):
    """Words that a participant has just said, for the people who could hear the participant.

    A later caption with the same ``utterance`` replaces an earlier one. ``final``: this is the utterance's last caption.
    ``lost``: some words of this participant were not written down; ``text`` is then empty. ``translation``: the text in the
    language ``translated_to``.
    """

    session: str
    participant: str
    utterance: int
    text: str
    language: str = ""
    confidence: float = 0.0
    final: bool = False
    lost: bool = False
    translation: str = ""
    translated_to: str = ""


class Translated(Message, tag="translated"):
    """The machine translation of a chat line. ``failed``: the service could not translate the line; ask again later.

    ``rev``: the version of the line that was translated. ``source``: the language of the original, if the service has reported
    it.
    """

    session: str
    seq: int
    rev: int
    language: str
    text: str = ""
    source: str = ""
    failed: bool = False


class BoardOut(Message, tag="board"):
    """One message of the board, for a client without a data channel."""

    session: str
    data: str


class PageState(Message, tag="page_state"):
    """Tells the browser tab with the user's page whether staff may see the page, and who sees it now.

    The page is captured only while ``on`` is true and ``seen_by`` names somebody. ``texts``: which texts the tab may send.
    ``by``: the counselor who asked. ``recorded``: together with the recording, the server stores what staff see of the page.
    """

    session: str
    on: bool
    texts: Literal["strict", "open"] = "strict"
    by: str = ""
    seen_by: list[str] = []
    recorded: bool = False
    origins: list[str] = []  # origins of the site's pages; staff can propose only links to these origins


class PageAgain(Message, tag="page_again"):
    """Asks the browser tab with the user's page to send nothing for ``after_ms``, and then a new snapshot of the page."""

    session: str
    after_ms: int = 0


class PageOut(Message, tag="page"):
    """One part of the user's page, for staff who see it. The fields are those of the client's message ``page``."""

    session: str
    data: str
    first: bool = False
    more: bool = False


class Pointed(Message, tag="pointed"):
    """A member of staff points at something on the user's page. Sent to the browser tab with this page."""

    session: str
    name: str
    kind: Literal["pointer", "frame", "line"]
    node: int
    spots: list[Spot] = []


class LinkProposed(Message, tag="link_proposed"):
    """A member of staff proposes another page of the same site. Sent to the browser tab with the user's page."""

    session: str
    name: str
    url: str


class Replaced(Message, tag="replaced"):
    """A newer tab of the same person has taken over this session."""

    session: str


class Ring(Message, tag="ring"):
    """A request of a user or of a colleague is offered to this member of staff, whose page rings.

    The ring of a help request has no ``brief`` (the facts about the visit), but ``product``, the product's name. The professional
    sees the brief after accepting. ``from_name``: name of the user, or of the session's owner who asks for help or a transfer.
    ``with_name``: name of the member of staff who has the appointment, or "".
    """

    reservation: str
    kind: Literal["user", "help", "transfer", "callback"]
    session: str
    expires_at: int
    waiting_since: int
    site: str
    category: str
    language: str
    channel: Channel
    brief: Brief | None = None
    note: str = ""
    product: str = ""
    from_name: str = ""
    with_name: str = ""


class RingOver(Message, tag="ring_over"):
    """The request of a user or a colleague no longer rings for this member of staff."""

    reservation: str
    reason: Literal["accepted", "accepted_elsewhere", "declined", "expired", "cancelled"]


class StaffUpdate(Message, tag="staff"):
    """The state of this member of staff has changed."""

    me: StaffMe


class Queue(Message, tag="queue"):
    """The requests of users and colleagues that this member of staff could serve.

    ``waiting``: the requests that have waited longest; ``more``: the number of waiting requests beyond these.
    ``callbacks``: callbacks and appointments whose time has not come; their ``since`` is when they are due.
    ``messages``: messages that users left.
    """

    waiting: list[QueueItem] = []
    more: int = 0
    callbacks: list[QueueItem] = []
    messages: list[MessageLeft] = []


class Wallboard(Message, tag="wallboard"):
    """An operator's overview of the sites that this operator may watch.

    ``workers``: the media workers; empty unless this operator may see the whole installation.
    ``left_today``: how many users gave up waiting today.
    """

    now: int
    waiting: list[QueueItem] = []
    more: int = 0  # number of waiting requests that ``waiting`` leaves out
    callbacks: list[QueueItem] = []
    sessions: list[SessionItem] = []
    staff: list[StaffItem] = []
    workers: list[WorkerItem] = []
    served_today: int = 0
    left_today: int = 0
    # of all users who were answered or gave up today, the percentage answered within 20 s
    service_level_percent: float | None = None
    rating_today: float | None = None
    thresholds: list[ThresholdItem] = []


class Trend(Message, tag="trend"):
    """The wallboard's figures over the last two hours, as points of a curve.

    There is one point every ``every_ms``, the oldest first; the last point is at ``ends_at``.
    ``left``: users who gave up since the previous point.
    ``level``: the service level of the half hour before the point, in percent; null when nobody was answered and nobody gave up
    in this half hour.
    """

    ends_at: int
    every_ms: int
    waiting: list[int] = []
    longest_s: list[int] = []
    left: list[int] = []
    level: list[float | None] = []


class CallQuality(Message, tag="call_quality"):
    """The quality of each participant's connection, for an operator who watches this session."""

    session: str
    people: list[PersonQuality] = []


class Bye(Message, tag="bye"):
    """The server closes this connection.

    ``reason``: ``token`` means that the token is unknown or has expired. ``crowded`` means that too many clients reconnect at the
    same time.
    ``retry_ms``: the least time to wait before reconnecting. Null: the client chooses the time by its own backoff.
    """

    reason: ByeReason
    retry_ms: int | None = None


ServerMessage = (
    Welcome | Ok | Pong | Error | SessionUpdate | WaitingUpdate | SessionOver | Ice | Answer | PeerEnded | LineAck
    | NewLine | LineChanged | LineMarks | Lines | Colleagues | MentionOut | ReadingAlong | CallbackTimes | Invite
    | GuestLink | Elsewhere | TypingNow | Speaking | Caption | Translated | BoardOut | PageState | PageAgain | PageOut
    | Pointed | LinkProposed | Replaced | Ring | RingOver | StaffUpdate | Queue | Wallboard | Trend | CallQuality | Bye
)  # fmt: skip

encode = msgspec.json.Encoder().encode
