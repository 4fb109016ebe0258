"""Every WebSocket message, declared once.

A message is one JSON object in one text frame. ``type`` tells which message it is. A client message may carry ``id``; its
reply (``ok``, ``error``, ``answer``, ``lines``, …) repeats that id. Times are milliseconds since the Unix epoch by the
server's clock; ``welcome.now`` lets a client correct its own. The name of a duration carries its unit.
``docs/protocol.md`` explains the exchanges.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from .reading import Reader, by
from .texts import Exact, Seen

Role = Literal["user", "counselor", "professional", "operator"]
Channel = Literal["text", "voice", "video"]
Audience = Literal["all", "staff"]
Mode = Literal["consultation", "whisper", "conference"]
Grade = Literal["good", "fair", "poor"]  # of a connection
SessionState = Literal["preparing", "waiting", "callback", "active", "after", "message_left", "closed"]
CallbackState = Literal["scheduled", "due", "calling", "done", "missed", "cancelled"]
HelpState = Literal["asking", "catching_up", "joined", "nobody", "cancelled", "handed_over", "ended"]
StaffState = Literal["away", "available", "reserved", "busy", "wrap_up", "lost", "signed_out"]
TransferHow = Literal["", "now", "consult"]
NobodyWhy = Literal["", "declined", "expired", "nobody"]
PictureLimit = Literal["low", "paused"]
Provenance = Literal["signed", "claimed", "typed"]

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+\Z")]
OptionalId = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_.:-]*\Z")]
Token = Annotated[str, by(Exact(200))]
Name = Annotated[str, by(Seen(60))]
Locale = Annotated[str, by(Seen(35, cut=True))]  # a language tag (RFC 5646, 4.4.1); an invalid tag counts as unknown
ShortText = Annotated[str, by(Seen(500, lines=True))]
LineText = Annotated[str, by(Seen(4000, lines=True))]
Contact = Annotated[str, by(Seen(200))]
Sdp = Annotated[str, Meta(min_length=1), by(Exact(65_536))]
BoardData = Annotated[str, by(Exact(400_000))]  # base64 of one whole board message (see docs/protocol.md, Board)


class Message(Struct, tag_field="type", kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The base of every message. Unknown fields are refused."""


# --- what is shown -----------------------------------------------------------------------------------------------------


class Media(Struct, kw_only=True):
    """The media that a participant sends now."""

    mic: bool = False
    camera: bool = False
    screen: bool = False


class BriefField(Struct, kw_only=True):
    """One fact about the visit.

    ``name`` is one of page_url, page_title, language, category, user_id, user_name, user_contact, product_id,
    product_name, product_price, product_url, product_picture (a picture id), note, or a ``claim.*`` that the partner defines.
    """

    name: str
    value: str
    provenance: Provenance


class TrailStep(Struct, kw_only=True):
    """One step of the user on the site: a page that they visited, or a click on a marked element.

    ``dwell_s`` is known for pages only.
    """

    kind: Literal["page", "mark"]
    label: str
    at: int
    url: str = ""
    dwell_s: int = 0


class Brief(Struct, kw_only=True):
    """The basic counselling information."""

    fields: list[BriefField] = []
    trail: list[TrailStep] = []
    earlier_sessions: list[EarlierSession] = []


class EarlierSession(Struct, kw_only=True):
    """An earlier session of the same user."""

    id: str
    started_at: int
    category: str
    counselor: str
    wrap_up: str = ""


class SiteView(Struct, kw_only=True):
    """The partner's site, as the pages show it."""

    id: str
    name: str  # in the session's language
    accent: str = ""  # #rrggbb, already checked for contrast
    privacy_url: str = ""
    home_url: str = ""


class CategoryView(Struct, kw_only=True):
    """A category of the site."""

    id: str
    name: str


