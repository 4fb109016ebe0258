"""A session as data: all values from which the session machine decides.

This module does no I/O. The database stores the whole session.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from signaling.protocol.reasons import CommandReason, EndReason
from signaling.protocol.session_views import Media
from signaling.protocol.words import (
    CallbackState,
    Channel,
    GuestLabel,
    HelpState,
    ListenAs,
    Mode,
    NobodyWhy,
    Original,
    SessionState,
    TransferHow,
)
from signaling.protocol.words import Captions as CaptionRule
from signaling.protocol.words import Cobrowse as CobrowseRule

PeerName = Literal["none", "connecting", "live", "text_only", "lost"]
Choice = Literal["wait", "another", "message"]
Timer = Literal[
    "idle",
    "user_lost",
    "aside",
    "owner_lost",
    "professional_lost",
    "hunt",
    "catch_up",
    "wrap_up",
    "preferred",
    "callback",
    "lead",
    "grace",
    "late",
    "upgrade",
    "asleep",
    "guests",
]
UpgradeState = Literal["ringing", "declined", "missed"]
RequestKind = Literal["user", "callback", "help"]

DAY_MS = 86_400_000
IDLE_MS = 10 * 60_000  # how long a user or guest may prepare before entering; then the session ends, or the guest is removed
UNOPENED_MS = 30_000  # how long a new session waits for its user's page to load and connect
WAITING_LOST_MS = 60_000  # how long a waiting session waits for its disconnected user to return
USER_LOST_MS = 2 * 60_000  # how long an active call waits for its disconnected user to return
# how long an active text session waits for its disconnected user to return; then it sleeps or ends
USER_LOST_TEXT_MS = 15 * 60_000
ASIDE_MS = 60_000  # how long a disconnected user of a text session still counts against their counselor's capacity
OWNER_LOST_MS = 30_000  # how long a session waits for its disconnected owner to return
PROFESSIONAL_LOST_MS = 30_000  # how long a session waits for its disconnected professional to return
PREFERRED_MS = 20_000  # how long a returning user's request is offered only to their last counselor
CATCH_UP_MS = 3 * 60_000  # how long a professional may read the conversation before joining it
HUNT_MS = 90_000  # how long the search for a professional or colleague lasts
HUNT_ONE_MS = 30_000  # how long the search lasts if one person is asked by name; the request rings for 20 s of this time
WRAP_UP_MS = 120_000  # how long the owner may wrap up after the conversation
# how long a user's request for voice or video rings. This is longer than for other requests, because the counselor might be
# writing to somebody else
UPGRADE_MS = 30_000
GUEST_LINK_MS = 15 * 60_000  # how long a guest's link can be opened
CAMERA_LINK_MS = 2 * 60_000  # how long a user can open the link that makes their phone a camera of the call
ARRIVING_MS = 60_000  # how long a disconnected guest who has not entered yet can return; then the guest is removed
GUEST_LOST_MS = 2 * 60_000  # how long a disconnected guest who has entered can return; then the guest is removed
MOST_INVITATIONS = 20  # in one session, at most this many links for guests are made in all
RATING_MS = 24 * 3_600_000  # how long after its end a session may be rated

CALLBACK_KEPT_MS = 14 * 24 * 3_600_000  # how long a due callback waits for a counselor; then it is given up
CALLBACK_REQUEST = "c"  # the id of a callback's request is the session's id, a dot, this letter and a number
CALLBACK_OVER: frozenset[CallbackState] = frozenset({"done", "missed", "cancelled"})

FINAL_STATES: frozenset[SessionState] = frozenset({"closed", "message_left"})
OPEN_HELP: frozenset[HelpState] = frozenset({"asking", "catching_up", "joined"})


class NotAllowed(Exception):
    """The session's state forbids this event now. Nothing has changed.

    ``detail``: what exactly is wrong, for the author of the client.
    """

    def __init__(self, reason: CommandReason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


class Draft(Struct, kw_only=True):
    """The notes, outcome and tags that a member of staff has typed and not saved yet."""

    notes: str
    outcome: str = ""
    tags: list[str] = []


class Person(Struct, kw_only=True):
    """A participant.

    ``connected``: whether a tab of the participant is connected. ``entered``: the user has entered the queue, the guest has
    entered the conversation, or the member of staff has entered the session since last accepting its request. ``reading``:
    whether they are a professional who is catching up, that is, reads the conversation, unheard, before joining it. ``gone``:
    whether they no longer belong to the session.

    ``peer_id``: id of their newest peer connection, or "". ``former_id``: id of an earlier peer connection, which the media
    worker keeps until the newest one is live; "" for none. ``tab``: the browser tab of these peer connections. ``recording``:
    their answer about recording; "" before the answer. ``captions``: their answer about keeping captions; "" before the answer.
    ``draft``: their unsaved notes, or None. ``handed_over_at``: when they handed the session over (Unix ms), or 0.
    The following fields are empty for everybody who is not a guest. ``label``: the guest's role, such as "interpreter".
    ``invited_by``: the participant who made the link.
    ``until``: when a guest who is disconnected or has not entered is removed (Unix ms); 0 for a connected guest who has entered.
    ``entered_at``: when they entered (Unix ms). ``lines_from``: number of the first chat line that they may read.
    """

    id: str
    role: Literal["user", "counselor", "professional", "operator", "guest"]
    name: str
    staff: str = ""
    connected: bool = False
    entered: bool = False
    reading: bool = False
    gone: bool = False
    peer: PeerName = "none"
    peer_id: str = ""
    former_id: str = ""
    tab: str = ""
    media: Media = msgspec.field(default_factory=Media)
    recording: Literal["", "yes", "no"] = ""
    captions: Literal["", "yes", "no"] = ""
    draft: Draft | None = None
    handed_over_at: int = 0
    label: GuestLabel | Literal[""] = ""
    invited_by: str = ""
    until: int = 0
    entered_at: int = 0
    lines_from: int = 0

    @property
    def outside(self) -> bool:
        """Whether this person is no member of staff: the user or a guest."""
        return self.role in ("user", "guest")

    @property
    def arriving(self) -> bool:
        """Return whether this is a guest who has opened the link and has not entered yet. Nobody hears or sees such a guest."""
        return self.role == "guest" and not self.entered

    @property
    def is_camera(self) -> bool:
        """Return whether this is the user's phone, which only sends a second picture, and takes no other part in the session."""
        return self.label == "camera"


