"""The installation that a file asks for: the present one, changed by the file's tables. This module does no I/O.

If a table of the file leaves out a key, the present value stays. For a new site or another new object, the key gets its default.
If the file leaves out a site, a member of staff or another object, this object is removed with `prune`, and stays without
`prune`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import asdict, replace

from signaling.access.codes import API_KID, MOST_KEYS, SERVER_KID
from signaling.access.oidc.setting_up import plain
from signaling.access.site_keys import key_of
from signaling.protocol.reading import Reader
from signaling.protocol.words import Office
from signaling.records import OidcSettings, Organisation, SavedReply, SignInRules, Site, SiteKey, StaffRecord
from signaling.records.checks import Invalid, checked_site, checked_staff
from signaling.records.mail_plan import MailPlan
from signaling.records.opening_hours import BadHours
from signaling.records.opening_hours import check as check_hours
from signaling.records.owners import ownerless
from signaling.records.replies import MOST_SHARED, new_reply_id
from signaling.records.sign_ins import INSTALLATION, organisation_of, rules_of
from signaling.records.site_settings import with_settings
from signaling.records.staff_settings import member_with_settings
from signaling.records.wrap_up import BadPlan
from signaling.records.wrap_up import check as check_outcomes

from .installation import Installation
from .problems import Problems
from .tables import (
    INHERIT,
    INHERITED,
    OFF,
    PROVIDER,
    STANDARD,
    CategoryTable,
    Document,
    KeyTable,
    OrganisationTable,
    ProviderTable,
    ReplyTable,
    SignInTable,
    SiteTable,
    StaffTable,
    document_of,
    rules_table,
    site_table,
    staff_table,
)

NO_PROVIDER = "without a sign-in provider nobody could sign in; describe one in [sign_in_provider]"
_read_provider: Reader[ProviderTable] = Reader(ProviderTable)
_read_organisation: Reader[OrganisationTable] = Reader(OrganisationTable)
_read_rules: Reader[SignInTable] = Reader(SignInTable)
_read_site: Reader[SiteTable] = Reader(SiteTable)
_read_category: Reader[CategoryTable] = Reader(CategoryTable)
_read_staff: Reader[StaffTable] = Reader(StaffTable)
# keys of a site's table whose values are tables; without `prune`, the file's values are merged into the present ones key by key
_MERGED = {"names", "mail", "launcher_texts", "waiting_notice", "recording_notice"}
_SITE_KEYS = SiteTable.__struct_fields__
_CATEGORY_KEYS = tuple(name for name in CategoryTable.__struct_fields__ if name != "id")


class Wanted:
    """Makes the installation that a file asks for.

    - `prune`: whether to remove the objects that the file leaves out
    - `new_secret`: returns the secret of a new key
    - `checked_address`: returns an address in canonical form, or raises Invalid
    - `checked_mail`: returns a site's plan for mails, or raises Invalid if the from-address is not allowed
    - `provider_from`: returns the settings of a sign-in provider from its table and its present settings, or raises ValueError
    - `now`: Unix ms
    """

    def __init__(
        self,
        present: Installation,
        file: Document,
        *,
        prune: bool,
        new_secret: Callable[[], str],
        checked_address: Callable[[str], str],
        checked_mail: Callable[[MailPlan, MailPlan | None], MailPlan],
        provider_from: Callable[[ProviderTable, OidcSettings | None], OidcSettings],
        now: int,
    ) -> None:
        self._present, self._file, self._prune, self._now = present, file, prune, now
        self._new_secret, self._checked_address, self._checked_mail = new_secret, checked_address, checked_mail
        self._problems = Problems()
        self._replies: dict[str, list[SavedReply]] = {}
        self._provider_from = provider_from
        self._rules = dict(present.rules)
        self._providers = dict(present.providers)

    def installation(self) -> Installation:
        """Return the installation that the file asks for. Raises BadFile with all problems of the file."""
        self._problems.known_keys("", self._file, {*document_of(self._present), PROVIDER})
        self._read_provider(PROVIDER, INSTALLATION, self._file.get(PROVIDER))
        organisations = self._organisations()
        self._read_rules("sign_in", INSTALLATION, self._file.get("sign_in", {}))
        self._require_providers()
        sites = self._sites(organisations)
        staff = self._staff(organisations, sites)
        if not self._problems.found:
            self._require_owners(staff)
        self._problems.done()
        replies = {site: self._replies.get(site, self._present.replies.get(site, [])) for site in sites}
        return Installation(
            organisations=organisations, sites=sites, staff=staff, replies=replies, rules=self._rules, providers=self._providers
        )

    def _tables(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the file's tables of one kind, such as "sites", by the id in their name."""
        given = self._problems.table(kind, self._file.get(kind, {}))
        return {name: self._problems.table(f"{kind}.{name}", table) for name, table in given.items()}

    def _organisations(self) -> dict[str, Organisation]:
        found = dict(self._present.organisations)
        for name, given in self._tables("organisations").items():
            table = f"organisations.{name}"
            self._problems.known_keys(table, given, ("name", "sign_in", PROVIDER))
            self._read_provider(f"{table}.{PROVIDER}", rules_of(name), given.get(PROVIDER))
            self._read_rules(f"{table}.sign_in", rules_of(name), given.get("sign_in", {}))
            if name in found and "name" not in given:
                continue
            present = {"id": name, "name": ""}
            named = {"name": given["name"]} if "name" in given else {}
            if (read := self._problems.read(table, present | named, _read_organisation)) is not None:
                found[name] = Organisation(id=name, name=read.name)
        return found

    def _read_rules(self, table: str, row: str, given: Any) -> None:
        """Read a table with rules for signing in. A key that the table leaves out keeps its present value.

        `row`: the owner of the rules, `INSTALLATION` or `rules_of(organisation)`.
        """
        given = self._problems.table(table, given)
        if not given:
            return
        self._problems.known_keys(table, given, SignInTable.__struct_fields__)
        read = self._problems.read(table, rules_table(self._present, row) | given, _read_rules)
        if read is not None:
            self._rules[row] = SignInRules(**asdict(read))

    def _read_provider(self, table: str, row: str, given: Any) -> None:
        """Read a sign-in provider. A key that the table leaves out keeps its present value.

        `given`: the table, or None to keep the present provider. `row`: the provider's owner, `INSTALLATION` or
        `rules_of(organisation)`.
        """
        if given is None:
            return
        if given == OFF:
            self._providers.pop(row, None)
            return
        given = self._problems.table(table, given)
        known = [name for name in ProviderTable.__struct_fields__ if name != "client_secret"]
        if "client_secret" in given:
            self._problems.add(table, "client_secret", "name its place: client_secret_env or client_secret_file")
            return
        self._problems.known_keys(table, given, known)
        present = self._present.providers.get(row)
        wanted = (plain(present) if present else {}) | {key: value for key, value in given.items() if key in known}
        read = self._problems.read(table, wanted, _read_provider)
        if read is None:
            return
        try:
            self._providers[row] = self._provider_from(read, present)
        except ValueError as error:
            self._problems.add(table, "", str(error))

    def _require_providers(self) -> None:
        """Record a problem if staff must sign in at a provider, but no provider would be left."""
        for row, rules in self._rules.items():
            if rules.provider == "only" and not self._providers.keys() & {row, INSTALLATION}:
                table = "sign_in" if row == INSTALLATION else f"organisations.{organisation_of(row)}.sign_in"
                self._problems.add(table, "provider", NO_PROVIDER)

    # --- sites -----------------------------------------------------------------------------------------------------------

    def _sites(self, organisations: dict[str, Organisation]) -> dict[str, Site]:
        named = {name: self._site(name, given, organisations) for name, given in self._tables("sites").items()}
        found = {name: site for name, site in named.items() if site is not None}
        return self._kept(self._present.sites, named, found, lambda site: site.organisation)

    def _site(self, name: str, given: Document, organisations: dict[str, Organisation]) -> Site | None:
        table, before = f"sites.{name}", self._present.sites.get(name)
        self._problems.known_keys(table, given, _SITE_KEYS)
        present = site_table(self._present, before) if before else {}
        wanted = self._merged_site(table, present, given)
        listed = [{key: value for key, value in each.items() if key != "hours"} for each in wanted["categories"].values()]
        read = self._problems.read(table, wanted | {"categories": listed}, _read_site, wanted["categories"])
        if read is None:
            return None
        self._require_organisation(table, read.organisation, before.organisation if before else None, organisations)
        site = with_settings(before or Site(id=name, organisation=read.organisation), read)
        try:
            site = checked_site(site)
        except Invalid as error:
            self._problems.add_invalid(table, error)
        try:
            self._checked_mail(read.mail, before.mail if before else None)
        except Invalid as error:
            self._problems.add_invalid(f"{table}.mail", error)
        site = replace(site, staff_names=read.staff_names, thread_days=read.thread_days, mail=read.mail)
        site = replace(site, keys=self._keys(table, before, read.keys), wrap_up=read.outcomes)
        self._check_outcomes(table, site)
        prune = self._prune and "replies" in given
        self._replies[name] = self._site_replies(table, site, read.replies, prune=prune)
        return self._with_hours(table, site, wanted["categories"])

    def _merged_site(self, table: str, present: Document, given: Document) -> Document:
        """Return a site's present table, with the values of those keys that the file contains.

        A table of one category in the file changes only this category.
        """
        wanted = {key: value for key, value in (present | given).items() if key in _SITE_KEYS}
        if not self._prune:
            for key in _MERGED & given.keys() & present.keys():
                wanted[key] = _merged(present[key], given[key])
        if wanted.get("outcomes") == STANDARD:
            wanted["outcomes"] = None
        if wanted.get("appointments") == OFF:
            wanted["appointments"] = None
        wanted["categories"] = self._merged_categories(f"{table}.categories", present.get("categories", {}), given)
        wanted["replies"] = given.get("replies", [])
        return wanted

    def _merged_categories(self, table: str, present: Document, given: Document) -> Document:
        """Return a site's present categories, changed by the file's categories, in the order in which the pages list them.

        If the file names all categories, or if `prune` removes the categories that the file does not name, the file's order
        applies. Otherwise the present order applies.
        """
        named = self._problems.table(table, given.get("categories", {}))
        order = named if (self._prune and "categories" in given) or named.keys() >= present.keys() else present | named
        return {
            name: self._merged_category(f"{table}.{name}", name, present.get(name, {}), named.get(name, {})) for name in order
        }

    def _merged_category(self, table: str, name: str, present: Document, given: Any) -> Document:
        given = self._problems.table(table, given)
        self._problems.known_keys(table, given, _CATEGORY_KEYS)
        merged = present | {key: value for key, value in given.items() if key in _CATEGORY_KEYS}
        if "names" in given and not self._prune:
            merged["names"] = _merged(present.get("names"), given["names"])
        return {"id": name} | {key: None if key in INHERITED and value == INHERIT else value for key, value in merged.items()}

    def _with_hours(self, table: str, site: Site, categories: Document) -> Site:
        """Return the site with its categories' opening hours added. `SiteSettings` does not contain the hours."""
        with_hours = {}
        for name, category in site.categories.items():
            here = f"{table}.categories.{name}"
            read = self._problems.read(here, {"id": name, "hours": categories[name].get("hours")}, _read_category)
            try:
                if read is not None and read.hours is not None:
                    check_hours(read.hours)
            except BadHours as error:
                self._problems.add(here, "hours", str(error))
            with_hours[name] = replace(category, hours=read.hours if read else None)
        return replace(site, categories=with_hours)

    def _keys(self, table: str, before: Site | None, given: list[str | KeyTable]) -> list[SiteKey]:
        """Return the signing keys of a site: the present keys and the file's keys.

        With `prune`, return only the keys in `given`.

        An entry of `given` that is only a name stands for the present key with this name. If there is no such key, a new key with
        a new secret is made.
        """
        present = {key.kid: key for key in (before.keys if before else [])}
        named = {each if isinstance(each, str) else each.id: each for each in given}
        if len(named) < len(given):
            self._problems.add(table, "keys", "two keys have one name")
        wanted = dict.fromkeys([*([] if self._prune else present), *named])
        if not {SERVER_KID, API_KID}.isdisjoint(named):
            self._problems.add(table, "keys", f"“{SERVER_KID}” is the server's own key")
        if len(wanted) > MOST_KEYS:
            self._problems.add(table, "keys", f"a site has {MOST_KEYS} keys at most, and “{table}” would have {len(wanted)}")
        found = [self._key(table, name, named.get(name, name), present.get(name)) for name in wanted]
        return [key for key in found if key is not None]

    def _key(self, table: str, name: str, given: str | KeyTable, present: SiteKey | None) -> SiteKey | None:
        """Return the site's signing key for one entry of the file. If the entry has a problem, record it and return None."""
        if isinstance(given, str) or not (given.public or given.address):
            return present or SiteKey(kid=name, secret=self._new_secret())
        if present is not None and given.address and given.address == present.address and not given.public:
            return present
        try:
            return key_of(name, given.public, given.address, self._checked_address)
        except Invalid as error:
            self._problems.add(table, f"keys “{name}”", str(error))
            return None

    def _check_outcomes(self, table: str, site: Site) -> None:
        try:
            if site.wrap_up is not None:
                check_outcomes(site.wrap_up, site.categories)
        except BadPlan as error:
            self._problems.add(table, "outcomes", str(error))

    def _site_replies(self, table: str, site: Site, given: list[ReplyTable], *, prune: bool) -> list[SavedReply]:
        present = {(each.language, each.title): each for each in self._present.replies.get(site.id, [])}
        fresh: dict[tuple[str, str], SavedReply] = {}
        for each in given:
            language = site.language_for(each.language) if each.language else ""
            if language is None:
                self._problems.add(table, "replies", f"the site does not offer the language “{each.language}” of “{each.title}”")
                continue
            if (language, each.title) in fresh:
                self._problems.add(table, "replies", f"there are two “{each.title}” in the same language")
            blank = SavedReply(id=new_reply_id(), site=site.id, language=language, title=each.title, text="")
            reply = present.get((language, each.title), blank)
            changed = reply.text != each.text
            fresh[language, each.title] = replace(reply, text=each.text, changed_at=self._now) if changed else reply
        found = fresh if prune else present | fresh
        if len(found) > MOST_SHARED:
            self._problems.add(table, "replies", f"a site has {MOST_SHARED} replies at most")
        return list(found.values())

    # --- staff -----------------------------------------------------------------------------------------------------------

    def _staff(self, organisations: dict[str, Organisation], sites: dict[str, Site]) -> dict[str, StaffRecord]:
        tables = self._tables("staff")
        named = {login.lower(): self._member(login, given, organisations, sites) for login, given in tables.items()}
        if len(named) < len(tables):
            self._problems.add("staff", "", "two tables differ in capital letters only, and logins have none")
        found = {login: member for login, member in named.items() if member is not None}
        return self._kept(self._present.staff, named, found, lambda member: member.organisation)

    def _member(
        self, name: str, given: Document, organisations: dict[str, Organisation], sites: dict[str, Site]
    ) -> StaffRecord | None:
        table, login = f"staff.{name}", name.lower()
        before = self._present.staff.get(login)
        self._problems.known_keys(table, given, StaffTable.__struct_fields__)
        known = {key: value for key, value in given.items() if key in StaffTable.__struct_fields__}
        read = self._problems.read(table, (staff_table(before) if before else {}) | known, _read_staff)
        if read is None:
            return None
        self._require_organisation(table, read.organisation, before.organisation if before else None, organisations)
        blank = StaffRecord(id=login, login=login, name="", role="operator", organisation=read.organisation)
        try:
            member = member_with_settings(before or blank, read)
            theirs = [site for site in sites.values() if site.organisation == read.organisation]
            return replace(checked_staff(member, theirs), texts_in_call=read.texts_in_call)
        except Invalid as error:
            self._problems.add_invalid(table, error)
            return None

    def _require_owners(self, staff: dict[str, StaffRecord]) -> None:
        """Record a problem if an organisation would have no active owner, or the installation no active administrator."""
        for organisation in sorted(ownerless(self._present.staff.values(), staff.values())):
            self._problems.add("staff", "", f"nobody active would be owner of “{organisation}” any more")
        if _led(self._present.staff, "administrator") and not _led(staff, "administrator"):
            self._problems.add("staff", "", "nobody active would be administrator any more")

    # --- both ------------------------------------------------------------------------------------------------------------

    def _require_organisation(self, table: str, wanted: str, present: str | None, known: dict[str, Organisation]) -> None:
        if present is not None and wanted != present:
            self._problems.add(table, "organisation", f"it belongs to “{present}” and cannot move to another organisation")
        elif wanted not in known:
            self._problems.add(table, "organisation", f"there is no organisation “{wanted}”; name it in [organisations.{wanted}]")

    def _kept(self, present: dict[str, Any], named: Document, found: dict[str, Any], of: Callable[[Any], str]) -> dict[str, Any]:
        """Return the present sites or staff, replaced and extended by those of the file (`found`).

        `named`: the sites' or the staff's tables in the file. With `prune`, sites or staff without a table in the file are left
        out, but only those of organisations that the file describes. `of`: returns the organisation of a site or a member.
        """
        if not (self._prune and named):
            return present | found
        described = {*self._tables("organisations"), *(of(each) for each in found.values())}
        return {name: each for name, each in present.items() if name in named or of(each) not in described} | found


def _merged(present: Any, given: Any) -> Any:
    """Return the present value, changed by the file's value. Tables are merged key by key; any other value is replaced."""
    if not (isinstance(present, dict) and isinstance(given, dict)):
        return given
    return present | {key: _merged(present.get(key), value) for key, value in given.items()}


def _led(staff: dict[str, StaffRecord], office: Office) -> set[str]:
    """Return the organisations in which an active member has the role `office`, such as "owner"."""
    return {member.organisation for member in staff.values() if member.active and office in member.offices}
