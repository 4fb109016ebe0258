"""A session as its participants see it. The server sends the whole `SessionView` at each change."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from .reasons import EndReason
from .words import (
    Audience,
    CallbackState,
    Channel,
    GuestLabel,
    HelpState,
    Interrupted,
    ListenAs,
    Listening,
    Mode,
    NobodyWhy,
    Original,
    PictureLimit,
    Provenance,
    Role,
    SessionState,
    TransferHow,
)


class Media(Struct, kw_only=True):
    """The media that a participant sends now.

    ``interrupted`` names the devices that the participant has switched on, but that the operating system has taken away, for
    example during a phone call.
    """

    mic: bool = False
    camera: bool = False
    screen: bool = False
    interrupted: Interrupted = ""


class BriefField(Struct, kw_only=True):
    """One fact about the visit.

    ``name`` is one of page_url, page_title, language, category, user_id, user_name, user_contact, product_id, product_name,
    product_price, product_url, product_picture (a picture id), note, a ``form.*`` (an answer in the category's form), or a
    ``claim.*`` (another fact in the identification code, named by the partner).
    """

    name: str
    value: str
    provenance: Provenance


class TrailStep(Struct, kw_only=True):
    """One step of the user on the site: a page that they visited, or a click on an element that the site has marked.

    ``dwell_s``: for how many seconds the user stayed on the page; known for pages only.
    """

    kind: Literal["page", "mark"]
    label: str
    at: int
    url: str = ""
    dwell_s: int = 0


class Brief(Struct, kw_only=True):
    """The basic counselling information: what the partner, the browser and the user have told about the user and the visit."""

    fields: list[BriefField] = []
    trail: list[TrailStep] = []
    earlier_sessions: list[EarlierSession] = []


class EarlierSession(Struct, kw_only=True):
    """An earlier session of the same user, as staff see it in the list of earlier sessions."""

    id: str
    started_at: int
    category: str
    counselor: str
    wrap_up: str = ""


class SiteView(Struct, kw_only=True):
    """The partner's site, as the pages show it."""

    id: str
    name: str  # the site's name in the session's language
    accent: str = ""  # the site's colour as #rrggbb, already checked for contrast
    privacy_url: str = ""
    home_url: str = ""
    file_mb: int = 25  # the largest file in MB that people may send; 0: only pictures may be sent
    read_marks: bool = True  # whether pages report and show who has read a chat line
    logo: str = ""  # id of the picture beside the name, at /api/logos/ID; "" if the site has none
    channels: list[Channel] = []  # the channels that users can choose: text, voice, video
    waiting_notice: str = ""  # the site's text for users who wait
    recording_notice: str = ""  # the site's text for users before they agree to a recording


class FormFieldView(Struct, kw_only=True):
    """A field of the form that users fill in before a conversation, in the language of the page.

    ``choices``: the answers to choose from; only a field of the kind "choice" has any.
    """

    id: str
    name: str
    kind: Literal["line", "text", "choice"]
    required: bool
    most: int  # characters
    choices: list[str] = []


class CategoryView(Struct, kw_only=True):
    """A category of the site."""

    id: str
    name: str


class ParticipantView(Struct, kw_only=True):
    """A person in the session. An ``operator`` listens in. A ``guest`` was invited by a participant.

    ``label``: a guest's role in the conversation. "camera": the user's phone, which only shows a second picture and has the
    user's name. ``invited_by``: the participant who invited the guest. ``label`` and ``invited_by`` are empty for everybody who
    is not a guest.

    ``listens``: how an operator takes part; null for everybody who is not an operator. "listen": nobody hears the operator.
    "whisper": only the counselor hears the operator, and in a consultation also the professional; users are not told of a
    whisper. "join": everybody hears the operator. ``presence``: "lost" means that the person is disconnected; "left_page", that
    the user of a text session has been disconnected for a minute; "reading", that a professional reads the conversation before
    joining, and is not heard yet. ``peer``: the state of the person's peer connection to the media worker; "lost" means that it
    has failed.
    """

    id: str
    name: str
    role: Role
    presence: Literal["here", "lost", "left_page", "reading", "gone"] = "here"
    peer: Literal["none", "connecting", "live", "text_only", "lost"] = "none"
    media: Media = msgspec.field(default_factory=Media)
    owner: bool = False
    listens: ListenAs | None = None
    label: GuestLabel | Literal[""] = ""
    invited_by: str = ""


class SlotView(Struct, kw_only=True):
    """The source of the video in one slot. A slot is a receiving video section of the browser's offer."""

    participant: str
    kind: Literal["camera", "screen"]


class RoomView(Struct, kw_only=True):
    """The room of a session as one viewer may see it.

    ``epoch``: counts how often the room was opened. A client whose peer connection has an older epoch makes a new peer
    connection.
    ``most_slots``: how many video slots a client's offer should have.
    ``slots``: slot ("0" to "7") → the video that arrives in it for this viewer.
    ``hears``: listener → sources (the participants whom the listener hears). Only people with a live peer connection are
    included, whether muted or not. A user or guest gets only the pairs in which they are the listener or the source. ``soft``:
    the pairs of ``hears`` in which an interpreter's voice covers the source's voice.
    ``notice``: why this viewer (the user or a guest) hears the hold tone; "" if the viewer does not hear it.
    ``limits``: slot → how this viewer's network connection limits the video: a smaller picture ("low"), or none for now
    ("paused").
    """

    epoch: int
    # false: this client makes no peer connection (text session, professional who still reads the conversation, callback before
    # the user has connected)
    media: bool
    slots: dict[str, SlotView] = {}
    hears: dict[str, list[str]] = {}
    soft: dict[str, list[str]] = {}
    most_slots: int = 4
    board: Literal["write", "read"] = "write"
    notice: Literal["", "asking_professional", "asking_colleague", "passing_on", "on_hold"] = ""
    held: bool = False  # the counselor has put the user on hold
    passing_to: str = ""  # the person or the category to which the counselor transfers the user; "" without such a transfer
    limits: dict[str, PictureLimit] = {}


class UpgradeView(Struct, kw_only=True):
    """The user's request to turn a text session into a voice or video session.

    The request rings for the session's owner until ``until`` (ms).
    """

    channel: Channel
    state: Literal["ringing", "declined", "missed"]
    until: int


class WaitingView(Struct, kw_only=True):
    """The user's place in the queue, and the expected wait.

    The expected wait is ``low_s`` to ``high_s`` seconds. Both are null if staff accepted fewer than five users of this queue in
    the last hour, or if nobody who could serve this user is signed in.
    """

    place: int  # in the queue; 1: the user is next
    low_s: int | None = None
    high_s: int | None = None
    staffed: bool = True  # whether at least one member of staff who could serve this user is signed in
    ringing: bool = False
    since: int = 0
    asking_for: str = ""  # name of the user's last counselor while the request is offered to that counselor first


class CallbackView(Struct, kw_only=True):
    """A callback, or an appointment of the user with a member of staff.

    ``contact``: a telephone number or another way to reach the user; "" when the partner knows one.
    ``came``: whether the called-back user has connected.
    ``moved``: how often the user or the counselor has moved the callback to another time.
    ``staff_name``: name of the member of staff who has the appointment; "" for a callback by any counselor, and for users of
    a site that hides names. ``minutes``: length of an appointment; 0 for a callback by any counselor.
    ``anyone``: this member has declined the appointment, missed the ring or not come in time, so the appointment rings for every
    counselor.
    """

    state: CallbackState
    due_at: int
    contact: str = ""
    note: str = ""
    came: bool = False
    moved: int = 0
    staff_name: str = ""
    minutes: int = 0
    anyone: bool = False


class HelpView(Struct, kw_only=True):
    """A help request or a transfer, as staff see it."""

    state: HelpState
    note: str = ""
    category: str = ""
    mode: Mode | None = None
    hear_user: bool = False  # during a consultation: whether counselor and professional hear the user
    professional: str = ""  # participant id of the professional who has accepted; "" before that
    asked: int = 0  # how often the request has rung
    ringing_until: int | None = None
    catch_up_until: int | None = None
    asked_at: int = 0
    transfer: TransferHow = ""  # for a transfer: whether the colleague takes over at once or after a consultation
    to_name: str = ""  # name of the person or category that is asked
    why: NobodyWhy = ""  # for the state ``nobody``, if one person was asked by name: why that person did not come


class RecordingView(Struct, kw_only=True):
    """The state of the call's recording.

    ``asking``: some participants have not answered yet (``waiting_for``).
    ``on``: the call is being recorded now.
    ``off``: a participant refuses (``refused_by``), recording has ``failed``, or the call is over. ``you``: this viewer's own
    answer about recording; "" before the answer. ``kept``: something was recorded and not deleted.
    """

    state: Literal["asking", "on", "off"]
    you: Literal["", "yes", "no"] = ""
    waiting_for: list[str] = []  # ids of the participants who have not answered
    refused_by: list[str] = []
    failed: str = ""  # why recording failed, if it did: disk_full, write_failed, too_slow, worker_lost, not_configured
    kept: bool = False


class CaptionsView(Struct, kw_only=True):
    """The state of the call's captions.

    ``on``: the captions process writes down now what people say, because the participants in ``wanted_by`` want captions. While
    captions are on, clients must show this all the time. ``ready``: captions can be turned on. ``failed``: captions are off,
    because the captions process has failed. ``keep``: the site keeps the words if everybody agrees. ``you``: this viewer's own
    answer to whether the words may be kept; "" before the answer. ``kept``: the words are stored with the conversation.
    ``translate``: the language into which captions are translated for this viewer; empty for none.
    """

    on: bool = False
    wanted_by: list[str] = []
    ready: bool = True
    failed: bool = False
    keep: bool = False
    you: Literal["", "yes", "no"] = ""
    kept: bool = False
    translate: str = ""


class GuestLinkView(Struct, kw_only=True):
    """An invitation whose guest has not entered yet. ``guest``: the id that the guest will have.

    ``arriving``: the link has been opened, and the guest prepares to enter. Otherwise the link can be used until ``until``.
    """

    guest: str
    label: GuestLabel
    by: str
    until: int
    arriving: bool = False


class GuestsView(Struct, kw_only=True):
    """State of the invitations, as the user and staff see them. ``places``: how many more guests may be invited now.

    ``links``: invitations of guests who have not entered. ``camera``: the viewer may use their phone as a camera.
    """

    places: int = 0
    links: list[GuestLinkView] = []
    camera: bool = False


class InterpretingView(Struct, kw_only=True):
    """A guest's work as interpreter, as it is set now. ``by``: the name of the person who has set it.

    ``user``: how the user and their guests hear the voices of staff. ``staff``: how staff hear the voices of the user and the
    other guests. "full": as without an interpreter. "soft": softly, under the interpreter's voice. "none": not at all.
    ``paused``: the interpreter is not connected, is muted, or is on hold with the user, so now these voices are heard in full.
    """

    guest: str
    by: str
    user: Original
    staff: Original
    paused: bool = False


class CobrowseView(Struct, kw_only=True):
    """The state of co-browsing: whether staff see the page on which the user is.

    ``texts``: "strict" shows only the texts that the site shares; "open" shows all texts except those that the site marks as
    private. ``by``: participant id of the counselor who asked, or "". ``ready``: a page of the site is open. ``seen_by``:
    participants who see the page now. ``may_see``: this viewer may see the page. ``too_large``: the page cannot be shown.
    ``crowded``: the page is not shown, because the server already shows as many pages as it can.
    """

    state: Literal["", "asked", "on"] = ""
    texts: Literal["strict", "open"] = "strict"
    by: str = ""
    ready: bool = False
    seen_by: list[str] = []
    may_see: bool = False
    too_large: bool = False
    crowded: bool = False


class OpeningView(Struct, kw_only=True):
    """The state of the category: open or closed now, and when it opens next.

    ``opens_at``: when the category opens next; null while it is open, or when the next opening is not known.
    ``callbacks``: whether users may ask to be called back.
    """

    open: bool = True
    opens_at: int | None = None
    callbacks: bool = True


class MailView(Struct, kw_only=True):
    """The user's address for mails.

    ``to``: the user's address with most of its letters hidden; "" while none is known. ``copies``: the site allows mails
    with a copy of the conversation.
    """

    to: str = ""
    copies: bool = False


class PushView(Struct, kw_only=True):
    """The state of pushes to the user. ``on``: at least one browser of the user shows a notification when staff answer."""

    on: bool = False


class SessionView(Struct, kw_only=True):
    """A session as one viewer may see it. The server sends the whole view at each change.

    Only counselors and professionals get ``brief``, ``help`` and ``categories``. A guest who has not entered sees a session in
    preparation, with nobody else in it.
    """

    id: str
    site: SiteView
    category: CategoryView
    language: str
    channel: Channel
    state: SessionState
    you: str  # the viewer's participant id
    contact_needed: bool = False  # for the user only: the site cannot reach the user, so a callback needs a contact
    participants: list[ParticipantView] = []
    product_picture: str = ""  # id of the product's picture, which the board offers first; "" if there is none
    room: RoomView | None = None
    recording: RecordingView | None = None  # null if nobody is asked about recording, and nothing was recorded
    captions: CaptionsView | None = None  # null if this call can have no captions
    guests: GuestsView | None = None  # null if the viewer may invite nobody
    interpreting: InterpretingView | None = None
    cobrowse: CobrowseView | None = None  # null if staff can see no page of this user
    translates: bool = False  # chat lines and captions can be translated
    may_listen: bool = False  # operators are allowed to listen in; the page says so before the user enters
    listening: Listening = "off"  # for an operator who listens in: the most that the site lets operators do; "off" for others
    may_record: bool = False  # participants will be asked for consent to recording; the page says so before the user enters
    waiting: WaitingView | None = None
    opening: OpeningView | None = None  # for the user only, while no counselor is in the session; otherwise null
    mail: MailView | None = None  # null for everybody except the user, and if this server sends no mail
    push: PushView | None = None  # null for everybody except the user, and if this server sends no pushes
    callback: CallbackView | None = None
    upgrade: UpgradeView | None = None
    owner_lost: bool = False
    # for the user only: what the user can choose while the session's owner is disconnected, no counselor is there, or the wait is
    # long
    choices: list[Literal["wait", "another", "message"]] = []
    # when the session stops waiting for a disconnected person; it then ends, or continues without this person; null if the
    # session waits for nobody
    deadline: int | None = None
    lost: str = ""  # participant id of the disconnected person for whom the session waits until `deadline`, or ""
    end_reason: EndReason | Literal[""] = ""
    brief: Brief | None = None
    help: HelpView | None = None
    notes: str = ""  # for staff only: the notes that the viewer has typed, saved or not
    outcome: str = ""  # for staff only: the outcome and the tags that the viewer has chosen
    tags: list[str] = []
    rated: bool = False
    wrap_up_until: int | None = None
    categories: list[CategoryView] = []  # for staff only: categories of the site for which help may be asked
    started_at: int = 0
    active_at: int | None = None
    ended_at: int | None = None


class Span(Struct, kw_only=True, frozen=True):
    """The chat lines numbered from ``first`` to ``last``, without lines that the participant may not read."""

    first: Annotated[int, Meta(ge=1)]
    last: int


class Mark(Struct, kw_only=True):
    """The chat lines that one participant has received and read.

    ``delivered``: number of the newest line that the participant's page has. ``read``: lines that a visible page has shown. A
    user gets one mark for all staff together. In this mark, ``participant`` is "".
    """

    participant: str
    delivered: int = 0
    read: list[Span] = []


class Former(Struct, kw_only=True):
    """The text or picture that a chat line had before it was changed. ``until``: when the line was changed (ms)."""

    until: int
    text: str = ""
    picture: str = ""


class Line(Struct, kw_only=True):
    """One chat message of the session.

    ``kind``: text; picture (``picture`` is its id); file (``text`` is its name; ``args`` has its id as ``file``,
    its ``kind`` and ``bytes``, and ``locked`` if it needs a password); note (of staff, for staff); caption (words that were said;
    ``args`` has ``language`` and ``confidence``, 0 to 1); system. The ``text`` of a system line is a key such as ``joined``,
    ``left``, ``mode.whisper``, ``help.asked`` or ``recording.on``. Its ``args`` are values for the sentence that the page shows.
    ``rev``: number of the line's newest change; equal to ``seq`` until the line is changed. A retracted line has neither text nor
    picture. ``reply_to``: ``seq`` of the line to which this line replies; 0: this line is no reply.
    ``former``: the line's earlier texts and pictures, oldest first. Users never get ``former``.
    """

    seq: int
    id: str
    author: str  # participant id of the author; "" for system lines
    name: str
    role: Role | Literal["system"]
    kind: Literal["text", "picture", "file", "note", "caption", "system"]
    audience: Audience
    at: int
    text: str = ""
    picture: str = ""
    args: dict[str, str] = {}
    rev: int = 0
    change: Literal["", "edited", "retracted"] = ""
    changed_at: int = 0
    reply_to: int = 0
    former: list[Former] = []
