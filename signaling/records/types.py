"""The rows, as values. Times are milliseconds since the Unix epoch; `None` means not yet.

Secrets (key secrets, password and token hashes) stand in these values: never encode a whole record to a client.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from signaling.protocol.language_tags import lookup
from signaling.protocol.messages import Audience, Channel, Line, Role, SessionState

from .opening_hours import Hours

LineRecord = Line  # a line is stored as it is sent
MessageState = Literal["new", "taken", "done"]


class StaleEpoch(Exception):
    """A newer epoch has opened this board: the writer's room lives elsewhere now."""


class Overtaken(Exception):
    """Another server decides now: ours was thought dead, and what it knows is old."""


class RecordsAway(Exception):
    """The database does not answer, or cannot write (locked, full): it may soon. Nothing was read; what was being written may or
    may not stand there."""


class UnknownSession(LookupError):
    """No such session (never was, or erased by retention)."""


class Category(Struct, frozen=True, kw_only=True):
    """`names`: language → name; `parent`: the id of a category of the same site, or None; `hours`: when it is open;
    `priority`: before whom its requests are served (`matcher.rules.Rules.priority_step_ms`); `widens_s`: after how much waiting
    those who serve its parents are asked too, and after how much everybody of the site; None: as its parent."""

    id: str
    parent: str | None = None
    names: dict[str, str] = {}
    hours: Hours | None = None
    priority: int | None = None
    widens_s: tuple[int, int] | None = None


class SiteKey(Struct, frozen=True, kw_only=True):
    """A partner's signing key (HS256): `secret` is base64url of at least 32 bytes."""

    kid: str
    secret: str


class Site(Struct, frozen=True, kw_only=True):
    """A partner's site. `origins`: allowed page origins ("https://shop.example"); `page_params`: query parameters that page
    addresses may keep; `keys`: at most two live signing keys; `accent`: "#rrggbb"; `recording`:
    may conversations be recorded when all agree; `listening`: may operators listen in, which users are told before entering."""

    id: str
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
    listening: Literal["off", "on"] = "off"
    categories: dict[str, Category] = {}
    keys: list[SiteKey] = []

    def name(self, language: str) -> str:
        """In that language, else in any the site has, else its id."""
        return _in_language(self.names, language) or self.id

    def language_for(self, language: str) -> str | None:
        """The site's own tag for a language asked for: "ko" for "ko_KR"; None when the site does not offer it."""
        return lookup(language, self.languages)

    def category_name(self, category: str, language: str) -> str:
        names = self.categories[category].names if category in self.categories else {}
        return _in_language(names, language) or category

    def category_path(self, category: str) -> tuple[str, ...]:
        """From the category itself to its root: ("lenses", "cameras"). Unknown parents and circles end the path."""
        path: list[str] = []
        here: str | None = category
        while here is not None and here in self.categories and here not in path:
            path.append(here)
            here = self.categories[here].parent
        return tuple(path)

    def priority_of(self, category: str) -> int:
        """Its own, else that of the nearest category above that has one."""
        found = (self.categories[each].priority for each in self.category_path(category))
        return next((priority for priority in found if priority is not None), 0)

    def widens_ms_of(self, category: str) -> tuple[int, int] | None:
        """Its own, else that of the nearest category above that has some; None: the matcher's rules."""
        found = (self.categories[each].widens_s for each in self.category_path(category))
        seconds = next((each for each in found if each is not None), None)
        return (seconds[0] * 1000, seconds[1] * 1000) if seconds else None

    def hours_of(self, category: str) -> Hours | None:
        """Its own hours, else those of the nearest category above that has some; None: always open."""
        return next((found for each in self.category_path(category) if (found := self.categories[each].hours) is not None), None)


def _in_language(names: dict[str, str], language: str) -> str:
    """The name in that language, else in the one that fits best, else in any; "" when there is none."""
    return names.get(language) or names.get(lookup(language, names) or "") or next(iter(names.values()), "")


class StaffRecord(Struct, frozen=True, kw_only=True):
    """`sites` and `categories` may hold "*" for all; `capacity`: sessions at once."""

    id: str
    login: str
    name: str
    role: Role
    password_hash: str = ""
    languages: list[str] = []
    sites: list[str] = field(default_factory=lambda: ["*"])
    categories: list[str] = field(default_factory=lambda: ["*"])
    capacity: int = 1


class SignInRecord(Struct, frozen=True, kw_only=True):
    """`seen_at`: when it was last used, to the minute; 0: not since it was made."""

    token_hash: str
    staff: str
    created_at: int
    expires_at: int
    seen_at: int = 0

    def stands(self, now: int, idle_ms: int) -> bool:
        """Whether it is neither expired nor has been idle for `idle_ms`."""
        return now < self.expires_at and now - max(self.created_at, self.seen_at) < idle_ms


class SessionRecord(Struct, frozen=True, kw_only=True):
    """`brief`: JSON of `messages.Brief`. `snapshot`: the state machine as `session.py` encodes it, b"" before the first save.
    `user_ref`: hash of the partner's id for this user, "" when the partner does not vouch for one."""

    id: str
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
    last_seq: int = 0


class EarlierRecord(Struct, frozen=True, kw_only=True):
    """What staff may see of a finished session of the same vouched-for user."""

    id: str
    site: str
    user_ref: str
    category: str
    started_at: int
    ended_at: int
    counselor: str = ""
    wrap_up_notes: str = ""


class EventRecord(Struct, frozen=True, kw_only=True):
    """Something that happened to a session and why (`data` holds, for a reservation, `messages.Why`)."""

    session: str
    kind: str
    at: int
    data: dict[str, Any] = {}


class MessageRecord(Struct, frozen=True, kw_only=True):
    """A message left by a user whom nobody could serve."""

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


class PictureRecord(Struct, frozen=True, kw_only=True):
    """A checked, re-encoded picture. `use`: line, board or product. `author`: participant id."""

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


class AuditRecord(Struct, frozen=True, kw_only=True):
    """`actor`: staff id, "cli", "user", or "unknown"; `subject`: what it was done to, such as "session/s-…"."""

    actor: str
    action: str
    subject: str
    at: int
    detail: str = ""


class DayCounts(Struct, frozen=True, kw_only=True):
    """For the wallboard. `left`: given up before anybody answered. Percentages and means are None without data."""

    served: int
    left: int
    service_level_percent: float | None
    rating: float | None
