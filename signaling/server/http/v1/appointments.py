"""Routes of the API for appointments: list, read, book, move and cancel them, and find free times."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.codes import check_place
from signaling.live.appointments import Sought, sought_of
from signaling.live.entry import Entry
from signaling.live.inviting import WantedTime
from signaling.protocol.reading import QueryReader, Reader
from signaling.protocol.words import AppointmentTrouble, CallbackState, Channel, Contact, OptionalId, ShortText
from signaling.records import SessionRecord
from signaling.records.checks import Invalid
from signaling.records.opening_hours import is_zone
from signaling.server.app_keys import LIVE, RECORDS
from signaling.server.http.allowed import Asker, asked_site, asker_of, of_session
from signaling.server.http.appointments import Booking, TimesQuery, Zone, read_times, times_of
from signaling.server.http.bodies import Key, path_id, read_json, read_query
from signaling.server.http.errors import Refused, answer, not_found
from signaling.session import Session, booking_of, decode_snapshot
from signaling.session.callback import LEAST_CONTACT
from signaling.session.model import NotAllowed

from . import for_user
from .cursors import Cursor, Limit, cursor_after, place_of
from .idempotency import ABOUT

routes = web.RouteTableDef()

LINK_AFTER_MS = 24 * 3_600_000  # the link to an appointment still works for this many ms after the appointment's start
_Instant = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]


class AppointmentQuery(Struct, kw_only=True):
    """The query of a list of appointments: filters, and which part of the list to return.

    `site`, `staff`: ids; "" for all. `from`, `to`: only appointments that begin between these times (Unix ms; `to` is exclusive).
    `cursor`: `next` of the previous part; "" for the first part. `limit`: at most this many appointments in the part.
    """

    site: Key = ""
    staff: Key = ""
    from_ms: int | None = msgspec.field(default=None, name="from")
    to: int | None = None
    cursor: Cursor = ""
    limit: Limit = 50


class Appointment(Struct, kw_only=True):
    """An appointment of a user with a member of staff. Times are Unix ms.

    `session`: the id by which programs read, move and cancel the appointment. `booking`: identifies the present booking; it
    changes whenever a time is agreed. `state`: "scheduled" until `at`; then "due" until a member of staff accepts it; then
    "calling" until the user comes; at the end "done", "missed" or "cancelled". `name`: the user's name, or "" if it is not known.
    `contact`: the user's telephone number or mail address; "" if only the partner knows one. `trouble`: why the appointment
    cannot take place as booked, or "".
    """

    session: str
    booking: str
    site: str
    category: str
    language: str
    channel: Channel
    at: int
    minutes: int
    state: CallbackState
    staff: str
    staff_name: str
    name: str
    contact: str
    note: str
    trouble: AppointmentTrouble | Literal[""] = ""


class CancelQuery(Struct, kw_only=True):
    """The query for a cancellation.

    `booking`: cancel the appointment only if this is still its `booking`. "": cancel it whatever its `booking` is.
    """

    booking: Booking = ""


class AppointmentList(Struct, kw_only=True):
    """A part of the list of appointments that nobody has accepted yet, the earliest first.

    `next`: the cursor of the following part, or "".
    """

    items: list[Appointment]
    next: str


class SiteTimesQuery(TimesQuery, kw_only=True):
    """The query for free times of a site. `channel`: the channel of the appointment."""

    category: Key
    language: Key
    channel: Channel = "voice"


class NewAppointment(for_user.ForUser, kw_only=True):
    """An appointment to book for a user for whom the token vouches.

    `at`: a free time (Unix ms). `staff`: the id of the member whom the user will meet; "" for the free member with the fewest
    appointments. `contact`: a telephone number or mail address; not needed if `user` has an id or a contact. `timezone`: the
    user's IANA zone; mails give times in this zone.
    """

    at: _Instant
    channel: Channel = "voice"
    staff: OptionalId = ""
    contact: Contact = ""
    note: ShortText = ""
    timezone: Zone = ""


class BookedAppointment(Struct, kw_only=True):
    """The booked appointment, and the link by which its user enters, changes or cancels it.

    `link`: works once, until `expires_at` (Unix ms).
    """

    appointment: Appointment
    link: str
    expires_at: int


class AnotherTime(Struct, kw_only=True):
    """The new time of an appointment.

    `at`: a free time (Unix ms). `staff`: the id of the member whom the user will meet; "" for any free member; null for the
    present member.
    """

    at: _Instant
    staff: OptionalId | None = None


_read_query: QueryReader[AppointmentQuery] = QueryReader(AppointmentQuery)
_read_site_times: QueryReader[SiteTimesQuery] = QueryReader(SiteTimesQuery)
_read_cancel: QueryReader[CancelQuery] = QueryReader(CancelQuery)
_read_new: Reader[NewAppointment] = Reader(NewAppointment)
_read_time: Reader[AnotherTime] = Reader(AnotherTime)


@routes.get("/api/v1/appointments")
async def listed(request: web.Request) -> web.Response:
    asker, asked = await asker_of(request), read_query(request, _read_query)
    after = place_of(asked.cursor)
    found = [each for each in request.app[LIVE].appointments.booked(asker.realm) if _matches(each.session, asked)]
    rest = [each for each in found if after is None or _place_of(each) > after]
    part = rest[: asked.limit]
    following = len(rest) > len(part)
    return answer(
        AppointmentList(items=await _items(request, part), next=cursor_after(*_place_of(part[-1])) if following else "")
    )


@routes.get("/api/v1/appointments/{id}")
async def one(request: web.Request) -> web.Response:
    """Return an appointment, even if it is over."""
    return answer(await _read(request, await _asked(request, await asker_of(request))))


@routes.get("/api/v1/sites/{site}/times")
async def site_times(request: web.Request) -> web.Response:
    """Return the free times of each member with whom a user could book an appointment.

    Raises Refused(not_offered) when the site offers no appointments, or none by this channel.
    """
    asker = await asker_of(request)
    site, asked = await asked_site(request, asker), read_query(request, _read_site_times)
    language = check_place(site, asked.category, asked.language)
    if site.appointments is None or site.callbacks != "offered" or asked.channel not in site.channels:
        raise _not_offered()
    sought = Sought(site, asked.category, language)
    free = await request.app[LIVE].appointments.by_staff(sought, asked.channel, asked.timezone)
    return answer(times_of(free))


@routes.get("/api/v1/appointments/{id}/times")
async def other_times(request: web.Request) -> web.Response:
    """Return the free times of each member who could take this appointment."""
    entry = await _open(request, await asker_of(request))
    zone = read_query(request, read_times).timezone
    return answer(times_of(await request.app[LIVE].appointments.by_staff(sought_of(entry), entry.session.channel, zone)))


@routes.post("/api/v1/appointments")
async def book(request: web.Request) -> web.Response:
    """Book an appointment. The user gets a mail, if mail is set up and a mail address is known.

    Raises Refused(not_offered) when the site offers no such appointment, Invalid when there is no way to reach the user, and
    NotAllowed with the reason full or out_of_hours.
    """
    asker, asked = await asker_of(request), await read_json(request, _read_new)
    site = await for_user.asked_site(request, asker, asked)
    contact = asked.contact.strip()
    if len(contact) < LEAST_CONTACT and not (asked.user and (asked.user.id or asked.user.contact)):
        raise Invalid({"contact": "needed"})
    until = asked.at + LINK_AFTER_MS
    wanted = for_user.wanted(request, asker, site, asked, until)
    zone = asked.timezone if is_zone(asked.timezone) else ""
    time = WantedTime(at=asked.at, staff=asked.staff, contact=contact, note=asked.note.strip(), timezone=zone)
    try:
        entry, link = await request.app[LIVE].inviting.book(wanted, time)
    except NotAllowed as error:
        raise (_not_offered() if error.reason == "not_offered" else error) from None
    request[ABOUT] = entry.id
    [item] = await _items(request, [entry])
    return answer(BookedAppointment(appointment=item, link=link, expires_at=until))


@routes.post("/api/v1/appointments/{id}/move")
async def move(request: web.Request) -> web.Response:
    """Move an appointment to another free time. The user gets a mail, as after booking.

    Raises NotAllowed with the reason out_of_hours, ringing or wrong_state.
    """
    asker = await asker_of(request)
    entry = await _open(request, asker)
    request[ABOUT] = entry.id
    asked = await read_json(request, _read_time)
    called = entry.session.callback
    staff = asked.staff if asked.staff is not None else called.staff if called is not None else ""
    await request.app[LIVE].desk.move(entry, asked.at, staff, asker.member.id, by_staff=False)
    return answer(await _read(request, await _asked(request, asker)))


@routes.post("/api/v1/appointments/{id}/cancel")
async def cancel(request: web.Request) -> web.Response:
    """Cancel an appointment. The user gets a mail, as after booking.

    Raises NotAllowed(wrong_state) when the appointment has begun, or is over. Raises Changed when the query names a booking that
    is not the present one.
    """
    asker, asked = await asker_of(request), read_query(request, _read_cancel)
    entry = await _open(request, asker)
    request[ABOUT] = entry.id
    await request.app[LIVE].desk.cancel(entry, asker.member.id, asked.booking)
    [item] = await _items(request, [entry])
    return answer(item)


async def _asked(request: web.Request, asker: Asker) -> SessionRecord:
    """Return the session that the path names. Raises Refused(not_found)."""
    record = await request.app[RECORDS].session(path_id(request, "id"))
    if record is None:
        raise not_found()
    asker.require(of_session(record))
    return record


async def _open(request: web.Request, asker: Asker) -> Entry:
    """Return the session that the path names.

    Raises Refused(not_found). Raises NotAllowed(wrong_state) when staff have accepted the session's appointment, or the
    appointment is over.
    """
    record = await _asked(request, asker)
    item = await _read(request, record)
    entry = request.app[LIVE].desk.entry(item.session)
    if entry is None:
        raise NotAllowed("wrong_state")
    return entry


async def _read(request: web.Request, record: SessionRecord) -> Appointment:
    """Return the session's appointment. Raises Refused(not_found) for a session without an appointment."""
    entry = request.app[LIVE].index.entries.get(record.id)
    if entry is not None:
        found = await _items(request, [entry])
    else:
        found = [_item(decode_snapshot(record.snapshot))] if record.snapshot else []
    if not found or not found[0].staff:
        raise not_found()
    return found[0]


