"""Every WebSocket message, declared once.

JSON text frames, one object each, told apart by ``type``. A client message may carry ``id``: its reply (``ok``, ``error``,
``answer``, ``lines``) repeats it. Times are milliseconds since the Unix epoch on the server's clock (``welcome.now`` lets a
client correct its own), durations carry their unit in the name. ``docs/protocol.md`` is the prose.
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
Locale = Annotated[str, by(Seen(35, cut=True))]  # a language tag (RFC 5646, 4.4.1); what is none counts as unknown
ShortText = Annotated[str, by(Seen(500, lines=True))]
LineText = Annotated[str, by(Seen(4000, lines=True))]
Contact = Annotated[str, by(Seen(200))]
Sdp = Annotated[str, Meta(min_length=1), by(Exact(65_536))]
BoardData = Annotated[str, by(Exact(400_000))]  # base64 of one whole board message (see docs/protocol.md, Board)


class Message(Struct, tag_field="type", kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


# --- what is shown -----------------------------------------------------------------------------------------------------


class Media(Struct, kw_only=True):
    mic: bool = False
    camera: bool = False
    screen: bool = False


class BriefField(Struct, kw_only=True):
    """One thing known about the visit. ``name`` is one of page_url, page_title, language, category, user_id, user_name,
    user_contact, product_id, product_name, product_price, product_url, product_picture (a picture id), note, or a
    ``claim.*`` of the partner's."""

    name: str
    value: str
    provenance: Provenance


class TrailStep(Struct, kw_only=True):
    """One thing the user did on the site. ``kind``: page (``dwell_s`` known) or mark (a marked click)."""

    kind: Literal["page", "mark"]
    label: str
    at: int
    url: str = ""
    dwell_s: int = 0


class Brief(Struct, kw_only=True):
    fields: list[BriefField] = []
    trail: list[TrailStep] = []
    earlier_sessions: list[EarlierSession] = []


class EarlierSession(Struct, kw_only=True):
    id: str
    started_at: int
    category: str
    counselor: str
    wrap_up: str = ""


class SiteView(Struct, kw_only=True):
    id: str
    name: str  # in the session's language
    accent: str = ""  # #rrggbb, already checked for contrast
    privacy_url: str = ""
    home_url: str = ""


class CategoryView(Struct, kw_only=True):
    id: str
    name: str


class ParticipantView(Struct, kw_only=True):
    """A person. An ``operator`` listens in: they hear, and nobody hears them. ``presence``: here, lost (their line dropped),
    reading (a professional catching up: unheard), gone."""

    id: str
    name: str
    role: Role
    presence: Literal["here", "lost", "reading", "gone"] = "here"
    peer: Literal["none", "connecting", "live", "text_only", "lost"] = "none"
    media: Media = msgspec.field(default_factory=Media)
    owner: bool = False


class SlotView(Struct, kw_only=True):
    participant: str
    kind: Literal["camera", "screen"]


class RoomView(Struct, kw_only=True):
    """``slots``: what arrives in this viewer's video slots "0".."3" (the key is the slot).
    ``hears``: listener → sources, for peers that are live: who hears whom now, muted or not. A user is sent only the pairs they
    are part of. ``notice``: what a user must be told.
    ``limits``: slot → what this viewer's own line does not carry: a smaller picture ("low"), or none for now ("paused").
    A client whose peer connection was made under an older ``epoch`` makes a new one."""

    epoch: int
    media: bool  # false: text and board only, nobody need make a peer connection
    slots: dict[str, SlotView] = {}
    hears: dict[str, list[str]] = {}
    board: Literal["write", "read"] = "write"
    notice: Literal["", "asking_professional", "asking_colleague", "passing_on", "on_hold"] = ""
    held: bool = False  # the counselor has put the user on hold
    passing_to: str = ""  # whom, or what category, the counselor passes the user on to
    limits: dict[str, PictureLimit] = {}


class UpgradeView(Struct, kw_only=True):
    """The user of a written conversation asks to go on by ``channel``; ``until`` (ms) it rings for the owner."""

    channel: Channel
    state: Literal["ringing", "declined", "missed"]
    until: int


class WaitingView(Struct, kw_only=True):
    place: int  # 1 is next
    low_s: int | None = None  # expected wait as a range; none before five pickups
    high_s: int | None = None
    staffed: bool = True  # somebody who could serve this request is signed in
    ringing: bool = False
    since: int = 0
    asking_for: str = ""  # the counselor of last time, who is asked before all others for a moment