class Listener(Person, kw_only=True):
    """An operator who listens in. A listener is not in ``Session.people``.

    ``since``: when they began listening. ``how``: whether they only listen, whisper to the counselor, or have joined.
    """

    since: int
    how: ListenAs = "listen"


class Invitation(Struct, kw_only=True):
    """A link by which one guest may enter. The link's key in ``Session.invitations`` becomes the guest's participant id.

    ``by``: the participant who made the link. ``link_hash``: hash of the link's secret. ``until``: when the link ends (Unix ms).
    ``token_hash``: hash of the token with which the guest's page opens the session; "" until the link is used.
    """

    label: GuestLabel
    by: str
    link_hash: str
    until: int
    token_hash: str = ""


class Interpreting(Struct, kw_only=True):
    """The settings for a guest who interprets. ``by``: the name of the person who has chosen these settings.

    ``user``: how the user and their guests hear staff. ``staff``: how staff hear the user and the other guests.
    """

    guest: str
    by: str
    user: Original = "full"
    staff: Original = "full"


class Recording(Struct, kw_only=True):
    """The state of the recording.

    ``offered``: the site asks for consent. ``period``: how often the recording has begun.
    ``kept``: something was recorded and not deleted. ``erased``: the recordings up to this number (``period``) have been deleted.
    ``failed``: why the media worker could not record; "" if nothing has failed since somebody last agreed.
    """

    offered: bool = False
    on: bool = False
    period: int = 0
    kept: bool = False
    erased: int = 0
    failed: str = ""


class Captions(Struct, kw_only=True):
    """The state of the captions.

    ``offered``: the site allows captions. ``keep``: the site keeps the captions if people agree. ``wanted``: the participants who
    have turned captions on. ``languages``: participant → the language into which captions are translated for them. ``kept``: the
    captions are stored with the conversation now. ``written``: some captions of this conversation might have been stored.
    ``failed``: the connection to the captions process was lost.
    """

    offered: bool = False
    keep: bool = False
    wanted: list[str] = []
    languages: dict[str, str] = {}
    on: bool = False
    kept: bool = False
    written: bool = False
    failed: bool = False


class Cobrowse(Struct, kw_only=True):
    """The state of co-browsing: whether the counselor sees the page on which the user is.

    ``rule``: the site's setting when the session began. ``state``: "" (off), "asked" until the user answers, or "on". ``by``: the
    owner who asked, or "".
    """

    rule: CobrowseRule = "off"
    state: Literal["", "asked", "on"] = ""
    by: str = ""


