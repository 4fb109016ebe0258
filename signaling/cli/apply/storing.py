"""Store the installation that a file asks for. Each changed site, member or other thing is stored in a transaction of its own."""

from __future__ import annotations

from typing import Any

import msgspec

from signaling.access.site_keys import kind_of
from signaling.protocol.audit_actions import AuditAction
from signaling.records import Change, Records, SignInRules, Site, StaffRecord, version_of
from signaling.records.checks import changes
from signaling.records.owners import is_owner
from signaling.records.site_parts import part_changed
from signaling.records.site_settings import settings_of
from signaling.records.staff_settings import settings_of_member

from .installation import Installation

ACTOR = "cli"


class Storing:
    """Stores the difference between the present installation and the wanted one.

    Raises Changed when somebody else has changed the same thing meanwhile. Raises LastOwner when the change would leave an
    organisation without an owner, because somebody else has made another owner lose that role meanwhile.
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
        # store owners first: if one owner hands the role to another, the organisation then has an owner at every moment
        for member in sorted(self._after.staff.values(), key=is_owner, reverse=True):
            await self._member(self._before.staff.get(member.login), member)
        for row, rules in self._after.rules.items():
            before = self._before.rules.get(row, SignInRules())
            if rules != before:
                await self._records.save_sign_in_rules(rules, row, expected=version_of(before))
                await self._note("sign_in.rules", row)
        await self._remove()

    async def _site(self, before: Site | None, site: Site) -> None:
        if before is None or version_of(before) != version_of(site):
            await self._records.save_site(site, expected=version_of(before) if before else "")
            await self._note_site(before, site)
        await self._replies(site)

    async def _note_site(self, before: Site | None, site: Site) -> None:
        """Write an entry into the audit for each part of a site that has changed, as the part's settings page does.

        So an operator can undo most of these changes on the page of the audit.
        """
        subject = f"site/{site.id}"
        was, is_now = changes(_plain_site(before) if before else None, _plain_site(site))
        if was != is_now:
            await self._note("site.save", subject, Change(before=was, after=is_now))
        former = before or Site(id=site.id)
        for category in site.categories.values():
            known = former.categories.get(category.id)
            if category.hours != (known.hours if known else None):
                change = part_changed(former, site, "hours", category.id) if known else None
                await self._note("category.hours", f"{subject}/{category.id}", change)
        if site.wrap_up != former.wrap_up:
            await self._note("site.wrap_up", subject, part_changed(former, site, "wrap_up"))
        if site.mail != former.mail:
            await self._note("site.mail", subject)
        for key in former.keys:
            if key not in site.keys:
                await self._note("site.key_remove", subject, detail=f"{key.kid}: {kind_of(key)}")
        for key in site.keys:
            if key not in former.keys:
                await self._note("site.key_add", subject, detail=f"{key.kid}: {kind_of(key)}")
        others = ("staff_names", "thread_days")
        if before is not None and any(getattr(before, name) != getattr(site, name) for name in others):
            await self._note("site.save", subject)

    async def _replies(self, site: Site) -> None:
        before = {each.id: each for each in self._before.replies.get(site.id, [])}
        after = self._after.replies.get(site.id, [])
        fresh = [each for each in after if each != before.get(each.id)]
        gone = before.keys() - {each.id for each in after}
        for reply in gone:
            await self._records.remove_reply(reply, site=site.id)
        if fresh:
            await self._records.import_replies(fresh)
        if fresh or gone:
            await self._note("reply.import", f"site/{site.id}")

    async def _member(self, before: StaffRecord | None, member: StaffRecord) -> None:
        if before == member:
            return
        await self._records.save_staff(member, expected=version_of(before) if before else "")
        was, is_now = changes(_plain_member(before) if before else None, _plain_member(member))
        change = Change(before=was, after=is_now) if was != is_now else None
        await self._note("staff.change" if before else "staff.add", f"staff/{member.id}", change)

    async def _remove(self) -> None:
        for login in self._before.staff.keys() - self._after.staff.keys():
            member = self._before.staff[login]
            await self._records.remove_staff(member.id)
            await self._note("staff.remove", f"staff/{member.id}", organisation=member.organisation)
        for name in self._before.sites.keys() - self._after.sites.keys():
            site = self._before.sites[name]
            await self._records.remove_site(name)
            change = Change(before=_plain_site(site), after=None)
            await self._note("site.remove", f"site/{name}", change, organisation=site.organisation)

    async def _note(
        self, action: AuditAction, subject: str, change: Change | None = None, *, detail: str = "", organisation: str = ""
    ) -> None:
        await self._records.audit(ACTOR, action, subject, self._now, detail, change=change, organisation=organisation)


def _plain_site(site: Site) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(settings_of(site))
    return plain


def _plain_member(member: StaffRecord) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(settings_of_member(member))
    return plain
