"""Store the installation that a file asks for. Each site, member of staff or other object is stored in a separate transaction."""

from __future__ import annotations

import msgspec

from signaling.access.oidc.setting_up import change_of
from signaling.protocol.audit_actions import AuditAction
from signaling.records import Change, OidcSettings, Records, SignInRules, Site, StaffRecord, version_of
from signaling.records.audit_entries import of_member, of_removed_site, of_site
from signaling.records.checks import changes
from signaling.records.owners import is_owner
from signaling.records.replies import noted_replies, plain_reply

from .installation import Installation

ACTOR = "cli"


class Storing:
    """Stores the difference between the present installation and the wanted one.

    Raises Changed if somebody else has changed one of these objects since the present installation was read. Raises LastOwner if
    the change would leave an organisation without an owner. That can happen when somebody else removes another owner at the same
    time.
    """

    def __init__(self, records: Records, before: Installation, after: Installation, now: int) -> None:
        self._records, self._before, self._after, self._now = records, before, after, now

    async def store(self) -> None:
        """Store the difference: first everything that is new or changed, then what is removed."""
        for organisation in self._after.organisations.values():
            if organisation != self._before.organisations.get(organisation.id):
                await self._records.save_organisation(organisation)
                await self._note("organisation.save", f"organisation/{organisation.id}")
        for site in self._after.sites.values():
            await self._site(self._before.sites.get(site.id), site)
        # store owners first, so that the organisation always has an owner, even if one owner hands the role to another member
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

        `need_provider`: whether to store the rules that need a provider, or the others.
        """
        for row, rules in self._after.rules.items():
            before = self._before.rules.get(row, SignInRules())
            if rules != before and (rules.provider == "only") == need_provider:
                await self._records.save_sign_in_rules(rules, row, expected=version_of(before))
                was, now = changes(msgspec.to_builtins(before), msgspec.to_builtins(rules))
                await self._note("sign_in.rules", row, Change(before=was, after=now))

    async def _provider(self, row: str, wanted: OidcSettings | None) -> None:
        before = self._before.providers.get(row)
        if wanted == before:
            return
        await self._records.save_oidc_settings(wanted, row, expected=version_of(before) if before else "")
        await self._note("sign_in.provider", row, change_of(before, wanted), detail=wanted.issuer if wanted else "")

    async def _site(self, before: Site | None, site: Site) -> None:
        if before is None or version_of(before) != version_of(site):
            await self._records.save_site(site, expected=version_of(before) if before else "")
            # one audit entry for each part of the settings, as the settings pages make them, so that the audit page can undo each
            # change
            await self._records.audit_entries(ACTOR, of_site(before, site), self._now)
        await self._replies(site)

    async def _replies(self, site: Site) -> None:
        before = {each.id: each for each in self._before.replies.get(site.id, [])}
        after = self._after.replies.get(site.id, [])
        fresh = [each for each in after if each != before.get(each.id)]
        gone = before.keys() - {each.id for each in after}
        for reply in gone:
            await self._records.remove_reply(reply, site=site.id)
        stored = await self._records.import_replies(fresh)
        if fresh or gone:
            was = {reply: plain_reply(before[reply]) for reply in gone} | stored.before
            await self._note("reply.import", f"site/{site.id}", noted_replies(was, dict.fromkeys(gone) | stored.after))

    async def _member(self, before: StaffRecord | None, member: StaffRecord) -> None:
        if before == member:
            return
        await self._records.save_staff(member, expected=version_of(before) if before else "")
        await self._records.audit_entries(ACTOR, [of_member(before, member)], self._now)

    async def _remove(self) -> None:
        for login in self._before.staff.keys() - self._after.staff.keys():
            member = self._before.staff[login]
            await self._records.remove_staff(member.id)
            await self._note("staff.remove", f"staff/{member.id}", organisation=member.organisation)
        for name in self._before.sites.keys() - self._after.sites.keys():
            site = self._before.sites[name]
            await self._records.remove_site(name)
            entries = [of_removed_site(site)]
            await self._records.audit_entries(ACTOR, entries, self._now, organisation=site.organisation)

    async def _note(
        self, action: AuditAction, subject: str, change: Change | None = None, *, detail: str = "", organisation: str = ""
    ) -> None:
        await self._records.audit(ACTOR, action, subject, self._now, detail, change=change, organisation=organisation)
