"""Undo a change of settings that the audit shows. Refuse that if somebody has changed one of its fields again since then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from signaling.access.rights import may, may_give, of_member, of_site
from signaling.mail.wording import checked_plan
from signaling.protocol.reading import Reader
from signaling.records import Change, Changed, Realm, StaffRecord, version_of
from signaling.records.checks import changes, checked_site, checked_staff
from signaling.records.mail_plan import fields_of, is_of_plan, plan_of, with_texts_of
from signaling.records.site_parts import Part, part_changed, part_named, plain_part, with_part
from signaling.records.site_settings import SiteSettings, with_settings
from signaling.records.staff_settings import StaffSettings, member_with_settings
from signaling.records.wrap_up import BadPlan
from signaling.records.wrap_up import check as check_outcomes
from signaling.server.app_keys import LIVE, RECORDS

from . import mail_plans, settings_sites, settings_staff
from .allowed import Asker, asker_of
from .bodies import now_ms, path_id
from .errors import Refused, answer, not_found

routes = web.RouteTableDef()

_read_site: Reader[SiteSettings] = Reader(SiteSettings)
_read_staff: Reader[StaffSettings] = Reader(StaffSettings)


@routes.post("/api/operator/audit/{n}/undo")
async def undo(request: web.Request) -> web.Response:
    """Undo one change of a site or a member of staff. The audit gets an entry for it, and that change can be undone, too."""
    asker = await asker_of(request)
    number = path_id(request, "n")
    entry = None
    if number.isascii() and number.isdigit() and len(number) < 18:
        entry = await request.app[RECORDS].audit_entry(int(number), asker.member.organisation)
    if entry is None:
        raise not_found()
    kind, _, subject = entry.subject.partition("/")
    change = entry.change
    if change is None or change.before is None or change.after is None or kind not in ("site", "staff"):
        raise Refused(409, "wrong_state", "This cannot be undone.")
    took_back = await _undoing(kind, change.after)(request, asker, subject, change)
    await request.app[RECORDS].audit(asker.member.id, "settings.undo", entry.subject, now_ms(), f"#{entry.n}", change=took_back)
    return answer({})


def _undoing(kind: str, changed: dict[str, Any]) -> Callable[[web.Request, Asker, str, Change], Awaitable[Change]]:
    """Return the function that undoes a change of these fields of a site or a member of staff."""
    if kind == "staff":
        return _undo_staff
    if changed.keys() == {"logo"}:
        return _undo_logo
    if part_named(changed) is not None:
        return _undo_part
    return _undo_mail if is_of_plan(changed) else _undo_site


async def _undo_site(request: web.Request, asker: Asker, subject: str, change: Change) -> Change:
    records = request.app[RECORDS]
    site = await records.site(subject)
    if site is None or not may(asker.member, "sites.change", of_site(site)):
        raise not_found()
    now = settings_sites.plain(site)
    settings = _read_site(msgspec.json.encode(_taken_back(now, change)))
    changed = checked_site(with_settings(site, settings))
    await records.save_site(changed, expected=version_of(site))
    await request.app[LIVE].sessions.site_changed(site.id)
    was, is_now = changes(now, settings_sites.plain(changed))
    return Change(before=was, after=is_now)


async def _undo_part(request: web.Request, asker: Asker, subject: str, change: Change) -> Change:
    """Undo a change of opening hours (`subject` names site and category), or of the outcomes."""
    records, (site_id, _, category) = request.app[RECORDS], subject.partition("/")
    part: Part = "hours" if category else "wrap_up"
    site = await records.site(site_id)
    if site is None or not may(asker.member, "sites.change", of_site(site)) or (category and category not in site.categories):
        raise not_found()
    before, after = change.before or {}, change.after or {}
    if plain_part(site, part, category) != after[part]:
        raise Changed
    changed = with_part(site, part, before[part], category)
    try:
        if changed.wrap_up is not None:
            check_outcomes(changed.wrap_up, changed.categories)
    except BadPlan as error:  # a category that the earlier plan names has been removed meanwhile
        raise Refused(409, "wrong_state", f"This cannot be undone: {error}") from error
    await records.save_site(changed, expected=version_of(site))
    if part == "hours":
        await request.app[LIVE].sessions.hours_changed(site.id)
    return part_changed(site, changed, part, category)


async def _undo_logo(request: web.Request, asker: Asker, subject: str, change: Change) -> Change:
    records = request.app[RECORDS]
    site = await records.site(subject)
    if site is None or not may(asker.member, "sites.change", of_site(site)):
        raise not_found()
    before, after = change.before or {}, change.after or {}
    if not await records.restore_logo(site.id, before["logo"], expected=after["logo"]):
        raise Refused(409, "wrong_state", "This logo is no longer stored. Upload it again.")
    await request.app[LIVE].sessions.site_changed(site.id)
    return Change(before=after, after=before)


async def _undo_mail(request: web.Request, asker: Asker, subject: str, change: Change) -> Change:
    site = await request.app[RECORDS].site(subject)
    if site is None or not may(asker.member, "sites.change", of_site(site)):
        raise not_found()
    now = with_texts_of(fields_of(site.mail), change.after or {})
    return await mail_plans.store(request, site, checked_plan(plan_of(_taken_back(now, change))))


async def _undo_staff(request: web.Request, asker: Asker, subject: str, change: Change) -> Change:
    records = request.app[RECORDS]
    member = await records.staff(subject)
    if member is None or not may(asker.member, "people.change", of_member(member)):
        raise not_found()
    now = settings_staff.plain(member)
    settings = _read_staff(msgspec.json.encode(_taken_back(now, change)))
    changed: StaffRecord = member_with_settings(member, settings)
    if not may_give(asker.member, {*member.roles, *changed.roles}, of_member(member)):
        raise not_found()
    changed = checked_staff(changed, await records.sites(Realm(organisation=member.organisation)))
    await records.save_staff(changed, expected=version_of(member))
    if not changed.active:
        await request.app[LIVE].ended_rights.signed_out(changed)
    was, is_now = changes(now, settings_staff.plain(changed))
    return Change(before=was, after=is_now)


def _taken_back(now: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return the present settings `now` with this change taken back. Raises Changed when a field was changed again since then."""
    before, after = change.before or {}, change.after or {}
    if any(now.get(name) != value for name, value in after.items()):
        raise Changed
    return now | before