class Mention(Struct, kw_only=True):
    """A colleague who was named in a chat line for staff.

    ``by``: the name of the line's author. ``seq``: number of the line. ``read``: whether the colleague has opened the
    conversation to read along since this mention.
    """

    staff: str
    by: str
    seq: int
    at: int
    read: bool = False


class Ringing(Struct, kw_only=True):
    """A user's or counselor's request that rings for the member ``staff`` until the time ``until`` (Unix ms)."""

    reservation: str
    staff: str
    until: int


class Help(Struct, kw_only=True):
    """A help request for a professional or, with ``transfer``, for a colleague who takes the session over.

    ``asked``: how often the request has rung. ``excluded``: staff to whom the request is not offered. ``to``: the member of staff
    who is asked by name, or "". ``to_name``: in a transfer, the name of the member ``to``, or of ``category`` if ``to`` is "".
    The user is told this name if there is no consultation. ``why``: why nobody came (declined, expired, nobody), or "".
    """

    state: HelpState
    request: str
    note: str
    category: str
    asked_at: int
    mode: Mode | None = None
    hear_user: bool = False
    professional: str = ""
    asked: int = 0
    excluded: list[str] = []
    ringing: Ringing | None = None
    transfer: TransferHow = ""
    to: str = ""
    to_name: str = ""
    why: NobodyWhy = ""


class Callback(Struct, kw_only=True):
    """A booked callback.

    ``contact``: how to reach the user, such as a telephone number; "" when the partner knows how to reach the user.
    ``came``: the called-back user has connected. ``moved``: how often the callback was moved to another time.
    ``staff``, ``staff_name``: the member of staff whom the user will meet at an appointment; "" for a callback by any counselor.
    ``minutes``: length of an appointment; 0 for a callback by any counselor. ``lead_ms``: how long before ``due_at`` the matcher
    begins to keep capacity of this member free.
    ``kept``: the matcher keeps this capacity free now. ``anyone``: the member has declined the appointment, missed the ring or
    not accepted in time, so the appointment rings for every counselor. ``declined``: the member has declined the appointment, so
    it does not ring for this member again.
    ``timezone``: the IANA zone in which the user chose the time; "" when it is not known.
    ``agreed``: how often a time was agreed. This number tells bookings for the same time apart, so that a request to cancel can
    name exactly one.
    """

    state: CallbackState
    due_at: int
    contact: str = ""
    note: str = ""
    came: bool = False
    moved: int = 0
    staff: str = ""
    staff_name: str = ""
    minutes: int = 0
    lead_ms: int = 0
    kept: bool = False
    anyone: bool = False
    declined: bool = False
    timezone: str = ""
    agreed: int = 0


class Upgrade(Struct, kw_only=True):
    """The user's request for voice or video (``channel``). ``calls``: how often the request has rung for the counselor."""

    channel: Channel
    state: UpgradeState
    until: int
    calls: int = 1


