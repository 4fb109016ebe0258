"""Store the installation that a file asks for.

Each changed site, member or other thing is stored in a transaction of its own, together with its audit entries.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from signaling.access.oidc.setting_up import change_of
from signaling.records import Audited, Change, OidcSettings, Records, SignInRules, Site, StaffRecord, version_of
from signaling.records.audit_entries import Entry, of_member, of_removed_site, of_site
from signaling.records.auditing import entries_by
from signaling.records.checks import changes
from signaling.records.owners import is_owner

from .installation import Installation

ACTOR = "cli"


class Storing:
    """Stores the difference between the present installation and the wanted one.

    `store` raises Changed if it must store an object that somebody else has changed after the present installation was read. It
    raises LastOwner if the change would leave an organisation without an owner. That can happen when somebody else removes
    another owner at the same time. What was stored before the exception stays stored.
    """

    def __init__(self, records: Records, before: Installation, after: Installation) -> None:
        self._records, self._before, self._after = records, before, after

    async def store(self) -> None:
        """Store the changes: first insert or change everything that is new or different, then remove what is no longer wanted."""
        for organisation in self._after.organisations.values():
            if organisation != self._before.organisations.get(organisation.id):
                audit = self._by([Entry(action="organisation.save", subject=f"organisation/{organisation.id}")])
                await self._records.save_organisation(organisation, audit=audit)
        for site in self._after.sites.values():
            await self._site(self._before.sites.get(site.id), site)
        # owners come first, so that the organisation always has an owner, even if one owner hands the role to another member
        for member in sorted(self._after.staff.values(), key=is_owner, reverse=True):
            await self._member(self._before.staff.get(member.login), member)
        await self._rules(need_provider=False)
        for row, provider in self._after.providers.items():
            await self._provider(row, provider)
        await self._rules(need_provider=True)
        for row in self._before.providers.keys() - self._after.providers.keys():
            await self._provider(row, None)
        await self._remove()

    async def _rules(self, *, need_provider: bool) -> None:
        """Store the changed rules for signing in.

        `need_provider`: True: store only the rules by which staff must sign in at a provider; False: store only the other rules.
        """
        for row, rules in self._after.rules.items():
            before = self._before.rules.get(row, SignInRules())
            if rules != before and (rules.provider == "only") == need_provider:
                was, now = changes(msgspec.to_builtins(before), msgspec.to_builtins(rules))
                audit = self._by([Entry(action="sign_in.rules", subject=row, change=Change(before=was, after=now))])
                await self._records.save_sign_in_rules(rules, row, expected=version_of(before), audit=audit)

    async def _provider(self, row: str, wanted: OidcSettings | None) -> None:
        before = self._before.providers.get(row)
        if wanted == before:
            return
        detail = wanted.issuer if wanted else ""
        audit = self._by([Entry(action="sign_in.provider", subject=row, detail=detail, change=change_of(before, wanted))])
        expected = version_of(before) if before else ""
        await self._records.save_oidc_settings(wanted, row, expected=expected, audit=audit)

    async def _site(self, before: Site | None, site: Site) -> None:
        if before is None or version_of(before) != version_of(site):
            # each changed part of the site gets its own audit entry, so that the page of the audit can undo each change alone
            audit = self._by(of_site(before, site))
            await self._records.save_site(site, expected=version_of(before) if before else "", audit=audit)
        await self._replies(site)

    async def _replies(self, site: Site) -> None:
        before = {each.id: each for each in self._before.replies.get(site.id, [])}
        after = self._after.replies.get(site.id, [])
        fresh = [each for each in after if each != before.get(each.id)]
        gone = before.keys() - {each.id for each in after}
        if fresh or gone:
            await self._records.import_replies(
                site.id,
                fresh,
                gone=gone,
                note=lambda change: self._by([Entry(action="reply.import", subject=f"site/{site.id}", change=change)]),
            )

    async def _member(self, before: StaffRecord | None, member: StaffRecord) -> None:
        if before == member:
            return
        audit = self._by([of_member(before, member)])
        await self._records.save_staff(member, expected=version_of(before) if before else "", audit=audit)

    async def _remove(self) -> None:
        for login in self._before.staff.keys() - self._after.staff.keys():
            member = self._before.staff[login]
            audit = self._by([Entry(action="staff.remove", subject=f"staff/{member.id}")], member.organisation)
            await self._records.remove_staff(member.id, audit=audit)
        for name in self._before.sites.keys() - self._after.sites.keys():
            site = self._before.sites[name]
            await self._records.remove_site(name, audit=self._by([of_removed_site(site)], site.organisation))

    def _by(self, entries: Iterable[Entry], organisation: str = "") -> list[Audited]:
        """Return the audit entries about a change that this command makes.

        `organisation`: the organisation that a removed thing belonged to; "" if nothing is removed.
        """
        return entries_by(ACTOR, entries, organisation)
