"""Check settings that people type: sites with their categories, and staff. The command line and the pages use the same checks.

A check returns the canonical form of the settings, or raises `Invalid` with a problem for each wrong field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from matcher.rules import MOST_CAPACITY, MOST_PRIORITY, MOST_WIDENS_MS
from signaling.config import web_addresses
from signaling.protocol.language_tags import canonical
from signaling.protocol.mail_addresses import address_in
from signaling.protocol.own_texts import LANGUAGES
from signaling.protocol.reasons import FieldProblem
from signaling.protocol.texts import BadText, Exact, Seen

from .site_front import CHANNELS, MOST_CHOICES, MOST_FIELDS, MOST_LABEL, MOST_LAUNCHER, MOST_NOTICE, FormField
from .types import Category, Site, StaffRecord

_Fields = Mapping[str, Any]

MOST_NAME = 100  # the name of a site, category or member has at most this many characters
MOST_FILE_MB = 500  # a site may allow files of at most this many megabytes
# A site may allow at most this many guests in one conversation. With user, counselor and professional, six people can be in a
# room; operators who join the conversation are further people.
MOST_GUESTS = 3
MOST_RETENTION_DAYS = 3650  # a site may keep sessions for at most this many days after their end
MOST_CATEGORIES = 200  # one site has at most this many categories
MOST_LISTED = 100  # one site has at most this many origins, at most this many languages, and at most this many query parameters
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,64}")  # "." and ".." have another meaning in a URL's path
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")

SENTENCES: Final[dict[FieldProblem, str]] = {
    "needed": "is missing",
    "too_many": "has too many entries",
    "bad_id": "has letters, digits, “-”, “_” and “.” only, 64 at most",
    "bad_name": "has 1 to 100 characters",
    "too_long": "is too long",
    "bad_origin": "must be origins such as https://shop.example, without a path",
    "bad_address": "must be an address that begins with https://",
    "bad_language": "must be languages such as ko, en-US or zh-Hant",
    "bad_colour": "must be a colour such as #0f5f57",
    "bad_number": "is outside the allowed range",
    "bad_parent": "must be another category of the site that is not below this one",
    "unknown": "does not exist",
    "unknown_value": "names a value in braces that this mail does not have",
    "taken": "is taken already",
    "two_parts": "cannot be both counselor and professional",
    "no_capacity": "needs room for at least one text or one call",
    "last_owner": "would leave the organisation without an owner; make somebody else an owner first",
    "not_yours": "is more than your own role may give",
    "bad_key": "must be a public key of Ed25519 or P-256, in PEM or as a JWK",
    "private_key": "is a private key; keep it, and give the public key",
    "no_keys": "gave no usable keys",
    "private_address": "must be public; the server's setting --webhook-allow names other networks that may be reached",
    "text_only": "is for conversations by text only",
    "one_kind": "must be either a public key or an address, not both",
    "not_allowed": "must be an address that the server's setting --mail-from-allow names",
    "bad_mail": "must be a mail address such as jimin@shop.example",
}


class Invalid(ValueError):
    """The settings are refused. `problems`: what is wrong with each field, such as {"origins": "bad_origin"}."""

    def __init__(self, problems: Mapping[str, FieldProblem]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{field} {SENTENCES[problem]}" for field, problem in self.problems.items()))


class _Checks:
    """Collects what is wrong with the fields of one form."""

    def __init__(self) -> None:
        self.problems: dict[str, FieldProblem] = {}

    def require(self, field: str, problem: FieldProblem, good: bool) -> None:
        if not good:
            self.problems.setdefault(field, problem)

    def each(self, field: str, problem: FieldProblem, values: Iterable[str], read: Callable[[str], str]) -> list[str]:
        """Return the values as `read` returns them, without duplicates. Record `problem` if `read` refuses one of them.

        More than `MOST_LISTED` values are the problem "too_many".
        """
        found: dict[str, None] = {}
        for value in values:
            try:
                read_value = read(value)
            except (BadText, web_addresses.BadAddress):
                read_value = ""
            self.require(field, problem, bool(read_value))
            found[read_value] = None
        self.require(field, "too_many", len(found) <= MOST_LISTED)
        return list(found)

    def names(
        self,
        field: str,
        names: Mapping[str, str],
        most: int = MOST_NAME,
        *,
        problem: FieldProblem = "bad_name",
        needed: bool = True,
    ) -> dict[str, str]:
        """Return language → name, without empty names.

        `problem`: what to record if a name has more than `most` characters. `needed`: whether at least one name is required.
        """
        found = {}
        for language, name in names.items():
            if not name.strip():
                continue
            tag = canonical(language)
            self.require(field, "bad_language", bool(tag))
            [found[tag or language]] = self.each(field, problem, [name], Seen(most, least=1))
        self.require(field, "needed", bool(found) or not needed)
        return found

    def texts(self, field: str, texts: Mapping[str, str], most: int) -> dict[str, str]:
        """Return language → text, without empty texts. No language needs a text. Each text has at most `most` characters."""
        return self.names(field, texts, most, problem="too_long", needed=False)

    def page(self, field: str, address: str) -> str:
        return self.each(field, "bad_address", [address.strip()], web_addresses.page)[0] if address.strip() else ""

    def done(self) -> None:
        if self.problems:
            raise Invalid(self.problems)


def checked_site(site: Site) -> Site:
    """Return the site in canonical form. Raises Invalid."""
    checks = _Checks()
    checks.require("id", "bad_id", bool(_ID.fullmatch(site.id)))
    checks.require("origins", "needed", bool(site.origins))
    checks.require("languages", "needed", bool(site.languages))
    checks.require("accent", "bad_colour", not site.accent or bool(_COLOUR.fullmatch(site.accent)))
    checks.require("retention_days", "bad_number", 1 <= site.retention_days <= MOST_RETENTION_DAYS)
    checks.require("file_mb", "bad_number", 0 <= site.file_mb <= MOST_FILE_MB)
    checks.require("guests", "bad_number", 0 <= site.guests <= MOST_GUESTS)
    checks.require("categories", "too_many", len(site.categories) <= MOST_CATEGORIES)
    checks.require("channels", "needed", bool(site.channels))
    checked = replace(
        site,
        names=checks.names("names", site.names),
        origins=checks.each("origins", "bad_origin", site.origins, web_addresses.origin),
        languages=checks.each("languages", "bad_language", site.languages, canonical),
        privacy_url=checks.page("privacy_url", site.privacy_url),
        home_url=checks.page("home_url", site.home_url),
        page_params=checks.each("page_params", "bad_name", site.page_params, Exact(100)),
        channels=[channel for channel in CHANNELS if channel in site.channels],
        launcher_texts=checks.texts("launcher_texts", site.launcher_texts, MOST_LAUNCHER),
        waiting_notice=checks.texts("waiting_notice", site.waiting_notice, MOST_NOTICE),
        recording_notice=checks.texts("recording_notice", site.recording_notice, MOST_NOTICE),
        categories={each.id: _checked_category(checks, each, site) for each in site.categories.values()},
    )
    checks.done()
    return checked


def _checked_category(checks: _Checks, category: Category, site: Site) -> Category:
    """Return the category in canonical form. In a problem, a field of the category has the name "categories.ID.field"."""
    here = f"categories.{category.id}"
    checks.require(f"{here}.id", "bad_id", bool(_ID.fullmatch(category.id)))
    priority, widens_s = category.priority or 0, category.widens_s or (0, 0)
    checks.require(f"{here}.priority", "bad_number", abs(priority) <= MOST_PRIORITY)
    checks.require(f"{here}.widens_s", "bad_number", all(0 <= each <= MOST_WIDENS_MS // 1000 for each in widens_s))
    if category.parent is not None:
        known = category.parent in site.categories
        checks.require(f"{here}.parent", "bad_parent", known and not _is_below(site, category.parent, category.id))
    form = None if category.form is None else _checked_form(checks, f"{here}.form", category.form)
    return replace(category, names=checks.names(f"{here}.names", category.names), form=form)


def _checked_form(checks: _Checks, here: str, form: list[FormField]) -> list[FormField]:
    """Return the form's fields in canonical form. In a problem, a field has the name "categories.ID.form.NUMBER.part"."""
    checks.require(here, "too_many", len(form) <= MOST_FIELDS)
    return [_checked_field(checks, f"{here}.{number}", each, form[:number]) for number, each in enumerate(form[:MOST_FIELDS])]