class Session(Struct, kw_only=True):
    """A session.

    ``request``: id of the user's request at the matcher. ``fence``: the number of the matcher's newest event that this session
    has seen; such numbers only grow. ``preferred``: the only counselor to whom the request is offered now, because this counselor
    served the user before.
    ``returned``: a counselor did not return in time or never entered, so the request is offered before all other requests.
    ``counselor``: the last owner who was a counselor and has entered, or "". The session might have another owner now, or none.
    ``epoch``: counts how often the room was opened; a media worker ignores commands of an older epoch.
    ``timers``: name → when it fires (Unix ms). ``held``: the owner has put the user on hold.
    ``may_listen``: the user was told before entering that an operator may listen in.
    ``supervisors``: id → name of each operator who has joined at some time. The recording can contain these operators' voices.
    ``sleeps_days``: for how many days a text conversation sleeps after its user has left. 0: the conversation ends instead.
    ``woken``: the conversation slept, and its user waits for a counselor again.
    ``invited``: other software has started the conversation, and its user has not come yet.
    ``form_missing``: the user has not filled in what the site asks for before a conversation. Such a user can only leave a
    message or book a callback.
    ``guests_most``: how many guests may be in the room at the same time. ``interpreting``: the settings for the guest who
    interprets; None: nobody interprets.
    ``aside``: the user of this text session has left the page, and does not count against their counselor's capacity until they
    return.
    ``region``: where the user is, as the partner's page says; "" if it says nothing. The room opens on a worker near the user.
    """

    id: str
    site: str
    category: str
    language: str
    channel: Channel
    user: str
    created_at: int
    state: SessionState = "preparing"
    people: dict[str, Person] = {}
    timers: dict[Timer, int] = {}
    owner: str = ""
    counselor: str = ""
    owner_lost: bool = False
    choices: list[Choice] = []
    request: str = ""
    requests_made: int = 0
    enqueued_at: int = 0
    fence: int = 0
    ringing: Ringing | None = None
    preferred: str = ""
    preferred_name: str = ""
    epoch: int = 0
    slots: dict[str, dict[int, tuple[str, Literal["camera", "screen"]]]] = {}
    returned: bool = False
    callback: Callback | None = None
    help: Help | None = None
    held: bool = False
    aside: bool = False
    region: str = ""
    sleeps_days: int = 0
    woken: bool = False
    invited: bool = False
    form_missing: bool = False
    upgrade: Upgrade | None = None
    recording: Recording = msgspec.field(default_factory=Recording)
    captions: Captions = msgspec.field(default_factory=Captions)
    cobrowse: Cobrowse = msgspec.field(default_factory=Cobrowse)
    may_listen: bool = False
    listeners: dict[str, Listener] = {}
    supervisors: dict[str, str] = {}
    mentions: list[Mention] = []
    guests_most: int = 0
    invitations: dict[str, Invitation] = {}
    interpreting: Interpreting | None = None
    rated: bool = False
    active_at: int | None = None
    ended_at: int | None = None
    end_reason: EndReason | Literal[""] = ""

    def present(self) -> list[Person]:
        """Return the people who have not left the session for good.

        These are the user, the owner, the professional, guests who have entered, and the user's phone as a camera.
        """
        return [person for person in self.people.values() if not person.gone and not person.arriving]

    def guests(self) -> list[Person]:
        """Return the guests who have not left for good.

        The list includes guests who have not entered yet, and the user's phone.
        """
        return [person for person in self.people.values() if person.role == "guest" and not person.gone]

    def joined(self) -> list[Listener]:
        """Return the operators who listen in and have joined, so that everybody hears them."""
        return [listener for listener in self.listeners.values() if listener.how == "join"]

    def anyone(self, id: str) -> Person | None:
        """Return the participant or listener with this id, or None."""
        return self.people.get(id) or self.listeners.get(id)

    def in_line(self) -> bool:
        """Return whether the user's own request waits or rings.

        A callback's request waits or rings only after the callback has become due.
        """
        called = self.callback
        return self.state == "waiting" or (self.state == "callback" and called is not None and called.state == "due")

    def calling_back(self) -> bool:
        """Return whether a counselor has accepted the callback and the user has not connected yet."""
        called = self.callback
        return self.state == "active" and called is not None and called.state == "calling" and not called.came

    def request_kind(self) -> RequestKind:
        """Return the kind of the user's own request: "callback" or "user"."""
        return "callback" if self.request.rpartition(".")[2].startswith(CALLBACK_REQUEST) else "user"

    def open_help(self) -> Help | None:
        """Return the help request or transfer that is under way, or None."""
        return self.help if self.help is not None and self.help.state in OPEN_HELP else None

    def professional(self) -> Person | None:
        """Return the professional or colleague who has accepted the open help request or transfer, or None."""
        asked = self.open_help()
        return self.people.get(asked.professional) if asked and asked.professional else None


def new_session(
    *,
    id: str,
    site: str,
    category: str,
    language: str,
    channel: Channel,
    user: str,
    name: str,
    now: int,
    recording: bool = False,
    captions: CaptionRule = "off",
    cobrowse: CobrowseRule = "off",
    listening: bool = False,
    sleeps_days: int = 0,
    form_missing: bool = False,
    guests: int = 0,
    region: str = "",
) -> Session:
    """Return a session in state ``preparing``. ``user``: the participant id of the user, ``name``: their name."""
    session = Session(id=id, site=site, category=category, language=language, channel=channel, user=user, created_at=now)
    session.recording.offered, session.may_listen, session.sleeps_days = recording, listening, sleeps_days
    session.form_missing = form_missing
    session.guests_most = guests
    session.region = region
    session.captions.offered, session.captions.keep = captions != "off", captions == "keep"
    session.cobrowse.rule = cobrowse
    session.people[user] = Person(id=user, role="user", name=name)
    session.timers["idle"] = now + UNOPENED_MS
    return session


encode_snapshot = msgspec.msgpack.Encoder().encode
decode_snapshot = msgspec.msgpack.Decoder(Session).decode
