"""The tables of a file for `sangdam apply`: their keys, and how an installation is written as tables. This module does no I/O.

A file holds no passwords, no secrets of keys and sign-in providers, no pictures of saved replies, no sessions, and no settings
that each member of staff makes for themselves.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import tomli_w
from msgspec import Meta, Struct, field

from signaling.access.oidc.setting_up import ProviderForm, plain
from signaling.access.signing_keys import MOST_TYPED_BYTES
from signaling.protocol.reading import by
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Locale
from signaling.records import FIRST_ORGANISATION, Category, SignInRules, Site, SiteKey, StaffRecord
from signaling.records.checks import MOST_NAME
from signaling.records.mail_plan import MailPlan
from signaling.records.opening_hours import Hours
from signaling.records.reply_csv import TEXT, TITLE
from signaling.records.sign_ins import INSTALLATION, MOST_HOURS, ProviderUse, Required, organisation_of, rules_of
from signaling.records.site_settings import CategorySettings, SiteSettings, settings_of
from signaling.records.staff_settings import StaffSettings, settings_of_member
from signaling.records.wrap_up import WrapUpPlan

from .installation import Installation

INHERIT = "inherit"  # Value of a category's key if the category inherits this setting from its parent.
STANDARD = "standard"  # Value of a site's `outcomes` if the standard outcomes apply.
OFF = "off"  # Value of a site's `appointments` if the site offers none, and of `sign_in_provider` if there must be no provider.
PROVIDER = "sign_in_provider"  # Key of the sign-in provider of the installation or of an organisation.
INHERITED = ("hours", "priority", "widens_s", "form")

_Id = Annotated[str, Meta(max_length=64, pattern=r"^(?!\.{1,2}\Z)[A-Za-z0-9_.-]+\Z")]


class OrganisationTable(Struct, kw_only=True):
    """A table [organisations.ID] of the file."""

    id: _Id
    name: Annotated[str, by(Seen(MOST_NAME, least=1))]


class SignInTable(Struct, kw_only=True):
    """Rules for signing in: the table [sign_in] of the whole installation, or [organisations.ID.sign_in] of an organisation."""

    second_factor: Required = "off"
    provider: ProviderUse = "offered"
    hours: Annotated[int, Meta(ge=0, le=MOST_HOURS)] = 0


class ProviderTable(ProviderForm, kw_only=True):
    """A sign-in provider: the table [sign_in_provider] of the installation, or [organisations.ID.sign_in_provider].

    `client_secret_env`, `client_secret_file`: the environment variable or the file with the client secret. If neither is given,
    the stored secret stays.
    """

    client_secret_env: Annotated[str, by(Exact(200))] = ""
    client_secret_file: Annotated[str, by(Exact(2000))] = ""


class CategoryTable(CategorySettings, kw_only=True):
    """A table [sites.SITE.categories.ID] of the file. `hours`: None to inherit the opening hours of the parent."""

    hours: Hours | None = None


class ReplyTable(Struct, kw_only=True):
    """One saved reply, an entry of [[sites.SITE.replies]]. `language`: "" when the reply suits every language."""

    language: Locale = ""
    title: Annotated[str, by(TITLE)]
    text: Annotated[str, by(TEXT)]


class KeyTable(Struct, kw_only=True):
    """An entry of `keys` in [sites.ID] with the public key of the site's back end, or the address of its keys."""

    id: _Id
    public: Annotated[str, by(Exact(MOST_TYPED_BYTES))] = ""
    address: Annotated[str, by(Exact(2000))] = ""


class SiteTable(SiteSettings, kw_only=True):
    """A table [sites.ID] of the file. `keys`: the signing keys. A key with a secret is written as its id only.

    `outcomes`: None for the standard outcomes.
    """

    organisation: _Id = FIRST_ORGANISATION
    staff_names: Literal["shown", "hidden"] = "shown"
    thread_days: Annotated[int, Meta(ge=0, le=90)] = 7
    keys: list[_Id | KeyTable] = field(default_factory=list)
    mail: MailPlan = field(default_factory=MailPlan)
    outcomes: WrapUpPlan | None = None
    replies: list[ReplyTable] = field(default_factory=list)