def _checked_field(checks: _Checks, here: str, asked: FormField, before: list[FormField]) -> FormField:
    checks.require(f"{here}.id", "bad_id", bool(_ID.fullmatch(asked.id)))
    checks.require(f"{here}.id", "taken", asked.id not in {each.id for each in before})
    choices = asked.choices if asked.kind == "choice" else []
    checks.require(f"{here}.choices", "needed", len(choices) >= 2 or asked.kind != "choice")
    checks.require(f"{here}.choices", "too_many", len(choices) <= MOST_CHOICES)
    names = checks.names(f"{here}.names", asked.names, MOST_LABEL, problem="too_long")
    shown = [checks.names(f"{here}.choices", each, MOST_LABEL, problem="too_long") for each in choices[:MOST_CHOICES]]
    return replace(asked, names=names, choices=shown)


def _is_below(site: Site, category: str, ancestor: str) -> bool:
    return ancestor in site.category_path(category)


def checked_staff(member: StaffRecord, sites: Iterable[Site]) -> StaffRecord:
    """Return the member in canonical form. `sites`: the sites of the member's organisation. Raises Invalid."""
    checks, known = _Checks(), {site.id: site for site in sites}
    login = member.login.strip().lower()
    checks.require("login", "bad_id", bool(_ID.fullmatch(login)))
    checks.require("roles", "needed", bool(member.roles))
    serves = member.role in ("counselor", "professional")
    checks.require("languages", "needed", bool(member.languages) or not serves)
    checks.require("sites", "needed", bool(member.sites))
    checks.require("sites", "unknown", all(site == "*" or site in known for site in member.sites))
    checks.require("categories", "needed", bool(member.categories) or not serves)
    theirs = known.values() if "*" in member.sites else [known[site] for site in member.sites if site in known]
    categories = {category for site in theirs for category in site.categories} | {"*"}
    checks.require("categories", "unknown", set(member.categories) <= categories)
    for field in ("texts", "calls"):
        checks.require(field, "bad_number", 0 <= getattr(member, field) <= MOST_CAPACITY)
    checks.require("texts", "no_capacity", member.texts + member.calls > 0 or not serves)
    [name] = checks.each("name", "bad_name", [member.name], Seen(MOST_NAME, least=1))
    languages = checks.each("languages", "bad_language", member.languages, canonical)
    mail = address_in(member.mail)
    checks.require("mail", "bad_mail", bool(mail) or not member.mail.strip())
    checks.require("locale", "unknown", member.locale in ("", *LANGUAGES))
    checks.done()
    return replace(member, login=login, name=name, languages=languages, mail=mail)


def changes(before: _Fields | None, after: _Fields | None) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the settings that differ: first their old values, then their new values.

    `before`: None for a new site or member; then the old values are None, and the new values are all settings in `after`.
    `after`: None for a removed site or member; then the new values are None, and the old values are all settings in `before`.
    """
    if before is None or after is None:
        return (None if before is None else dict(before)), (None if after is None else dict(after))
    differing = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in differing}, {name: after[name] for name in differing}