class CallbackView(Struct, kw_only=True):
    """``came``: the user is here themself. ``contact``: where they are called, "" when the partner knows how to reach them."""

    state: CallbackState
    due_at: int
    contact: str = ""
    note: str = ""
    came: bool = False
    moved: int = 0


class HelpView(Struct, kw_only=True):
    state: HelpState
    note: str = ""
    category: str = ""
    mode: Mode | None = None
    hear_user: bool = False  # in consultation: do counselor and professional hear the user
    professional: str = ""  # participant id, once one has accepted
    asked: int = 0  # professionals rung so far
    ringing_until: int | None = None
    catch_up_until: int | None = None
    asked_at: int = 0
    transfer: TransferHow = ""  # a colleague is to take over: at once, or after a consultation
    to_name: str = ""  # the person, or the category
    why: NobodyWhy = ""  # with ``nobody``, when one person was asked


class RecordingView(Struct, kw_only=True):
    """``on``: it is being recorded now. ``asking``: some have not answered (``waiting_for``). ``off``: somebody does not want it
    (``refused_by``), it has ``failed``, or the call is over. ``kept``: something recorded exists."""

    state: Literal["asking", "on", "off"]
    you: Literal["", "yes", "no"] = ""
    waiting_for: list[str] = []  # participant ids
    refused_by: list[str] = []
    failed: str = ""  # disk_full, write_failed, too_slow, worker_lost, not_configured
    kept: bool = False


class OpeningView(Struct, kw_only=True):
    """Whether the category takes people now. ``opens_at``: when it opens next, null while it is open or when nobody knows.
    ``callbacks``: users may ask to be called back."""

    open: bool = True
    opens_at: int | None = None
    callbacks: bool = True


class SessionView(Struct, kw_only=True):
    """A session as one viewer may see it; sent whole at each change. ``brief`` and ``help`` are null, ``categories`` empty for
    users."""

    id: str
    site: SiteView
    category: CategoryView
    language: str
    channel: Channel
    state: SessionState
    you: str  # the viewer's participant id
    contact_needed: bool = False  # user only: nobody knows how to reach them, so a callback needs a contact
    participants: list[ParticipantView] = []
    product_picture: str = ""  # picture id, offered first on the board
    room: RoomView | None = None
    recording: RecordingView | None = None  # null where the site does not record
    may_listen: bool = False  # an operator may listen in: say so before the user enters
    may_record: bool = False  # people will be asked whether the call may be recorded: say so, too
    waiting: WaitingView | None = None
    opening: OpeningView | None = None  # until a counselor has come, for the user
    callback: CallbackView | None = None
    upgrade: UpgradeView | None = None
    owner_lost: bool = False
    choices: list[Literal["wait", "another", "message"]] = []  # the user's, when the owner is lost or nobody is there
    deadline: int | None = None  # when the session ends or moves on if a lost person does not return
    lost: str = ""  # participant id of the person the deadline waits for
    end_reason: str = ""  # left, hung_up, user_lost, owner_lost, idle, operator, unserved, erased, callback_*
    brief: Brief | None = None
    help: HelpView | None = None
    notes: str = ""  # the viewer's own, as typed so far (staff only)
    rated: bool = False
    wrap_up_until: int | None = None
    categories: list[CategoryView] = []  # of the site: what help may be asked for (staff only)
    started_at: int = 0
    active_at: int | None = None
    ended_at: int | None = None


class Line(Struct, kw_only=True):
    """``kind``: text, picture (``picture`` is its id), note (staff), system (``text`` is a key such as ``joined``, ``left``,
    ``mode.whisper``, ``help.asked``, ``recording``; ``args`` its values)."""

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
    id: str
    name: str
    role: Role
    state: StaffState
    languages: list[str] = []
    categories: list[str] = []
    why_away: str = ""  # "missed" after an expired ring
    until: int | None = None  # when wrap-up ends by itself


class UserMe(Struct, kw_only=True):
    id: str
    name: str


class QueueItem(Struct, kw_only=True):
    session: str
    category: str
    language: str
    channel: Channel
    since: int
    kind: Literal["user", "help", "transfer", "callback"] = "user"
    ringing: bool = False


class StaffItem(Struct, kw_only=True):
    id: str
    name: str
    role: Role
    state: StaffState
    sessions: int = 0
    since: int = 0
    languages: list[str] = []


