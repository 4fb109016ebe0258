"""The rows of the tables as values. Times are milliseconds since the Unix epoch. If a time is None, this moment has not come yet.

These values contain secrets (keys, hashes of passwords and tokens): never send a whole value to a browser.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from signaling.protocol.language_tags import lookup
from signaling.protocol.session_views import Line
from signaling.protocol.words import (
    Audience,
    Captions,
    Channel,
    Cobrowse,
    Listening,
    Office,
    Role,
    SessionState,
    StaffRole,
)

from .appointment_plan import AppointmentPlan
from .mail_plan import MailPlan
from .opening_hours import Hours
from .site_front import CHANNELS, Corner, FormField, in_language
from .wrap_up import STANDARD, WrapUpPlan

LineRecord = Line  # a chat line is stored in the form in which it is sent to clients
MessageState = Literal["new", "taken", "done"]
FIRST_ORGANISATION = "main"  # id of the organisation that every installation has


class StaleEpoch(Exception):
    """The board was opened under a higher epoch (number of the room's opening): another media worker runs the room now."""


class Overtaken(Exception):
    """Another server has become the leader, because this server seemed dead. The state in this server's memory is out of date."""


class RecordsAway(Exception):
    """The database is unavailable: it does not answer, or cannot write (locked, full).

    The database might be available again soon.

    Nothing was read. After a write has raised `RecordsAway`, it is unknown whether the write was committed.
    """


# `next_at` of a mail or webhook event that is due at once; this value works even if the clocks of a command and the sender differ
DUE_NOW = 0


class Changed(Exception):
    """Somebody else has changed or removed the object since it was read. Nothing was stored."""


class UnknownSession(LookupError):
    """There is no such session: it never existed, or it was erased."""


def version_of(value: Struct) -> str:
    """Return a hash of the value's content, so that a save can notice that the value has changed since it was read."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:16]


class Organisation(Struct, frozen=True, kw_only=True):
    """An organisation. An organisation owns sites and staff, and everything that belongs to its sites and staff."""

    id: str
    name: str = ""


class Category(Struct, frozen=True, kw_only=True):
    """A category of a site. `priority`, `hours` and `widens_s` are inherited from the parent when they are None.

    `names`: language → name. `parent`: id of a category of the same site, or None. `hours`: when the category is open; if no
    ancestor has hours either, the category is always open.
    `priority`: how far users' requests in this category are put ahead of requests in other categories
    (`matcher.rules.Rules.priority_step_ms`). `widens_s`: two waits of a user's request, in seconds. After the first wait, the
    request is also offered to staff of the parent categories; after the second, it is offered to all staff of the site.
    `form`: the questions to users before the conversation; None: inherited from the parent.
    """

    id: str
    parent: str | None = None
    names: dict[str, str] = {}
    hours: Hours | None = None
    priority: int | None = None
    widens_s: tuple[int, int] | None = None
    form: list[FormField] | None = None


class SiteKey(Struct, frozen=True, kw_only=True):
    """A key with which a partner signs identification codes.

    Exactly one of the fields `secret`, `public` and `address` is set. The two others are "". `secret`: a secret for HS256, which
    the partner also has, base64url of at least 32 bytes. `public`: a public key for EdDSA or ES256, as JWK. `address`: where the
    partner publishes public keys, as a JWK set.
    """

    kid: str
    secret: str = ""
    public: str = ""
    address: str = ""


class Site(Struct, frozen=True, kw_only=True):
    """A partner's site.

    - `origins`: origins of the partner's pages ("https://shop.example"). `page_params`: query parameters that stay in the
      addresses of the pages on which a user was; all other parameters are cut off. `keys`: at most two live signing keys, or
      addresses of keys.
    - `accent`: the site's colour as "#rrggbb". `logo`: id of the picture next to the site's name, or "". `corner`: the corner of
      the page in which the launcher is. `launcher_texts`: language → the site's own text of the launcher.
    - `privacy_url`, `home_url`: addresses of pages of the partner, or "". `languages`: tags of the languages that the site
      offers. `channels`: the channels (text, voice, video) that users can choose.
    - `retention_days`: for how many days after its end a session is kept.
    - `recording`: whether calls may be recorded when all agree. `recording_notice`: language → text that users read before they
      agree to a recording. `waiting_notice`: language → text that users read while they wait.
    - `listening`: what operators may do during a call. "off": nothing. "on": listen in. "whisper": also speak to the counselor.
      "join": also speak to everybody. Unless the value is "off", the page tells users before they enter that an operator may
      listen in.
    - `captions`: "off": no captions. "live": people in a call may turn captions on. "keep": captions may also be kept with the
      conversation, if all agree.
    - `cobrowse`: whether counselors may ask to see the user's page, and which texts they then see. "off": they may not ask.
      "strict": only texts that the site shares. "open": all texts except those that the site marks as private.
    - `guests`: at most this many guests can be in a conversation at the same time, 0 to 3. `file_mb`: the largest file that
      people may send each other, in MB; 0: pictures only. `read_marks`: whether people see who has read a line. `staff_names`:
      whether the panel names the counselors at work.
    - `callbacks`: whether users may book callbacks. `appointments`: the site's settings for appointments, which are callbacks by
      one particular counselor. None: users can book no appointments, only callbacks that any counselor may take.
    - `thread_days`: for how many days a text conversation sleeps after its user has left; 0: the conversation ends instead.
      `own_past`: whether users for whom the partner vouches may read their own earlier conversations.
    - `wrap_up`: what staff choose after a conversation; None: the standard choices.
    - `mail`: senders and wordings of the site's mails, and who gets alerts.
    """

    id: str
    organisation: str = FIRST_ORGANISATION
    names: dict[str, str] = {}
    origins: list[str] = []
    accent: str = ""
    privacy_url: str = ""
    home_url: str = ""
    retention_days: int = 90
    languages: list[str] = []
    page_params: list[str] = []
    recording: Literal["off", "ask"] = "off"
    callbacks: Literal["offered", "off"] = "offered"
    listening: Listening = "off"
    file_mb: int = 25
    wrap_up: WrapUpPlan | None = None
    read_marks: Literal["off", "on"] = "on"
    staff_names: Literal["shown", "hidden"] = "shown"
    thread_days: int = 7
    own_past: Literal["shown", "off"] = "shown"
    captions: Captions = "live"
    guests: int = 0
    cobrowse: Cobrowse = "off"
    logo: str = ""
    corner: Corner = "right"
    launcher_texts: dict[str, str] = {}
    channels: list[Channel] = field(default_factory=lambda: list(CHANNELS))
    waiting_notice: dict[str, str] = {}
    recording_notice: dict[str, str] = {}
    mail: MailPlan = field(default_factory=MailPlan)
    appointments: AppointmentPlan | None = None
    categories: dict[str, Category] = {}
    keys: list[SiteKey] = []

    def name(self, language: str) -> str:
        """Return the site's name in `language`, else in the most suitable language of the site, else the site's id."""
        return in_language(self.names, language) or self.id

    def language_for(self, language: str) -> str | None:
        """Return the site's own tag for a language ("ko" for "ko_KR"), or None when the site does not offer the language."""
        return lookup(language, self.languages)

    def category_name(self, category: str, language: str) -> str:
        """Return the category's name in `language`, else in the most suitable language, else the category's id."""
        names = self.categories[category].names if category in self.categories else {}
        return in_language(names, language) or category

    @property
    def wrap_up_plan(self) -> WrapUpPlan:
        """Return the site's own choices after a conversation or, if it has none, the standard choices."""
        return self.wrap_up or STANDARD

    def outcome_name(self, outcome: str, language: str) -> str:
        """Return the outcome with its headings, as in "Returns › Damaged".

        If the site no longer has the outcome, return the outcome's id.
        """
        line = self.wrap_up_plan.line(outcome)
        return " › ".join(in_language(each.names, language) for each in line) or outcome

    def tag_name(self, tag: str, language: str) -> str:
        """Return the tag's name, or its id when the site no longer has the tag."""
        names = next((each.names for each in self.wrap_up_plan.tags if each.id == tag), {})
        return in_language(names, language) or tag

    def category_path(self, category: str) -> tuple[str, ...]:
        """Return this category and its ancestors, such as ("lenses", "cameras"), up to an unknown or repeated parent."""
        path: list[str] = []
        here: str | None = category
        while here is not None and here in self.categories and here not in path:
            path.append(here)
            here = self.categories[here].parent
        return tuple(path)

    def priority_of(self, category: str) -> int:
        """Return the category's own priority, else that of its nearest ancestor with one, else 0."""
        found = (self.categories[each].priority for each in self.category_path(category))
        return next((priority for priority in found if priority is not None), 0)

    def widens_ms_of(self, category: str) -> tuple[int, int] | None:
        """Return the category's own `widens_s` in ms, else its nearest ancestor's, else None (the matcher's defaults)."""
        found = (self.categories[each].widens_s for each in self.category_path(category))
        seconds = next((each for each in found if each is not None), None)
        return (seconds[0] * 1000, seconds[1] * 1000) if seconds else None

    def form_of(self, category: str) -> list[FormField]:
        """Return the category's own form, else its nearest ancestor's, else an empty form."""
        found = (self.categories[each].form for each in self.category_path(category))
        return next((form for form in found if form is not None), [])

    def hours_of(self, category: str) -> Hours | None:
        """Return the category's own opening hours, else its nearest ancestor's, else None (always open)."""
        return next((found for each in self.category_path(category) if (found := self.categories[each].hours) is not None), None)


class StaffRecord(Struct, frozen=True, kw_only=True):
    """A member of staff. `sites` and `categories` can contain "*" for all sites or categories of the member's organisation.

    `role`: the member's part in conversations; an operator takes no conversations. `offices`: all other roles of the member.
    `active`: whether the member may sign in.
    `texts`: at most this many text sessions at a time. `calls`: at most this many calls at a time. A member can have texts and
    calls together. `texts_in_call`: whether the member gets new text sessions during a call.
    `mail`: the address to which mails about their account go, or "". `locale`: the language of these mails; "" for the first of
    `languages`.
    """

    id: str
    login: str
    name: str
    organisation: str = FIRST_ORGANISATION
    role: Role
    offices: list[Office] = []
    active: bool = True
    password_hash: str = ""
    languages: list[str] = []
    sites: list[str] = field(default_factory=lambda: ["*"])
    categories: list[str] = field(default_factory=lambda: ["*"])
    texts: int = 3
    calls: int = 1
    texts_in_call: bool = True
    mail: str = ""
    locale: str = ""

    @property
    def roles(self) -> tuple[StaffRole, ...]:
        """All roles of the member: `role` and `offices`."""
        part: tuple[StaffRole, ...] = (self.role,) if self.role in ("counselor", "professional") else ()
        return (*self.offices, *part)


class SignInRecord(Struct, frozen=True, kw_only=True):
    """A sign-in of a member of staff.

    `seen_at`: when the sign-in was last used, to the minute; 0 if it was never used after it was made.
    `device` and `network`: from which browser and network the sign-in was made, in words for the member. `proved_at`: when the
    member last gave a password, a second factor or a passkey. `limited`: the sign-in can only be used to set up a second factor.
    """

    token_hash: str
    staff: str
    created_at: int
    expires_at: int
    seen_at: int = 0
    device: str = ""
    network: str = ""
    proved_at: int = 0
    limited: bool = False

    def stands(self, now: int, idle_ms: int) -> bool:
        """Return whether the sign-in is still valid: it has not expired, and was used within the last `idle_ms`."""
        return now < self.expires_at and now - max(self.created_at, self.seen_at) < idle_ms


class SessionRecord(Struct, frozen=True, kw_only=True):
    """A session.

    `brief`: JSON of `session_views.Brief`. `snapshot`: the encoded state machine (`signaling/session/`), b"" before the first
    save.
    `user_ref`: hash of the partner's id for this user, "" when the partner does not vouch for the user.
    """

    id: str
    organisation: str = FIRST_ORGANISATION
    site: str
    category: str
    language: str
    channel: Channel
    state: SessionState = "preparing"
    token_hash: str = ""
    user_ref: str = ""
    user_name: str = ""
    brief: bytes = b"{}"
    snapshot: bytes = b""
    started_at: int = 0
    waiting_at: int | None = None
    active_at: int | None = None
    ended_at: int | None = None
    end_reason: str = ""
    counselor: str = ""
    professional: str = ""
    rating_score: int | None = None
    rating_words: str = ""
    wrap_up_staff: str = ""
    wrap_up_notes: str = ""
    wrap_up_outcome: str = ""
    wrap_up_tags: list[str] = []
    last_seq: int = 0


class EarlierRecord(Struct, frozen=True, kw_only=True):
    """The part of a finished session that staff may see when the same user returns, if the partner vouches for the user."""

    id: str
    site: str
    user_ref: str
    category: str
    started_at: int
    ended_at: int
    counselor: str = ""
    wrap_up_notes: str = ""
    wrap_up_outcome: str = ""
    rating_score: int | None = None


class EventRecord(Struct, frozen=True, kw_only=True):
    """An event of a session, with its details in `data`.

    For a reservation (a request that is held for one member of staff), `data` contains `staff_views.Why`: why this member was
    chosen.
    """

    session: str
    kind: str
    at: int
    data: dict[str, Any] = {}


class MessageRecord(Struct, frozen=True, kw_only=True):
    """A message that a user left because nobody could serve the user.

    `mail`: id of the mail that tells the user of the answer; "refused/" and a reason if there is no such mail; "" without an
    answer.
    """

    id: str
    session: str
    site: str
    category: str
    language: str
    contact: str
    text: str
    at: int
    state: MessageState = "new"
    taken_by: str = ""
    mail: str = ""


class PictureRecord(Struct, frozen=True, kw_only=True):
    """A checked and re-encoded picture.

    `use`: "line", "board" or "product". `author`: participant id. `data`: the bytes of the picture's file.
    """

    id: str
    session: str
    audience: Audience
    use: str
    author: str
    mime: str
    width: int
    height: int
    data: bytes
    at: int = 0


class BoardStep(Struct, frozen=True):
    """One update of a board's journal. `at`: when the board changed (Unix ms); 0 if it changed before times were stored."""

    at: int
    update: bytes


class BoardPart(Struct, frozen=True):
    """A part of a board's journal.

    `last`: number of the part's last update, as updates are numbered since the room's opening `epoch`. `more`: whether there is a
    next part.
    """

    steps: list[BoardStep]
    epoch: int
    last: int
    more: bool


class FileRecord(Struct, frozen=True, kw_only=True):
    """A file that somebody sent. The bytes are in the folder of files (`signaling/files/`).

    `name`: the cleaned name. `kind`: a key of `files.kinds.MIMES`. `size`: in bytes. `locked`: whether the file needs a password.
    """

    id: str
    session: str
    audience: Audience
    author: str
    name: str
    kind: str
    mime: str
    size: int
    locked: bool
    at: int


class Change(Struct, frozen=True, kw_only=True):
    """A change of settings.

    `before` and `after` contain only the changed fields. `before` None: the object is new. `after` None: the object was removed.
    """

    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditRecord(Struct, frozen=True, kw_only=True):
    """An audit entry.

    `actor`: who acted: a staff id, "cli", "user", "unknown", "provider", "server", "system", or "token/" and the id of an API
    token.
    `subject`: the object of the action, such as "session/s-…".

    `n`: the entry's number; 0 before it is stored. `change`: the changed fields, with their values before and after; None when
    the action changed no setting.
    """

    actor: str
    action: str
    subject: str
    at: int
    detail: str = ""
    n: int = 0
    change: Change | None = None


class DayCounts(Struct, frozen=True, kw_only=True):
    """Today's figures for the wallboard. A figure without data is None.

    `served`: sessions that a counselor answered. `left`: sessions that ended unanswered, because the user gave up or left a
    message. `service_level_percent`: of all served and left sessions, the share that a counselor answered within 20 s.
    `rating`: mean score of the users' ratings, 1 to 5.
    """

    served: int
    left: int
    service_level_percent: float | None
    rating: float | None