class ParticipantView(Struct, kw_only=True):
    """A person in the session. An ``operator`` listens in: they hear the others, and nobody hears them.

    ``presence``: here; lost (disconnected); reading (a professional who is catching up, unheard); gone.
    ``peer``: the state of their connection to the media worker; "lost" means that it failed.
    """

    id: str
    name: str
    role: Role
    presence: Literal["here", "lost", "reading", "gone"] = "here"
    peer: Literal["none", "connecting", "live", "text_only", "lost"] = "none"
    media: Media = msgspec.field(default_factory=Media)
    owner: bool = False


class SlotView(Struct, kw_only=True):
    """The source of one receiving video section of the browser's offer."""

    participant: str
    kind: Literal["camera", "screen"]


class RoomView(Struct, kw_only=True):
    """The room of a session as one viewer may see it.

    ``epoch``: counts how often the room was opened. A client whose peer connection has an older epoch makes a new one.
    ``slots``: slot ("0" to "3") → the video that arrives in it for this viewer.
    ``hears``: listener → sources, for live peers, whether muted or not. A user receives only the pairs that they are part of.
    ``notice``: what the page must tell a user.
    ``limits``: slot → how this viewer's own link limits its video: a smaller picture ("low"), or none for now ("paused").
    """

    epoch: int
    media: bool  # false: the session has text and board only, so clients make no peer connection
    slots: dict[str, SlotView] = {}
    hears: dict[str, list[str]] = {}
    board: Literal["write", "read"] = "write"
    notice: Literal["", "asking_professional", "asking_colleague", "passing_on", "on_hold"] = ""
    held: bool = False  # the counselor has put the user on hold
    passing_to: str = ""  # the person or the category to which the counselor transfers the user
    limits: dict[str, PictureLimit] = {}


class UpgradeView(Struct, kw_only=True):
    """The user's request to turn a text session into a voice or video session. It rings for the owner until ``until`` (ms)."""

    channel: Channel
    state: Literal["ringing", "declined", "missed"]
    until: int


class WaitingView(Struct, kw_only=True):
    """The user's place in the queue and the expected wait (``low_s`` to ``high_s``, null before five pickups)."""

    place: int  # 1 is next
    low_s: int | None = None
    high_s: int | None = None
    staffed: bool = True  # at least one member of staff who could serve this request is signed in
    ringing: bool = False
    since: int = 0
    asking_for: str = ""  # name of the user's last counselor while the request is offered to that counselor first


class CallbackView(Struct, kw_only=True):
    """An appointment to call the user back.

    ``contact``: where the user is called; "" when the partner knows how to reach them.
    ``came``: the called-back user has connected.
    ``moved``: how often the counselor has moved the appointment.
    """

    state: CallbackState
    due_at: int
    contact: str = ""
    note: str = ""
    came: bool = False
    moved: int = 0


class HelpView(Struct, kw_only=True):
    """A help request or a transfer, as staff see it."""

    state: HelpState
    note: str = ""
    category: str = ""
    mode: Mode | None = None
    hear_user: bool = False  # in consultation: whether counselor and professional hear the user
    professional: str = ""  # participant id, once one has accepted
    asked: int = 0  # professionals rung so far
    ringing_until: int | None = None
    catch_up_until: int | None = None
    asked_at: int = 0
    transfer: TransferHow = ""  # for a transfer: whether the colleague takes over at once or after a consultation
    to_name: str = ""  # name of the person or category that is asked
    why: NobodyWhy = ""  # why ``nobody`` came, if one person was asked by name


class RecordingView(Struct, kw_only=True):
    """The state of the call's recording.

    ``asking``: some participants have not answered yet (``waiting_for``).
    ``on``: the call is being recorded now.
    ``off``: a participant refuses (``refused_by``), recording has ``failed``, or the call is over.
    ``you``: this viewer's own answer. ``kept``: a recorded part exists.
    """

    state: Literal["asking", "on", "off"]
    you: Literal["", "yes", "no"] = ""
    waiting_for: list[str] = []  # participant ids
    refused_by: list[str] = []
    failed: str = ""  # disk_full, write_failed, too_slow, worker_lost, not_configured
    kept: bool = False


