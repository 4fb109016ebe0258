"""The calendar of a member of staff: an address with a secret key, to which calendar programs subscribe."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

from aiohttp import web
from msgspec import MsgspecError, Struct

from signaling.access.identity import token_hash
from signaling.config import log
from signaling.mail.calendar import Booked, feed
from signaling.protocol.own_texts import nearest, words_in
from signaling.records import SessionRecord, Site, StaffRecord
from signaling.records.appointment_plan import CELL_MS
from signaling.server.app_keys import RECORDS, SETTINGS
from signaling.session import decode_snapshot
from signaling.session.model import Callback

from .bodies import now_ms, path_id
from .errors import answer, not_found
from .noting import entry
from .staff import signed_in

routes = web.RouteTableDef()
_log = log.get("signaling.server.http.calendars")

PAST_MS = 14 * 86_400_000  # milliseconds for which past appointments stay in the calendar


class Calendar(Struct, kw_only=True):
    """The member's calendar.

    `on`: whether the member has a calendar. `url`: the calendar's address; it is shown only once, when it is made.
    """

    on: bool
    url: str = ""


@routes.get("/api/calendar")
async def look(request: web.Request) -> web.Response:
    member = await signed_in(request)
    return answer(Calendar(on=await request.app[RECORDS].has_calendar(member.id)))


@routes.post("/api/calendar")
async def renew(request: web.Request) -> web.Response:
    """Make a new address of the member's own calendar. The old address stops working. The request is audited."""
    member, key = await signed_in(request), secrets.token_urlsafe(32)
    await request.app[RECORDS].save_calendar(
        member.id, token_hash(key), audit=entry(member.id, "calendar.renew", f"staff/{member.id}")
    )
    return answer(Calendar(on=True, url=f"{request.app[SETTINGS].url}/calendar/{key}.ics"))


@routes.post("/api/calendar/remove")
async def remove(request: web.Request) -> web.Response:
    """Remove the address of the member's own calendar, which then cannot be read any more. The request is audited."""
    member = await signed_in(request)
    await request.app[RECORDS].save_calendar(member.id, "", audit=entry(member.id, "calendar.remove", f"staff/{member.id}"))
    return answer(Calendar(on=False))


@routes.get("/calendar/{key}.ics")
async def read(request: web.Request) -> web.Response:
    """Return the calendar that this key opens.

    The calendar contains no user's name, because many calendar programs store the calendars on other companies' servers.
    """
    records, now = request.app[RECORDS], now_ms()
    member = await records.staff_by_calendar(token_hash(path_id(request, "key")))
    if member is None:
        raise not_found()
    found = await records.appointments_of(member.id, (now - PAST_MS) // CELL_MS, now // CELL_MS)
    host = urlsplit(request.app[SETTINGS].url).hostname or "localhost"
    words = words_in(nearest(member.locale or next(iter(member.languages), "en")), "calendar")
    names = {site.id: site for site in await records.sites()}
    booked = [_booked(each, called, host, words, names.get(each.site)) for each, called in _agreed(found, member)]
    body = feed(words["name"], booked, now)
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers={"Cache-Control": "private, no-store"})


def _agreed(found: list[SessionRecord], member: StaffRecord) -> Iterator[tuple[SessionRecord, Callback]]:
    """Yield the member's future and past appointments, except cancelled and missed ones."""
    for record in found:
        called = _callback_of(record)
        if called is not None and called.staff == member.id and called.state not in ("cancelled", "missed"):
            yield record, called


def _callback_of(record: SessionRecord) -> Callback | None:
    """Return the appointment of a session, or None if it has none or its stored state cannot be read.

    One unreadable session must not make the whole calendar fail.
    """
    try:
        return decode_snapshot(record.snapshot).callback if record.snapshot else None
    except MsgspecError:
        _log.exception("appointment not shown in the calendar", session=record.id)
        return None


def _booked(record: SessionRecord, called: Callback, host: str, words: dict[str, str], site: Site | None) -> Booked:
    name = site.name(record.language) if site is not None else record.site
    title = words["title"].replace("{channel}", words[f"by_{record.channel}"]).replace("{site}", name)
    return Booked(
        id=f"{record.id}.staff@{host}",
        title=title,
        text=words["text"],
        at_ms=called.due_at,
        minutes=called.minutes,
        moved=called.agreed,
    )
