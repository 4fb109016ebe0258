"""List, move and cancel appointments for operators."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from signaling.live.appointments import Appointments
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.mailing import Mailing, callback_address
from signaling.live.sessions import Sessions
from signaling.protocol.staff_views import AppointmentItem
from signaling.records import Audited, Changed, Realm, Records, StaffRecord
from signaling.session import booking_of
from signaling.session import events as ev
from signaling.session.model import Callback, NotAllowed


class AppointmentDesk:
    """Lists, moves and cancels appointments for operators.

    The user gets a mail about each move and cancellation, if the server sends mails and knows the user's address.
    """

    def __init__(
        self, *, appointments: Appointments, sessions: Sessions, mailing: Mailing, records: Records, index: Index
    ) -> None:
        self._appointments = appointments
        self._sessions = sessions
        self._mailing = mailing
        self._records = records
        self._index = index

    async def items(self, realm: Realm, locale: str) -> list[AppointmentItem]:
        """Return the callbacks and appointments at the sites of `realm` (sites that the asker may see), the earliest first.

        Those that staff have accepted already are left out.
        """
        entries = self._appointments.booked(realm)
        troubles = await self._appointments.troubles(entries)
        found = []
        for entry in entries:
            session, called = entry.session, entry.session.callback
            if called is None:
                continue
            found.append(
                AppointmentItem(
                    session=entry.id,
                    booking=booking_of(called),
                    site=entry.site_name(locale),
                    category=entry.category_name("", locale),
                    language=session.language,
                    channel=session.channel,
                    at=called.due_at,
                    minutes=called.minutes,
                    due=called.state == "due",
                    name=session.people[session.user].name,
                    staff=called.staff,
                    staff_name=called.staff_name,
                    by_mail=self._mailing.enabled and bool(callback_address(entry)),
                    trouble=troubles.get(entry.id, ""),
                )
            )
        return found

    async def touched(self, member: StaffRecord, realm: Realm, locale: str) -> list[AppointmentItem]:
        """Return the member's appointments that cannot take place as booked.

        Only appointments at the sites of `realm` are returned. Operators see them, so that they can tell the users.
        """
        found = await self.items(realm, locale)
        return [item for item in found if item.staff == member.id and item.trouble]

    def entry(self, session: str) -> Entry | None:
        """Return the session with this id if it has a callback or appointment that nobody has accepted. Otherwise return None."""
        return self._index.callbacks.get(session)

    async def move(self, entry: Entry, at: int, staff: str, actor: str, booking: str = "", *, by_staff: bool = True) -> None:
        """Book a callback or an appointment again: for another time, with another member ("": anyone), or both.

        Mail the user the new time. Raises NotAllowed. The new booking is always an appointment, never a callback.

        `booking`: the name (`booking_of`) of the booking that the caller has seen; "": any booking. Raises Changed if the
        session has another booking than `booking`.
        `by_staff`: a member of staff has chosen the time, so it may be outside of working hours.
        """
        _require(entry, booking)
        await self._sessions.renew_site(entry)

        async def apply(with_staff: ev.WithStaff) -> None:
            _require(entry, booking)  # another task may have moved the appointment while this task waited
            await self._sessions.apply(entry, ev.AppointmentMoved(at, with_staff))

        audit = Audited(actor, "appointment.move", f"session/{entry.id}")
        # `check` refuses this move before its audit entry is stored, if another task has moved the appointment meanwhile
        await self._appointments.book(
            entry,
            at,
            entry.session.channel,
            staff,
            apply,
            by_staff=by_staff,
            audit=audit,
            check=lambda: _require(entry, booking),
        )
        self._mailing.callback_booked(entry)

    async def cancel(self, entry: Entry, actor: str, booking: str = "") -> None:
        """Cancel a callback or an appointment, and mail the user.

        `booking`: the name (`booking_of`) of the booking that the caller means; "": any booking. Raises Changed if the session
        has another booking than `booking`, and NotAllowed if the appointment has begun or is over.
        """
        called = _require(entry, booking)
        if entry.session.state != "callback":
            raise NotAllowed("wrong_state")
        booking = booking_of(called)
        # write the audit entry first, so that the appointment stays as it is if this write fails
        await self._records.audit(actor, "appointment.cancel", f"session/{entry.id}", booking)
        await self._cancel(entry, booking)

    async def cancel_asked(self, session: str, bookings: Collection[str]) -> None:
        """Cancel a callback or an appointment at the request of another process, which has written the audit entry.

        `bookings`: the names of the bookings that the other process saw. If the session now has a booking that is not among them,
        that booking stays.
        """
        entry = self.entry(session)
        if entry is None or entry.session.callback is None or (booking := booking_of(entry.session.callback)) not in bookings:
            return
        with suppress(NotAllowed):  # the appointment has begun, or another person has cancelled or moved it
            await self._cancel(entry, booking)

    async def _cancel(self, entry: Entry, booking: str) -> None:
        await self._sessions.apply(entry, ev.EndedBy("callback_cancelled", booking))
        self._mailing.callback_cancelled(entry)


def _require(entry: Entry, booking: str) -> Callback:
    """Return the session's callback. Raise NotAllowed if there is none, and Changed if it has another booking than `booking`.

    `booking`: "" for any booking.
    """
    called = entry.session.callback
    if called is None:
        raise NotAllowed("wrong_state")
    if booking not in ("", booking_of(called)):
        raise Changed
    return called