class OpeningView(Struct, kw_only=True):
    """The opening hours of the category at this moment.

    ``opens_at``: when it opens next; null while it is open or when the next opening is not known.
    ``callbacks``: users may ask to be called back.
    """

    open: bool = True
    opens_at: int | None = None
    callbacks: bool = True


class SessionView(Struct, kw_only=True):
    """A session as one viewer may see it. The server sends all of it at each change.

    For users, ``brief`` and ``help`` are null and ``categories`` is empty.
    """

    id: str
    site: SiteView
    category: CategoryView
    language: str
    channel: Channel
    state: SessionState
    you: str  # the viewer's participant id
    contact_needed: bool = False  # user only: the site cannot reach them, so a callback needs a contact
    participants: list[ParticipantView] = []
    product_picture: str = ""  # picture id; the board offers this picture first
    room: RoomView | None = None
    recording: RecordingView | None = None  # null if the site does not record
    may_listen: bool = False  # an operator may listen in; the page says so before the user enters
    may_record: bool = False  # participants will be asked for consent to recording; the page says so before the user enters
    waiting: WaitingView | None = None
    opening: OpeningView | None = None  # user only, until a counselor has come
    callback: CallbackView | None = None
    upgrade: UpgradeView | None = None
    owner_lost: bool = False
    choices: list[Literal["wait", "another", "message"]] = []  # user only, when the owner is disconnected or nobody is there
    deadline: int | None = None  # when the session ends or moves on, unless the disconnected person returns
    lost: str = ""  # participant id of the person for whom the deadline waits
    end_reason: str = ""  # left, hung_up, user_lost, owner_lost, idle, operator, unserved, erased, callback_*
    brief: Brief | None = None
    help: HelpView | None = None
    notes: str = ""  # staff only: the viewer's own notes, as typed so far
    rated: bool = False
    wrap_up_until: int | None = None
    categories: list[CategoryView] = []  # staff only: categories of the site for which help may be asked
    started_at: int = 0
    active_at: int | None = None
    ended_at: int | None = None


class Line(Struct, kw_only=True):
    """One chat message of the session's record.

    ``kind``: text; picture (``picture`` is its id); note (of staff, for staff); system. The ``text`` of a system line is a key
    such as ``joined``, ``left``, ``mode.whisper``, ``help.asked`` or ``recording``, and ``args`` has the values for it.
    """

    seq: int
    id: str
    author: str  # participant id; "" for system lines
    name: str
    role: Role | Literal["system"]
    kind: Literal["text", "picture", "note", "system"]
    audience: Audience
    at: int
    text: str = ""
    picture: str = ""
    args: dict[str, str] = {}


class StaffMe(Struct, kw_only=True):
    """The signed-in member of staff, as their own console shows it."""

    id: str
    name: str
    role: Role
    state: StaffState
    languages: list[str] = []
    categories: list[str] = []
    why_away: str = ""  # "missed" after an expired ring
    until: int | None = None  # when wrap-up times out


class UserMe(Struct, kw_only=True):
    """The user of this connection."""

    id: str
    name: str


class QueueItem(Struct, kw_only=True):
    """A waiting request, or an appointment to call back."""

    session: str
    category: str
    language: str
    channel: Channel
    since: int
    kind: Literal["user", "help", "transfer", "callback"] = "user"
    ringing: bool = False


class StaffItem(Struct, kw_only=True):
    """A member of staff in a list. ``sessions``: how many they have now; ``since``: when they entered ``state``."""

    id: str
    name: str
    role: Role
    state: StaffState
    sessions: int = 0
    since: int = 0
    languages: list[str] = []


class MessageLeft(Struct, kw_only=True):
    """A message that a user left because no counselor was there."""

    id: str
    session: str
    site: str
    category: str
    language: str
    contact: str
    text: str
    at: int
    state: Literal["new", "taken", "done"]
    taken_by: str = ""


