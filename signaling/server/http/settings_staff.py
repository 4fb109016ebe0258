"""The settings of staff on the operators' page: people, their roles, sites and capacity. A new member gets a one-time link."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct

from signaling.access.passwords import LINK_LIFE_MS, make_link
from signaling.access.rights import may, may_give, of_member
from signaling.mail.accounts import INVITATION_LIFE_MS
from signaling.protocol.reading import Reader
from signaling.protocol.words import StaffRole
from signaling.records import Realm, StaffRecord, audit_entries, version_of
from signaling.records.auditing import entries_by
from signaling.records.checks import Invalid, checked_staff
from signaling.records.staff_settings import StaffSettings, Typed, member_with_settings, settings_of_member
from signaling.server.app_keys import ACCOUNT_MAILS, LIVE, RECORDS, SETTINGS

from .allowed import Asker, asker_of
from .bodies import path_id, read_json, read_query, steady_ms
from .errors import answer, not_found
from .noting import entry
from .settings_sites import PAGE_SIZE, Version, read_rows

routes = web.RouteTableDef()


class StaffRow(Struct, kw_only=True):
    id: str
    login: str
    name: str
    roles: list[StaffRole]
    languages: list[str]
    sites: list[str]
    active: bool


class StaffRows(Struct, kw_only=True):
    items: list[StaffRow]
    total: int
    page: int
    page_size: int = PAGE_SIZE


class StoredStaff(Struct, kw_only=True):
    """A member for editing. `version`: the page sends this value back with the change."""

    id: str
    login: str
    version: str
    settings: StaffSettings


class NewStaff(Struct, kw_only=True):
    login: Typed
    settings: StaffSettings


class NewSettings(Struct, kw_only=True):
    version: Version
    settings: StaffSettings


class Added(Struct, kw_only=True):
    """A new member.

    `link`: the one-time link with which the new member sets their password; "" if the link was mailed. The link works until
    `expires_at` (Unix ms). `mailed`: the address to which the link was mailed, or "".
    """

    member: StoredStaff
    link: str
    expires_at: int
    mailed: str = ""


_read_new: Reader[NewStaff] = Reader(NewStaff)
_read_settings: Reader[NewSettings] = Reader(NewSettings)


@routes.get("/api/settings/staff")
async def rows(request: web.Request) -> web.Response:
    asker, asked = await asker_of(request), read_query(request, read_rows)
    wanted = asked.q.casefold()
    found = [
        member
        for member in await request.app[RECORDS].all_staff(asker.member.organisation)
        if asker.may(of_member(member)) and wanted in f"{member.login} {member.name}".casefold()
    ]
    begin = (asked.page - 1) * PAGE_SIZE
    items = [
        StaffRow(
            id=each.id,
            login=each.login,
            name=each.name,
            roles=list(each.roles),
            languages=each.languages,
            sites=each.sites,
            active=each.active,
        )
        for each in found[begin : begin + PAGE_SIZE]
    ]
    return answer(StaffRows(items=items, total=len(found), page=asked.page))


@routes.get("/api/settings/staff/{id}")
async def one(request: web.Request) -> web.Response:
    return answer(_stored(await asked_member(request, await asker_of(request), path_id(request, "id"))))


@routes.post("/api/settings/staff")
async def add(request: web.Request) -> web.Response:
    """Add a member to the organisation of the signed-in member.

    Mail the new member a link for setting a password. If no mail can be queued, the response contains the link.
    """
    asker = await asker_of(request)
    asked, records = await read_json(request, _read_new), request.app[RECORDS]
    login = asked.login.strip().lower()
    member = await checked_member(request, asker, None, member_with_settings(new_member(asker, login), asked.settings))
    if await records.staff_by_login(login) is not None or await records.staff(login) is not None:
        raise Invalid({"login": "taken"})
    await _save(request, asker, None, member, "")
    return answer(await _invited(request, asker, member) or await _link(request, asker, member))


@routes.post("/api/settings/staff/{id}")
async def change(request: web.Request) -> web.Response:
    """Change a member.

    A deactivated member is signed out at once, and counts as disconnected in their open conversations.
    """
    asker = await asker_of(request)
    before = await asked_member(request, asker, path_id(request, "id"))
    asked = await read_json(request, _read_settings)
    member = await checked_member(request, asker, before, member_with_settings(before, asked.settings))
    if not member.active and member.id == asker.member.id:
        raise Invalid({"active": "not_yours"})
    await _save(request, asker, before, member, asked.version)
    if not member.active:
        await request.app[LIVE].ended_rights.signed_out(member)
    return answer(_stored(member))


@routes.post("/api/settings/staff/{id}/link")
async def link(request: web.Request) -> web.Response:
    """Make a new one-time link for a member.

    The new link replaces the member's earlier links, including links that were sent by mail.
    """
    asker = await asker_of(request)
    return answer(await _link(request, asker, await asked_member(request, asker, path_id(request, "id"))))


@routes.post("/api/settings/staff/{id}/invite")
async def invite(request: web.Request) -> web.Response:
    """Mail a member a new one-time link.

    If no mail can be queued, for example without a mail address, the response contains the link.
    """
    asker = await asker_of(request)
    member = await asked_member(request, asker, path_id(request, "id"))
    return answer(await _invited(request, asker, member) or await _link(request, asker, member))


async def asked_member(request: web.Request, asker: Asker, staff: str) -> StaffRecord:
    """Return the member with this id, if the asker may change a member with this member's roles. Raises Refused(not_found)."""
    member = await request.app[RECORDS].staff(staff)
    if member is None or not asker.may(of_member(member)) or not may_give(asker.member, member.roles, of_member(member)):
        raise not_found()
    return member


