"""Undo a change of the settings or the working hours of a member of staff, whoever made the change."""

from __future__ import annotations

from aiohttp import web
from msgspec import convert, to_builtins

from signaling.access.rights import may, may_give, of_member
from signaling.records import Change, Changed, Note, Realm, StaffRecord, version_of
from signaling.records.audit_entries import plain_member
from signaling.records.checks import Invalid, changes, checked_staff
from signaling.records.opening_hours import Hours
from signaling.records.staff_settings import StaffSettings, member_with_settings
from signaling.server.app_keys import LIVE, RECORDS

from .allowed import Asker
from .errors import not_found
from .taking_back import taken_back


async def undo(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Undo a change of a member, and store the audit entries about the undo, which `note` makes.

    If the change had added the member, the undo deactivates the member. Raises Changed when the member was changed again later.
    Also raises Invalid, and Refused(not_found).
    """
    records = request.app[RECORDS]
    member = await records.staff(subject)
    if member is None or not may(asker.member, "people.change", of_member(member)):
        raise not_found()
    if change.after is not None and "working_hours" in change.after:
        await _undo_hours(request, member, change, note)
        return
    now = plain_member(member)
    if change.before is None:
        wanted = taken_back(now, Change(before={"active": False}, after={"active": True}))
    else:
        wanted = taken_back(now, change)
    changed: StaffRecord = member_with_settings(member, convert(wanted, StaffSettings))
    if not may_give(asker.member, {*member.roles, *changed.roles}, of_member(member)):
        raise not_found()
    if not changed.active and changed.id == asker.member.id:
        raise Invalid({"active": "not_yours"})
    changed = checked_staff(changed, await records.sites(Realm(organisation=member.organisation)))
    was, is_now = changes(now, plain_member(changed))
    await records.save_staff(changed, expected=version_of(member), audit=note(Change(before=was, after=is_now)))
    if not changed.active:
        await request.app[LIVE].ended_rights.signed_out(changed)


async def _undo_hours(request: web.Request, member: StaffRecord, change: Change, note: Note) -> None:
    records = request.app[RECORDS]
    before, after = (change.before or {})["working_hours"], (change.after or {})["working_hours"]
    if to_builtins((await records.working_hours([member.id])).get(member.id)) != after:
        raise Changed
    audit = note(Change(before=change.after, after=change.before))
    await records.save_working_hours(member.id, convert(before, Hours | None), audit=audit)