class WorkerItem(Struct, kw_only=True):
    """A media worker. ``load``: the share of one core that it uses; null until it has been measured twice."""

    id: str
    rooms: int
    peers: int
    state: Literal["live", "spare", "draining", "dead"]
    load: float | None = None


class SessionItem(Struct, kw_only=True):
    """A live session on the wallboard."""

    id: str
    site: str
    category: str
    language: str
    channel: Channel
    state: SessionState
    since: int
    counselor: str = ""
    professional: str = ""
    mode: Mode | None = None
    lost: bool = False
    may_listen: bool = False  # an operator may listen in now
    listeners: list[str] = []  # names of the operators who listen in now
    quality: Grade | None = None  # the worst of its participants' connections; null until one is known


class StreamQuality(Struct, kw_only=True):
    """One media stream over its last second.

    ``layer``: the layer of a simulcast video that is forwarded, "paused", or "".
    ``source``: for a video that a participant receives, the participant who sends it.
    Loss and jitter are null until a report of them has arrived.
    """

    kind: str  # audio, camera, screen
    bps: int
    layer: str = ""
    source: str = ""
    lost_percent: float | None = None
    jitter_ms: float | None = None


class PersonQuality(Struct, kw_only=True):
    """The quality of one participant's connection.

    ``path``: direct (UDP to the worker), relay (through our TURN server), text (no media gets through), none (not connected).
    ``carries_bps``: the estimated bandwidth of their link downwards, in bit/s.
    ``concealed_percent``: the share of their sound that was concealed because packets were lost, while it is mixed.
    ``up``: the streams that they send; ``down``: the streams that they receive.
    """

    id: str
    name: str
    role: Role
    path: Literal["direct", "relay", "text", "none"] = "none"
    grade: Grade | None = None
    rtt_ms: float | None = None
    carries_bps: int | None = None
    concealed_percent: float | None = None
    up: list[StreamQuality] = []
    down: list[StreamQuality] = []


class WhyNot(Struct, kw_only=True):
    """Why a member of staff was not offered a request."""

    staff: str
    reason: str  # language, site, category, away, busy, excluded, full


class Why(Struct, kw_only=True):
    """Why a request went to a member of staff: the tier in which it was matched, and who was passed over."""

    ring: Literal["exact", "parent", "any"]
    rule: str  # e.g. "least load, then longest idle"
    candidates: list[str] = []
    passed_over: list[WhyNot] = []


# --- client → server ---------------------------------------------------------------------------------------------------


class Hello(Message, tag="hello"):
    """The first message of every connection. A user sends the session token; staff are known by their cookie."""

    tab: Id
    token: Token = ""
    locale: Locale = "en"
    version: int = 1


class Ping(Message, tag="ping"):
    """Ask for a ``pong``, to see that the connection is alive."""

    id: int | None = None


class Enter(Message, tag="enter"):
    """The user leaves *prepare* and asks for a counselor."""

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
    """The client tells the state of its peer connection: live, text_only (no media path within 5 s), or lost (failed)."""

    session: Id
    state: Literal["live", "text_only", "lost"]
    id: int | None = None


class SetMedia(Message, tag="media"):
    """The client tells which media it sends now."""

    session: Id
    mic: bool = False
    camera: bool = False
    screen: bool = False
    id: int | None = None


class AddChannel(Message, tag="channel"):
    """Turn a text session into a voice or video session.

    If the user sends it, it rings for the owner, who answers with ``upgrade``.
    """

    session: Id
    channel: Channel
    id: int | None = None


class SendLine(Message, tag="line"):
    """Send a line. ``line`` is the client's id for it.

    The client sends it again until its ``ack`` arrives; the server stores it once.
    """

    session: Id
    line: Id
    kind: Literal["text", "picture", "note"] = "text"
    audience: Audience = "all"
    text: LineText = ""
    picture: OptionalId = ""
    id: int | None = None