class MessageLeft(Struct, kw_only=True):
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
    """``load``: share of one core that it uses; None while nobody has asked it twice."""

    id: str
    rooms: int
    peers: int
    state: Literal["live", "spare", "draining", "dead"]
    load: float | None = None


class SessionItem(Struct, kw_only=True):
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
    listeners: list[str] = []  # names of the operators who do
    quality: Grade | None = None  # the worst of its participants' connections; None while nothing is known


class StreamQuality(Struct, kw_only=True):
    """One stream over its last second. ``layer``: of a picture that comes in several sizes, "paused", or "". ``source``: whose
    it is, of a picture that somebody is shown. Loss and jitter are None while nobody has told of them."""

    kind: str  # audio, camera, screen
    bps: int
    layer: str = ""
    source: str = ""
    lost_percent: float | None = None
    jitter_ms: float | None = None


class PersonQuality(Struct, kw_only=True):
    """``path``: direct (UDP to the worker), relay (by our TURN server), text (no media gets through), none (not connected).
    ``carries_bps``: estimate of what their line carries down. ``concealed_percent``: of their sound, while it is mixed, what was
    made up for want of packets. ``up``: what comes from them, ``down``: what goes to them."""

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
    staff: str
    reason: str  # language, site, category, away, busy, excluded, full


class Why(Struct, kw_only=True):
    """Why a request went to a member of staff: the ring it was matched in and who was passed over."""

    ring: Literal["exact", "parent", "any"]
    rule: str  # e.g. "least load, then longest idle"
    candidates: list[str] = []
    passed_over: list[WhyNot] = []


# --- client → server ---------------------------------------------------------------------------------------------------


class Hello(Message, tag="hello"):
    """First message of every connection. Users give their session token; staff are known by their cookie."""

    tab: Id
    token: Token = ""
    locale: Locale = "en"
    version: int = 1


class Ping(Message, tag="ping"):
    id: int | None = None


class Enter(Message, tag="enter"):
    """User leaves *prepare* and asks for a counselor."""

    session: Id
    id: int | None = None
    channel: Channel | None = None
    name: Name = ""
    note: ShortText = ""


class Offer(Message, tag="offer"):
    session: Id
    sdp: Sdp
    id: int | None = None


class GetIce(Message, tag="ice"):
    """Asked before each new peer connection: what relays there are. The reply is ``ice``."""

    session: Id
    id: int | None = None


class PeerReport(Message, tag="peer"):
    """The client's own finding about its peer connection: live, text_only (no UDP in 5 s), lost."""

    session: Id
    state: Literal["live", "text_only", "lost"]
    id: int | None = None


class SetMedia(Message, tag="media"):
    session: Id
    mic: bool = False
    camera: bool = False
    screen: bool = False
    id: int | None = None


class AddChannel(Message, tag="channel"):
    """A text session becomes a voice or video session. The user's rings for the owner, who answers with ``upgrade``."""

    session: Id
    channel: Channel
    id: int | None = None


class SendLine(Message, tag="line"):
    """``line`` is the client's id of it; sent again until its ``ack`` arrives (the server stores it once)."""

    session: Id
    line: Id
    kind: Literal["text", "picture", "note"] = "text"
    audience: Audience = "all"
    text: LineText = ""
    picture: OptionalId = ""
    id: int | None = None


class GetLines(Message, tag="lines"):
    session: Id
    after: int = 0
    id: int | None = None


class Typing(Message, tag="typing"):
    session: Id
    on: bool
    audience: Audience = "all"
    id: int | None = None


class BoardMessage(Message, tag="board"):
    """Board traffic by WebSocket when there is no data channel."""

    session: Id
    data: BoardData
    id: int | None = None


class Leave(Message, tag="leave"):
    """User: leave or hang up. Counselor: end the session. Professional: leave it."""

    session: Id
    id: int | None = None


class Choose(Message, tag="choose"):
    """The user's choice when their counselor is lost or nobody is there."""

    session: Id
    choice: Literal["wait", "another", "message"]
    id: int | None = None


class LeaveMessage(Message, tag="leave_message"):
    session: Id
    contact: Annotated[str, by(Seen(200, least=3))]
    text: LineText = ""
    id: int | None = None


class GetCallbackTimes(Message, tag="callback_times"):
    """When one could be called back. ``timezone``: the asker's (IANA), for categories that never close."""

    session: Id
    timezone: Annotated[str, by(Seen(64, cut=True))] = ""
    id: int | None = None