async def _items(request: web.Request, entries: list[Entry]) -> list[Appointment]:
    troubles = await request.app[LIVE].appointments.troubles([each for each in entries if each.session.state == "callback"])
    return [_item(each.session, troubles.get(each.id, "")) for each in entries]


def _item(session: Session, trouble: AppointmentTrouble | Literal[""] = "") -> Appointment:
    called = session.callback
    if called is None:
        raise not_found()
    return Appointment(
        session=session.id,
        booking=booking_of(called),
        site=session.site,
        category=session.category,
        language=session.language,
        channel=session.channel,
        at=called.due_at,
        minutes=called.minutes,
        state=called.state,
        staff=called.staff,
        staff_name=called.staff_name,
        name=session.people[session.user].name,
        contact=called.contact,
        note=called.note,
        trouble=trouble,
    )


def _matches(session: Session, asked: AppointmentQuery) -> bool:
    called = session.callback
    return (
        called is not None
        and called.staff != ""
        and asked.site in ("", session.site)
        and asked.staff in ("", called.staff)
        and (asked.from_ms is None or called.due_at >= asked.from_ms)
        and (asked.to is None or called.due_at < asked.to)
    )


def _place_of(entry: Entry) -> tuple[int, str]:
    return entry.session.callback.due_at if entry.session.callback else 0, entry.id


def _not_offered() -> Refused:
    return Refused(403, "not_offered", "The site offers no appointments of this kind.")