class GetLines(Message, tag="lines"):
    """Ask for the lines numbered above ``after``. The reply is ``lines``."""

    session: Id
    after: int = 0
    id: int | None = None


class Typing(Message, tag="typing"):
    """The client's person has begun or stopped to type."""

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
    """A user leaves or hangs up; a counselor ends the session; a professional leaves it."""

    session: Id
    id: int | None = None


class Choose(Message, tag="choose"):
    """The user chooses what to do when their counselor is disconnected or nobody is there."""

    session: Id
    choice: Literal["wait", "another", "message"]
    id: int | None = None


class LeaveMessage(Message, tag="leave_message"):
    """The user leaves a message and a contact instead of waiting."""

    session: Id
    contact: Annotated[str, by(Seen(200, least=3))]
    text: LineText = ""
    id: int | None = None


class GetCallbackTimes(Message, tag="callback_times"):
    """Ask for possible callback times. ``timezone``: the client's IANA zone, used for categories that never close."""

    session: Id
    timezone: Annotated[str, by(Seen(64, cut=True))] = ""
    id: int | None = None


class AskCallback(Message, tag="callback"):
    """Book a callback ``at`` a time within the opening hours, or move a booked one to another time.

    ``contact`` may be empty if the site can reach the user (``contact_needed`` is false). When a booked callback is moved, an
    empty ``contact`` keeps the earlier one.
    """

    session: Id
    at: int
    contact: Contact = ""
    note: ShortText = ""
    id: int | None = None


class CancelCallback(Message, tag="cancel_callback"):
    """Cancel a booked callback."""

    session: Id
    id: int | None = None


class MoveCallback(Message, tag="move_callback"):
    """The counselor did not reach the user and will try again ``at`` that time."""

    session: Id
    at: int
    id: int | None = None


class MissCallback(Message, tag="miss_callback"):
    """The counselor did not reach the user and gives up. A wrap-up follows."""

    session: Id
    id: int | None = None


class GetInvite(Message, tag="invite"):
    """The counselor who calls back asks for a new link that brings the user into the session. The reply is ``invite``."""

    session: Id
    id: int | None = None


class Rate(Message, tag="rate"):
    """The user rates the session."""

    session: Id
    score: Annotated[int, Meta(ge=1, le=5)]
    words: Annotated[str, by(Seen(2000, lines=True))] = ""
    id: int | None = None


class SetState(Message, tag="state"):
    """A member of staff becomes available or away."""

    state: Literal["available", "away"]
    id: int | None = None


class Accept(Message, tag="accept"):
    """A member of staff accepts a ring."""

    reservation: Id
    id: int | None = None


class Decline(Message, tag="decline"):
    """A member of staff declines a ring."""

    reservation: Id
    reason: Annotated[str, by(Seen(200))] = ""
    id: int | None = None


class AskHelp(Message, tag="help"):
    """The owner asks for a professional; an empty ``category`` means the session's own."""

    session: Id
    note: ShortText = ""
    category: OptionalId = ""
    id: int | None = None


class AskTransfer(Message, tag="transfer"):
    """The owner transfers the user to a person (``staff``) or to anyone who serves a ``category``.

    ``how``: at once ("now") or after a consultation. If nobody comes, the user stays with the owner.
    """

    session: Id
    how: Literal["now", "consult"]
    staff: OptionalId = ""
    category: OptionalId = ""
    note: ShortText = ""
    id: int | None = None


class GetColleagues(Message, tag="colleagues"):
    """Ask who could take this session over. The reply is ``colleagues``."""

    session: Id
    id: int | None = None


class CancelHelp(Message, tag="cancel_help"):
    """The owner withdraws a help request or a transfer."""

    session: Id
    id: int | None = None


class Join(Message, tag="join"):
    """The professional has caught up and becomes the third peer.

    ``record``: whether they agree to be recorded. It is required while ``recording.state`` is ``on``.
    """

    session: Id
    record: bool | None = None
    id: int | None = None