class AskCallback(Message, tag="callback"):
    """The user goes and is called back ``at`` a time within the opening hours; asked again, at another. ``contact`` may be empty
    where the site knows how to reach the user (not ``contact_needed``), and at another time, when it stays as it is."""

    session: Id
    at: int
    contact: Contact = ""
    note: ShortText = ""
    id: int | None = None


class CancelCallback(Message, tag="cancel_callback"):
    session: Id
    id: int | None = None


class MoveCallback(Message, tag="move_callback"):
    """The counselor did not reach the user and tries again ``at`` that time."""

    session: Id
    at: int
    id: int | None = None


class MissCallback(Message, tag="miss_callback"):
    """The counselor did not reach the user and leaves it at that; a wrap-up follows."""

    session: Id
    id: int | None = None


class GetInvite(Message, tag="invite"):
    """The counselor who calls back asks for a fresh link, which brings the user to them. The reply is ``invite``."""

    session: Id
    id: int | None = None


class Rate(Message, tag="rate"):
    session: Id
    score: Annotated[int, Meta(ge=1, le=5)]
    words: Annotated[str, by(Seen(2000, lines=True))] = ""
    id: int | None = None


class SetState(Message, tag="state"):
    state: Literal["available", "away"]
    id: int | None = None


class Accept(Message, tag="accept"):
    reservation: Id
    id: int | None = None


class Decline(Message, tag="decline"):
    reservation: Id
    reason: Annotated[str, by(Seen(200))] = ""
    id: int | None = None


class AskHelp(Message, tag="help"):
    session: Id
    note: ShortText = ""
    category: OptionalId = ""
    id: int | None = None


class AskTransfer(Message, tag="transfer"):
    """The owner passes the user on: to a person (``staff``) or to whoever serves a ``category``; at once, or in consultation
    first. Whoever is asked and does not come leaves the user where they are."""

    session: Id
    how: Literal["now", "consult"]
    staff: OptionalId = ""
    category: OptionalId = ""
    note: ShortText = ""
    id: int | None = None


class GetColleagues(Message, tag="colleagues"):
    """Who might take this session over."""

    session: Id
    id: int | None = None


class CancelHelp(Message, tag="cancel_help"):
    session: Id
    id: int | None = None


class Join(Message, tag="join"):
    """The professional, having caught up, becomes the third peer. ``record``: may they be recorded; needed while
    ``recording.state`` is ``on``."""

    session: Id
    record: bool | None = None
    id: int | None = None


class SetMode(Message, tag="mode"):
    session: Id
    mode: Mode
    hear_user: bool = False
    id: int | None = None


class AnswerUpgrade(Message, tag="upgrade"):
    """The owner takes the user's wish to go on by voice or video, or not now."""

    session: Id
    take: bool
    id: int | None = None


class Hold(Message, tag="hold"):
    """The owner puts the user on hold, or takes them back."""

    session: Id
    on: bool
    id: int | None = None


class AnswerRecording(Message, tag="recording"):
    """Agree to being recorded, or not (any more): the user's no deletes what was recorded."""

    session: Id
    agree: bool
    id: int | None = None


class HandOver(Message, tag="hand_over"):
    """In conference: the counselor leaves, the professional carries on as owner."""

    session: Id
    id: int | None = None


class TypeNotes(Message, tag="notes"):
    """What a member of staff has typed so far. It is kept with the session, and saved when the session closes."""

    session: Id
    notes: LineText = ""
    outcome: Annotated[str, by(Seen(60))] = ""
    id: int | None = None


class WrapUp(Message, tag="wrap_up"):
    session: Id
    notes: LineText = ""
    outcome: Annotated[str, by(Seen(60))] = ""
    id: int | None = None


class MessageTake(Message, tag="message_take"):
    message: Id
    id: int | None = None


class MessageDone(Message, tag="message_done"):
    message: Id
    id: int | None = None


class Watch(Message, tag="watch"):
    """Operator: send ``wallboard`` now and at each change; with ``session``, ``call_quality`` of it as well, every 2 s. What is
    asked last counts."""

    session: Id | None = None
    id: int | None = None


class EndSession(Message, tag="end_session"):
    """Operator ends a session."""

    session: Id
    id: int | None = None


class Listen(Message, tag="listen"):
    """Operator: listen in to a call, or stop. The user and the staff in it are told at once."""

    session: Id
    on: bool
    id: int | None = None


class SignOutStaff(Message, tag="sign_out_staff"):
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
    """Reply to ``hello``; ``session`` messages of all live sessions of this client follow."""

    now: int
    user: UserMe | None = None
    staff: StaffMe | None = None
    resumed: bool = False