def new_member(asker: Asker, login: str) -> StaffRecord:
    """Return a new member of the asker's organisation, with this login and no settings. The login must not be taken."""
    return StaffRecord(id=login, login=login, name="", role="operator", organisation=asker.member.organisation)


async def checked_member(request: web.Request, asker: Asker, before: StaffRecord | None, member: StaffRecord) -> StaffRecord:
    """Return the member in canonical form. Raises Invalid, for example if the asker may not give these roles or sites."""
    sites = await request.app[RECORDS].sites(Realm(organisation=member.organisation))
    member = checked_staff(member, sites)
    if not may(asker.member, "people.change", of_member(member)):
        raise Invalid({"sites": "not_yours"})
    given = set(member.roles) ^ set(before.roles if before else ())
    if not may_give(asker.member, given, of_member(member)):
        raise Invalid({"roles": "not_yours"})
    return member


async def _save(request: web.Request, asker: Asker, before: StaffRecord | None, member: StaffRecord, version: str) -> None:
    entry = audit_entries.of_member(before, member)
    audit = entries_by(asker.member.id, [entry]) if entry.change is not None else []
    await request.app[RECORDS].save_staff(member, expected=version, audit=audit)


async def _invited(request: web.Request, asker: Asker, member: StaffRecord) -> Added | None:
    """Mail the member a one-time link.

    Return None if no mail was queued. The reason can be that there is no mail server or no address, that the member signs in at a
    provider, or that the outbox refuses the mail.
    """
    if not await request.app[ACCOUNT_MAILS].invite(member, audit=entry(asker.member.id, "staff.invite", f"staff/{member.id}")):
        return None
    now = steady_ms(request)
    return Added(member=_stored(member), link="", expires_at=now + INVITATION_LIFE_MS, mailed=member.mail)


async def _link(request: web.Request, asker: Asker, member: StaffRecord) -> Added:
    now = steady_ms(request)
    audit = entry(asker.member.id, "password.link", f"staff/{member.id}")
    made = await make_link(request.app[RECORDS], request.app[SETTINGS], member, now, audit=audit)
    return Added(member=_stored(member), link=made, expires_at=now + LINK_LIFE_MS)


def _stored(member: StaffRecord) -> StoredStaff:
    return StoredStaff(id=member.id, login=member.login, version=version_of(member), settings=settings_of_member(member))