class SetMode(Message, tag="mode"):
    """The owner or the joined professional chooses who hears whom."""

    session: Id
    mode: Mode
    hear_user: bool = False
    id: int | None = None


class AnswerUpgrade(Message, tag="upgrade"):
    """The owner accepts (``take``) or declines the user's request for voice or video."""

    session: Id
    take: bool
    id: int | None = None


class Hold(Message, tag="hold"):
    """The owner puts the user on hold, or ends the hold."""

    session: Id
    on: bool
    id: int | None = None


class AnswerRecording(Message, tag="recording"):
    """Agree to be recorded, refuse, or withdraw consent. If the user refuses, the recorded part is deleted."""

    session: Id
    agree: bool
    id: int | None = None


class HandOver(Message, tag="hand_over"):
    """In a conference, the counselor leaves and the professional becomes the owner."""

    session: Id
    id: int | None = None


class TypeNotes(Message, tag="notes"):
    """The notes as typed so far. They are held with the session and saved when it closes."""

    session: Id
    notes: LineText = ""
    outcome: Annotated[str, by(Seen(60))] = ""
    id: int | None = None


class WrapUp(Message, tag="wrap_up"):
    """Save the notes and the outcome, and end the wrap-up."""

    session: Id
    notes: LineText = ""
    outcome: Annotated[str, by(Seen(60))] = ""
    id: int | None = None


class MessageTake(Message, tag="message_take"):
    """A member of staff takes a message that a user left."""

    message: Id
    id: int | None = None


class MessageDone(Message, tag="message_done"):
    """A message that a user left has been dealt with."""

    message: Id
    id: int | None = None


class Watch(Message, tag="watch"):
    """An operator asks for ``wallboard`` now and at each change.

    With ``session``, the server also sends ``call_quality`` of that session every 2 s. A later ``watch`` replaces an earlier one.
    """

    session: Id | None = None
    id: int | None = None


class EndSession(Message, tag="end_session"):
    """An operator ends a session."""

    session: Id
    id: int | None = None


class Listen(Message, tag="listen"):
    """An operator begins or stops to listen in. The user and the staff of the call are told at once."""

    session: Id
    on: bool
    id: int | None = None


class SignOutStaff(Message, tag="sign_out_staff"):
    """An operator signs a member of staff out."""

    staff: Id
    id: int | None = None


ClientMessage = (
    Hello | Ping | Enter | GetIce | Offer | PeerReport | SetMedia | AddChannel | SendLine | GetLines | Typing | BoardMessage
    | Leave | Choose | LeaveMessage | GetCallbackTimes | AskCallback | CancelCallback | MoveCallback | MissCallback | GetInvite
    | Rate | SetState | Accept | Decline | AskHelp | AskTransfer | GetColleagues | CancelHelp | Join | SetMode | Hold
    | AnswerRecording | AnswerUpgrade | HandOver | TypeNotes | WrapUp | MessageTake | MessageDone | Watch | EndSession | Listen
    | SignOutStaff
)  # fmt: skip  # a list of names


# --- server → client ---------------------------------------------------------------------------------------------------


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

    reason: str
    message: str = ""
    id: int | None = None
    session: str = ""


class SessionUpdate(Message, tag="session"):
    """The session as it is now, for this client."""

    session: SessionView


class WaitingUpdate(Message, tag="waiting"):
    """For the user in the queue: ``session.waiting`` has changed, and nothing else."""

    session: str
    waiting: WaitingView


class SessionOver(Message, tag="session_over"):
    """The session is over for this client, because it declined, left, or saved the wrap-up."""

    session: str
    reason: str = ""


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
    """The reply to ``offer``. ``epoch`` is the epoch of the room in which the peer is."""

    session: str
    sdp: str
    peer: str
    epoch: int
    id: int | None = None


class PeerEnded(Message, tag="peer_ended"):
    """The media worker has ended this client's peer connection. ``reason`` is a key for programs, ``message`` a sentence."""

    session: str
    peer: str
    reason: str
    message: str