class Ok(Message, tag="ok"):
    id: int


class Pong(Message, tag="pong"):
    now: int
    id: int | None = None


class Error(Message, tag="error"):
    """``reason`` is a key for programs, ``message`` a sentence for people."""

    reason: str
    message: str = ""
    id: int | None = None
    session: str = ""


class SessionUpdate(Message, tag="session"):
    session: SessionView


class WaitingUpdate(Message, tag="waiting"):
    """To the user in line: ``session.waiting`` has changed, and nothing else."""

    session: str
    waiting: WaitingView


class SessionOver(Message, tag="session_over"):
    """This client has nothing more to do with the session (declined, professional left, wrap-up saved)."""

    session: str
    reason: str = ""


class IceServer(Struct, kw_only=True):
    """As in ``RTCConfiguration.iceServers``. The credentials are this session's and end after two hours."""

    urls: list[str]
    username: str
    credential: str


class Ice(Message, tag="ice"):
    """Relays for clients whose network lets no UDP through; empty where the server has none."""

    session: str
    servers: list[IceServer] = []
    id: int | None = None


class Answer(Message, tag="answer"):
    session: str
    sdp: str
    peer: str
    epoch: int
    id: int | None = None


class LineAck(Message, tag="ack"):
    session: str
    line: str
    seq: int
    at: int


class NewLine(Message, tag="line"):
    session: str
    line: Line


class Lines(Message, tag="lines"):
    session: str
    lines: list[Line]
    more: bool = False
    id: int | None = None


class Colleagues(Message, tag="colleagues"):
    session: str
    people: list[StaffItem]
    id: int | None = None


class CallbackTimes(Message, tag="callback_times"):
    session: str
    times: list[int]
    id: int | None = None


class Invite(Message, tag="invite"):
    """``url`` works once, until ``expires_at``, and as long as this counselor has the callback."""

    session: str
    url: str
    expires_at: int
    id: int | None = None


class TypingNow(Message, tag="typing"):
    session: str
    participant: str
    on: bool


class Speaking(Message, tag="speaking"):
    session: str
    participants: list[str]


class BoardOut(Message, tag="board"):
    session: str
    data: str


class Replaced(Message, tag="replaced"):
    """A newer tab of the same person has taken over this session."""

    session: str


class Ring(Message, tag="ring"):
    """An incoming call. For a help request only note, category, language and product are shown before it is accepted."""

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
    reservation: str
    reason: Literal["accepted", "accepted_elsewhere", "declined", "expired", "cancelled"]


class StaffUpdate(Message, tag="staff"):
    """Your own state."""

    me: StaffMe


class Queue(Message, tag="queue"):
    """For consoles: who waits that you could serve, callbacks whose time has not come, and messages left. ``waiting`` are those
    who have waited longest; ``more``: how many wait beside them."""

    waiting: list[QueueItem] = []
    more: int = 0
    callbacks: list[QueueItem] = []  # ``since`` is when they are due
    messages: list[MessageLeft] = []


class Wallboard(Message, tag="wallboard"):
    now: int
    waiting: list[QueueItem] = []
    more: int = 0  # wait beside those
    callbacks: list[QueueItem] = []
    sessions: list[SessionItem] = []
    staff: list[StaffItem] = []
    workers: list[WorkerItem] = []
    served_today: int = 0
    left_today: int = 0
    service_level_percent: float | None = None  # answered within 20 s, of all answered or given up today
    rating_today: float | None = None


class CallQuality(Message, tag="call_quality"):
    """To an operator who watches this session."""

    session: str
    people: list[PersonQuality] = []


class Bye(Message, tag="bye"):
    """The server closes this connection. ``reason``: signed_out, restart, slow_client, token (unknown or expired), replaced,
    too_many, crowded (too many come back at once)."""

    reason: str
    retry_ms: int | None = None


ServerMessage = (
    Welcome | Ok | Pong | Error | SessionUpdate | WaitingUpdate | SessionOver | Ice | Answer | LineAck | NewLine | Lines
    | Colleagues | CallbackTimes | Invite | TypingNow | Speaking | BoardOut | Replaced | Ring | RingOver | StaffUpdate | Queue
    | Wallboard | CallQuality | Bye
)  # fmt: skip  # a list of names

decode_client: Reader[ClientMessage] = Reader(ClientMessage)
encode = msgspec.json.Encoder().encode