class StaffTable(StaffSettings, kw_only=True):
    """A table [staff.LOGIN] of the file."""

    organisation: _Id = FIRST_ORGANISATION
    texts_in_call: bool = True


Document = dict[str, Any]


def document_of(installation: Installation) -> Document:
    """Return the installation as the tables of a file. Every key is written, also with its default value."""
    return {
        "organisations": {name: _organisation_table(installation, name) for name in installation.organisations},
        "sign_in": rules_table(installation, INSTALLATION),
        **_provider_key(installation, INSTALLATION),
        "sites": {site.id: site_table(installation, site) for site in installation.sites.values()},
        "staff": {member.login: staff_table(member) for member in installation.staff.values()},
    }


def rules_table(installation: Installation, row: str) -> Document:
    """Return rules for signing in as a table of the file. `row`: their owner, `INSTALLATION` or `rules_of(organisation)`."""
    table: Document = msgspec.to_builtins(installation.rules.get(row, SignInRules()))
    return table


def _organisation_table(installation: Installation, name: str) -> Document:
    own = {"sign_in": rules_table(installation, rules_of(name))} if rules_of(name) in installation.rules else {}
    return {"name": installation.organisations[name].name} | own | _provider_key(installation, rules_of(name))


def _provider_key(installation: Installation, row: str) -> Document:
    provider = installation.providers.get(row)
    return {PROVIDER: plain(provider)} if provider else {}


def provider_in(document: Document, row: str) -> Document:
    """Return the table of a sign-in provider from the tables of an installation.

    `row`: `INSTALLATION` for the installation's provider, or `rules_of(organisation)` for that of an organisation.
    """
    table: Document = (document if row == INSTALLATION else document["organisations"][organisation_of(row)])[PROVIDER]
    return table


def site_table(installation: Installation, site: Site) -> Document:
    """Return a site as a table of the file, with its categories and saved replies."""
    table: Document = {"organisation": site.organisation}
    table |= msgspec.to_builtins(settings_of(site))
    table |= {"staff_names": site.staff_names, "thread_days": site.thread_days, "keys": [_key_table(key) for key in site.keys]}
    table["appointments"] = table["appointments"] or OFF
    table["mail"] = msgspec.to_builtins(site.mail)
    table["outcomes"] = STANDARD if site.wrap_up is None else _without_none(msgspec.to_builtins(site.wrap_up))
    table["categories"] = {given["id"]: _category_table(given, site.categories[given["id"]]) for given in table["categories"]}
    found = sorted(installation.replies.get(site.id, []), key=lambda each: (each.language, each.title))
    table["replies"] = [{"language": each.language, "title": each.title, "text": each.text} for each in found]
    return table


def _key_table(key: SiteKey) -> Any:
    """Return a site's signing key as an entry of `keys` in the file. The entry never contains a secret."""
    if key.address:
        return {"id": key.kid, "address": key.address}
    return {"id": key.kid, "public": key.public} if key.public else key.kid


def _category_table(settings: Document, category: Category) -> Document:
    table = {name: value for name, value in settings.items() if name != "id"}
    table["hours"] = None if category.hours is None else msgspec.to_builtins(category.hours)
    return {name: INHERIT if name in INHERITED and value is None else value for name, value in table.items()}


def staff_table(member: StaffRecord) -> Document:
    """Return a member of staff as a table of the file."""
    table: Document = {"organisation": member.organisation}
    table |= msgspec.to_builtins(settings_of_member(member))
    return table | {"texts_in_call": member.texts_in_call}


def to_toml(document: Document) -> str:
    """Return the tables as the text of a TOML file. An empty table is left out, for example an organisation without a name."""
    named = {name: {key: value for key, value in table.items() if value} for name, table in document["organisations"].items()}
    named = {name: table for name, table in named.items() if table}
    kinds = {**document, "organisations": named}
    return tomli_w.dumps({name: table for name, table in kinds.items() if table}, multiline_strings=True)


def _without_none(value: Any) -> Any:
    """Return the value without entries that are None, because TOML has no null."""
    if isinstance(value, dict):
        return {name: _without_none(each) for name, each in value.items() if each is not None}
    return [_without_none(each) for each in value] if isinstance(value, list) else value