class LineAck(Message, tag="ack"):
    """The line with the client's id ``line`` is stored under the number ``seq``."""

    session: str
    line: str
    seq: int
    at: int


class NewLine(Message, tag="line"):
    """A new line of the session."""

    session: str
    line: Line


class Lines(Message, tag="lines"):
    """The reply to ``lines``, in order. ``more``: further lines follow after the last one."""

    session: str
    lines: list[Line]
    more: bool = False
    id: int | None = None


class Colleagues(Message, tag="colleagues"):
    """The reply to ``colleagues``: the staff who could take the session over."""

    session: str
    people: list[StaffItem]
    id: int | None = None


class CallbackTimes(Message, tag="callback_times"):
    """The reply to ``callback_times``."""

    session: str
    times: list[int]
    id: int | None = None


class Invite(Message, tag="invite"):
    """The reply to ``invite``. ``url`` works once, until ``expires_at``, and only while this counselor has the callback."""

    session: str
    url: str
    expires_at: int
    id: int | None = None


class TypingNow(Message, tag="typing"):
    """A participant has begun or stopped to type."""

    session: str
    participant: str
    on: bool


class Speaking(Message, tag="speaking"):
    """The participants who speak now."""

    session: str
    participants: list[str]


class BoardOut(Message, tag="board"):
    """One message of the board, for a client without a data channel."""

    session: str
    data: str


class Replaced(Message, tag="replaced"):
    """A newer tab of the same person has taken over this session."""

    session: str


class Ring(Message, tag="ring"):
    """A request that rings for a member of staff.

    A help request shows only note, category, language and product until it is accepted.
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


class RingOver(Message, tag="ring_over"):
    """A ring has ended."""

    reservation: str
    reason: Literal["accepted", "accepted_elsewhere", "declined", "expired", "cancelled"]


class StaffUpdate(Message, tag="staff"):
    """The state of this member of staff has changed."""

    me: StaffMe


class Queue(Message, tag="queue"):
    """The requests that this member of staff could serve.

    ``waiting``: the requests that have waited longest; ``more``: how many others wait.
    ``callbacks``: appointments whose time has not come; their ``since`` is when they are due.
    ``messages``: messages that users left.
    """

    waiting: list[QueueItem] = []
    more: int = 0
    callbacks: list[QueueItem] = []
    messages: list[MessageLeft] = []


class Wallboard(Message, tag="wallboard"):
    """The operator's overview of the whole server."""

    now: int
    waiting: list[QueueItem] = []
    more: int = 0  # how many others wait
    callbacks: list[QueueItem] = []
    sessions: list[SessionItem] = []
    staff: list[StaffItem] = []
    workers: list[WorkerItem] = []
    served_today: int = 0
    left_today: int = 0
    service_level_percent: float | None = None  # share answered within 20 s, of all that were answered or gave up today
    rating_today: float | None = None


class CallQuality(Message, tag="call_quality"):
    """The quality of each participant's connection, for an operator who watches this session."""

    session: str
    people: list[PersonQuality] = []


class Bye(Message, tag="bye"):
    """The server closes this connection.

    ``reason``: signed_out, restart, slow_client, token (unknown or expired), replaced, too_many, crowded (too many clients
    reconnect at the same time). ``retry_ms``: the least time to wait before reconnecting; null means the client's own backoff.
    """

    reason: str
    retry_ms: int | None = None


ServerMessage = (
    Welcome | Ok | Pong | Error | SessionUpdate | WaitingUpdate | SessionOver | Ice | Answer | PeerEnded | LineAck | NewLine
    | Lines | Colleagues | CallbackTimes | Invite | TypingNow | Speaking | BoardOut | Replaced | Ring | RingOver | StaffUpdate
    | Queue | Wallboard | CallQuality | Bye
)  # fmt: skip  # a list of names

decode_client: Reader[ClientMessage] = Reader(ClientMessage)
encode = msgspec.json.Encoder().encode
