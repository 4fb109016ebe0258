"""Appointments for operators: list, move and cancel them, and set the working hours of staff."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.rights import may_give, of_member, realm_of
from signaling.live.appointments import sought_of
from signaling.live.entry import Entry
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.staff_views import AppointmentItem
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import OptionalId
from signaling.records import StaffRecord
from signaling.records.appointment_plan import offered
from signaling.records.audit_entries import of_working_hours
from signaling.records.auditing import entries_by
from signaling.records.opening_hours import BadHours, Hours, check
from signaling.server.app_keys import LIVE, RECORDS
from signaling.session.model import NotAllowed

from .allowed import Asker, asker_of, of_session
from .bodies import path_id, read_json, read_query
from .errors import Refused, answer, not_found
from .hours import read_hours
from .operator import read_language

routes = web.RouteTableDef()

Zone = Annotated[str, by(Seen(64, cut=True))]
Booking = Annotated[str, by(Exact(64))]  # the text that identifies a booking in the list of appointments


class AppointmentPage(Struct, kw_only=True):
    items: list[AppointmentItem]


class TimesQuery(Struct, kw_only=True):
    """The query for free times. `timezone`: the reader's IANA zone."""

    timezone: Zone = ""


class StaffTimes(Struct, kw_only=True):
    """The free times of one member, within their working hours.

    `times`: the moments (Unix ms) at which an appointment may begin; at most 200.
    """

    id: str
    name: str
    times: list[int]


class NewTime(Struct, kw_only=True):
    """The new time of an appointment. `at`: Unix ms.

    `staff`: the id of the member whom the user will meet; "" for the free member with the fewest appointments. `booking`:
    identifies the booking that the page shows. If the session has another booking by now, the request is refused. "": move
    whatever booking the session has.
    """

    at: Annotated[int, Meta(ge=0)]
    staff: OptionalId = ""
    booking: Booking = ""


class Cancellation(Struct, kw_only=True):
    """A request to cancel an appointment.

    `booking`: identifies the booking that the page shows. A different booking is not cancelled.
    """

    booking: Booking


class WorkingHours(Struct, kw_only=True):
    """A member's working hours.

    `hours`: null if the member works during the opening hours of the categories. `touched`: the member's appointments that cannot
    take place as booked, except those that the sender of the request may not see.
    """

    hours: Hours | None
    touched: list[AppointmentItem]


read_times: QueryReader[TimesQuery] = QueryReader(TimesQuery)
_read_time: Reader[NewTime] = Reader(NewTime)
_read_cancellation: Reader[Cancellation] = Reader(Cancellation)


@routes.get("/api/operator/appointments")
async def rows(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    language = read_query(request, read_language).lang
    return answer(AppointmentPage(items=await request.app[LIVE].desk.items(asker.realm, language)))


@routes.get("/api/operator/appointments/{session}/times")
async def times(request: web.Request) -> web.Response:
    """Return the free times of each member who could take this appointment."""
    entry = await _asked(request, await asker_of(request))
    zone = read_query(request, read_times).timezone
    free = await request.app[LIVE].appointments.by_staff(sought_of(entry), entry.session.channel, zone)
    return answer(times_of(free))


def times_of(free: list[tuple[StaffRecord, list[int]]]) -> list[StaffTimes]:
    """Return each member's free times as a response lists them: at most the first `MOST_OFFERED` times of each member."""
    return [StaffTimes(id=staff.id, name=staff.name, times=offered(found)) for staff, found in free]


@routes.post("/api/operator/appointments/{session}/move")
async def move(request: web.Request) -> web.Response:
    """Move an appointment. The user gets a mail, if mail is set up and a mail address is known. The request is audited.

    Raises Changed when the session has a booking other than `booking` in the request.
    """
    asker = await asker_of(request)
    entry = await _asked(request, asker)
    asked = await read_json(request, _read_time, 1024)
    await request.app[LIVE].desk.move(entry, asked.at, asked.staff, asker.member.id, asked.booking)
    return answer({})


@routes.post("/api/operator/appointments/{session}/cancel")
async def cancel(request: web.Request) -> web.Response:
    """Cancel an appointment.

    The user gets a mail, if mail is set up and a mail address is known. The request is audited. Raises Changed when the session
    has a booking other than `booking` in the request.
    """
    asker = await asker_of(request)
    entry = await _asked(request, asker)
    asked = await read_json(request, _read_cancellation, 1024)
    await request.app[LIVE].desk.cancel(entry, asker.member.id, asked.booking)
    return answer({})


@routes.get("/api/settings/staff/{id}/hours")
async def hours(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    return answer(await _hours_of(request, asker, await _member(request, asker)))


@routes.post("/api/settings/staff/{id}/hours")
async def change_hours(request: web.Request) -> web.Response:
    """Set a member's working hours, and return the appointments that no longer fit. The request is audited."""
    asker = await asker_of(request)
    member, wanted = await _member(request, asker), (await read_json(request, read_hours)).hours
    if wanted is not None:
        try:
            check(wanted)
        except BadHours as error:
            raise Refused(400, "bad_hours", str(error)) from error
    records = request.app[RECORDS]
    before = (await records.working_hours([member.id])).get(member.id)
    entries = entries_by(asker.member.id, [of_working_hours(member.id, before, wanted)])
    await records.save_working_hours(member.id, wanted, audit=entries)
    return answer(await _hours_of(request, asker, member))


async def _hours_of(request: web.Request, asker: Asker, member: StaffRecord) -> WorkingHours:
    found = await request.app[RECORDS].working_hours([member.id])
    language = read_query(request, read_language).lang
    # list only appointments that the asker may manage: not everybody who may set working hours may also see users
    theirs = realm_of(asker.member, "appointments.manage")
    touched = await request.app[LIVE].desk.touched(member, theirs, language)
    return WorkingHours(hours=found.get(member.id), touched=touched)


async def _member(request: web.Request, asker: Asker) -> StaffRecord:
    """Return the member whom the path names, if the asker may change that member. Raises Refused(not_found)."""
    member = await request.app[RECORDS].staff(path_id(request, "id"))
    if member is None or not asker.may(of_member(member)) or not may_give(asker.member, member.roles, of_member(member)):
        raise not_found()
    return member


async def _asked(request: web.Request, asker: Asker) -> Entry:
    """Return the session that the path names.

    Raises Refused(not_found), and NotAllowed when the session has no appointment to change.
    """
    record = await request.app[RECORDS].session(path_id(request, "session"))
    if record is None:
        raise not_found()
    asker.require(of_session(record))
    entry = request.app[LIVE].desk.entry(record.id)
    if entry is None:
        raise NotAllowed("wrong_state")
    return entry
