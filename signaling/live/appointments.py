"""Find the free times for appointments with staff, book a time, and find the appointments that can no longer take place."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from signaling.config.shares import has_place
from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.staffing import Staffing
from signaling.protocol.words import AppointmentTrouble, Channel
from signaling.records import Audited, Realm, Records, RecordsAway, Site, StaffRecord
from signaling.records.appointment_plan import CELL_MS, AppointmentPlan, cells, free_times, works_at
from signaling.records.opening_hours import HORIZON_MS, Hours
from signaling.session.events import WithStaff
from signaling.session.model import NotAllowed

# milliseconds for which free times are cached, by site, category, language, channel and time zone; a booking does not use this
# cache, but reads the database
KNOWN_MS: Final = 3_000
MOST_KNOWN: Final = 200  # largest number of cached combinations of site, category, language, channel and time zone

# Free times are computed for at most this many members with their own working hours, because each takes about 5 ms. Further
# members with their own working hours are not offered.
MOST_HOURS: Final = 100
# at most this many callbacks and appointments, of all organisations together, are in memory. Each stays in memory for up to two
# weeks, in addition to the live sessions.
MOST_CALLBACKS: Final = 5_000

Free = dict[str, list[int]]
Booking = Callable[[WithStaff], Awaitable[None]]


@dataclass(slots=True)
class _Known:
    until: int
    staff: dict[str, StaffRecord]
    free: Free


@dataclass(frozen=True, slots=True)
class Sought:
    """The site, category and language of an appointment.

    Site, category and language decide which members of staff could take the appointment.
    """

    site: Site
    category: str
    language: str


@dataclass(slots=True)
class Times:
    """Free times of appointments.

    `anyone`: the times at which at least one member is free. `known`: the member whom the user knows, or None if that member
    cannot be booked. `own`: the free times of the member `known`.
    """

    anyone: list[int] = field(default_factory=list)
    known: StaffRecord | None = None
    own: list[int] = field(default_factory=list)


class Appointments:
    """Finds free times for appointments, and books them.

    A member of staff has at most one appointment at a time, whatever their capacity.
    """

    def __init__(self, *, records: Records, index: Index, staffing: Staffing, now: Now, wall: Now) -> None:
        """`wall`: the machine's clock. When people agree on the time of an appointment, they mean the time of such a clock."""
        self._records = records
        self._index = index
        self._staffing = staffing
        self._now, self._wall = now, wall
        self._known: dict[tuple[str, ...], _Known] = {}
        # one computation at a time, so that requests for many time zones occupy only one thread
        self._looking = asyncio.Lock()

    async def times(self, entry: Entry, channel: Channel, zone: str, known: str = "") -> Times:
        """Return the free times for an appointment of a session.

        `known`: the id of a member. If this member can be booked, the result also has the member and their free times.
        """
        found = await self._free(sought_of(entry), channel, zone)
        every = sorted({at for times in found.free.values() for at in times})
        return Times(every, found.staff.get(known), found.free.get(known, []))

    async def by_staff(self, sought: Sought, channel: Channel, zone: str) -> list[tuple[StaffRecord, list[int]]]:
        """Return each member who could take the appointment that `sought` describes, with the member's free times.

        `zone`: the user's time zone.
        """
        found = await self._free(sought, channel, zone)
        return [(found.staff[staff], times) for staff, times in found.free.items()]

    async def known_to(self, entry: Entry) -> str:
        """Return the id of the member whom the user knows.

        This is the member of the user's appointment, otherwise the session's owner, otherwise the member of the user's last
        conversation.

        Return "" if there is no such member, if the site hides names from users, or if the database is unavailable. The last
        conversation is known only if the partner signed the user's identity.
        """
        session = entry.session
        if entry.site.staff_names == "hidden":
            return ""
        if session.callback is not None and session.callback.staff:
            return session.callback.staff
        owner = session.people.get(session.owner)
        if owner is not None and owner.staff:
            return owner.staff
        if not entry.vouched:
            return ""
        try:
            return await self._records.served_by(entry.id)
        except RecordsAway:
            return ""

    async def owner_or_anyone(self, entry: Entry, staff: str, channel: Channel) -> str:
        """Return `staff`, the id of the member who called the user back, if this member can take an appointment of the session.

        Otherwise return "". Only counselors take appointments. If a professional has taken over the conversation, return "".
        """
        member = await self._records.staff(staff)
        return staff if member is not None and self._serves(member, sought_of(entry), channel) else ""

    def require_place(self, site: Site) -> None:
        """Raise NotAllowed("full") if too many callbacks and appointments are in memory already.

        `has_place` divides the limit `MOST_CALLBACKS` among the organisations.
        """
        counts = Counter(entry.site.organisation for entry in self._index.callbacks.values())
        if not has_place(counts, site.organisation, MOST_CALLBACKS, self._index.organisations):
            raise NotAllowed("full")

    async def require_free(self, sought: Sought, at: int, channel: Channel, staff: str) -> None:
        """Raise NotAllowed("out_of_hours") unless the member `staff` ("": any member) is free at the time `at`."""
        plan = sought.site.appointments or AppointmentPlan()
        self._check_time(plan, at, by_staff=False)
        candidates = await self._candidates(sought, at, channel, staff, by_staff=False)
        taken = await self._records.taken_cells([each.id for each in candidates], cells(at, plan))
        if not any(not taken[each.id] for each in candidates):
            raise NotAllowed("out_of_hours")

    async def book(
        self,
        entry: Entry,
        at: int,
        channel: Channel,
        staff: str,
        apply: Booking,
        *,
        by_staff: bool = False,
        audit: Audited | None = None,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        """Take a time of the member `staff` for the session, and apply the event that books this time.

        `staff`: "" for the free member with the fewest appointments. `by_staff`: a member of staff has chosen the time, so it may
        be outside of working hours. `audit`: an audit entry to store when the time is taken. `check`: raises if the booking is no
        longer wanted; called while no other booking of this session runs. Raises NotAllowed("out_of_hours") if the time is not
        free. If `apply` raises an exception, this method frees the newly taken time and raises the exception. In this case, the
        time of the former booking stays taken.
        """
        async with entry.booking_lock:
            check()
            await self._book(entry, at, channel, staff, apply, by_staff=by_staff, audit=audit)

    async def _book(
        self, entry: Entry, at: int, channel: Channel, staff: str, apply: Booking, *, by_staff: bool, audit: Audited | None
    ) -> None:
        plan = entry.site.appointments or AppointmentPlan()
        wanted = cells(at, plan)
        self._check_time(plan, at, by_staff=by_staff)
        candidates = await self._candidates(sought_of(entry), at, channel, staff, by_staff=by_staff)
        member, claimed = await self._claim(entry, wanted, candidates, audit)
        try:
            await apply(WithStaff(member.id, member.name, channel, plan.minutes, plan.lead_minutes * 60_000))
        except BaseException:
            await self._records.free_cells(entry.id, member.id, claimed)
            raise
        # frees the old time; the new time is taken already. If this write fails, the old time stays taken until the session is
        # over.
        with suppress(RecordsAway):
            await self._records.keep_cells(entry.id, member.id, wanted)
        self._known.clear()

    async def release(self, entry: Entry) -> None:
        """Free the time that an appointment took, because the appointment became a callback.

        A callback takes no time of a particular member, because any counselor can call back.
        """
        async with entry.booking_lock:
            # The callback is booked already. If this write fails, the member's time stays taken, and nobody else can book it
            # until this session ends.
            with suppress(RecordsAway):
                await self._records.keep_cells(entry.id)

    def booked(self, realm: Realm) -> list[Entry]:
        """Return the sessions with a callback or appointment that nobody has accepted yet, the earliest booked time first.

        Only sessions of the realm (an organisation, or some of its sites) are returned.
        """
        found = [entry for entry in self._index.callbacks.values() if realm.has(entry.site) and entry.session.callback]
        return sorted(found, key=lambda entry: (entry.session.callback.due_at if entry.session.callback else 0, entry.id))

    async def troubles(self, entries: list[Entry]) -> dict[str, AppointmentTrouble]:
        """Return the appointments that cannot take place as booked: session id → reason.

        Usually something has changed after the booking: the member, the working hours, the opening hours or the holidays. Or
        staff have booked a time outside of these hours. Callbacks are left out, and so are appointments that can take place.
        """
        found: dict[str, AppointmentTrouble] = {}
        records = {each.id: each for each in await self._records.all_staff()}
        hours = await self._records.working_hours({_staff_of(entry) for entry in entries} - {""})
        for entry in entries:
            site = await self._records.site(entry.site.id) or entry.site
            called, staff = entry.session.callback, records.get(_staff_of(entry))
            if called is None or not called.staff:
                continue
            plan = AppointmentPlan(minutes=called.minutes or 30)
            if staff is None or not self._serves(staff, replace(sought_of(entry), site=site), entry.session.channel):
                found[entry.id] = "staff_gone"
            elif not works_at(site.hours_of(entry.session.category), None, called.due_at, plan):
                found[entry.id] = "closed"
            elif not works_at(None, hours.get(staff.id), called.due_at, plan):
                found[entry.id] = "not_working"
        return found

    # --- parts -----------------------------------------------------------------------------------------------------------

    def _check_time(self, plan: AppointmentPlan, at: int, *, by_staff: bool) -> None:
        now = self._wall()
        if not (now if by_staff else now + plan.notice_minutes * 60_000) <= at <= now + HORIZON_MS:
            raise NotAllowed("out_of_hours")

    async def _free(self, sought: Sought, channel: Channel, zone: str) -> _Known:
        async with self._looking:
            return await self._look(sought, channel, zone)

    async def _look(self, sought: Sought, channel: Channel, zone: str) -> _Known:
        site, now = sought.site, self._wall()
        key = (site.id, sought.category, sought.language, "text" if channel == "text" else "call", zone)
        known = self._known.get(key)
        if known is not None and self._now() < known.until:
            return known
        plan = site.appointments or AppointmentPlan()
        staff = {each.id: each for each in await self._serving(sought, channel)}
        hours = await self._records.working_hours(staff)
        few = set(sorted(hours)[:MOST_HOURS])
        ids = [each for each in staff if each not in hours or each in few]
        first = now // CELL_MS
        taken = await self._records.taken_cells(ids, range(first, first + HORIZON_MS // CELL_MS + 10))
        category = site.hours_of(sought.category)
        free = await asyncio.to_thread(_free_of, category, {each: hours.get(each) for each in ids}, taken, now, plan, zone)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        known = self._known[key] = _Known(self._now() + KNOWN_MS, staff, free)
        return known

    async def _serving(self, sought: Sought, channel: Channel) -> list[StaffRecord]:
        everybody = await self._records.all_staff(sought.site.organisation)
        return [each for each in everybody if self._serves(each, sought, channel)]

    def _serves(self, staff: StaffRecord, sought: Sought, channel: Channel) -> bool:
        has_room, site = staff.texts if channel == "text" else staff.calls, sought.site
        fits = self._staffing.serves(staff, site, sought.language, site.category_path(sought.category))
        return staff.active and staff.role == "counselor" and fits and has_room > 0

    async def _candidates(self, sought: Sought, at: int, channel: Channel, staff: str, *, by_staff: bool) -> list[StaffRecord]:
        """Return the members of staff who could take the appointment, those with the fewest appointments first."""
        site = sought.site
        serving = [each for each in await self._serving(sought, channel) if staff in ("", each.id)]
        category, plan = site.hours_of(sought.category), site.appointments or AppointmentPlan()
        if not by_staff:
            hours = await self._records.working_hours([each.id for each in serving])
            serving = [each for each in serving if works_at(category, hours.get(each.id), at, plan)]
        booked = Counter(_staff_of(each) for each in self._index.callbacks.values())
        return sorted(serving, key=lambda each: (booked[each.id], each.id))

    async def _claim(
        self, entry: Entry, wanted: range, candidates: list[StaffRecord], audit: Audited | None
    ) -> tuple[StaffRecord, list[int]]:
        """Take the cells `wanted` in the calendar of the first candidate for whom all these cells are free.

        A cell is a period of `CELL_MS` in a member's calendar. A cell that this session itself has taken counts as free.

        Return this member and the newly taken cells. Raise NotAllowed("out_of_hours") if there is no such candidate.
        """
        taken = await self._records.taken_cells([each.id for each in candidates], wanted, but=entry.id)
        for member in candidates:
            if taken[member.id]:
                continue
            claimed = await self._records.claim_cells(entry.id, member.id, wanted, audit=audit)
            if claimed is not None:
                return member, claimed
        raise NotAllowed("out_of_hours")


def sought_of(entry: Entry) -> Sought:
    """Return the site, category and language of a session, which decide which members of staff could take its appointment."""
    return Sought(entry.site, entry.session.category, entry.session.language)


def _free_of(
    category: Hours | None, hours: dict[str, Hours | None], taken: dict[str, set[int]], now: int, plan: AppointmentPlan, zone: str
) -> Free:
    """Return the free times of each member. For all members without their own working hours, the times are computed only once."""
    shared: list[int] | None = None
    free = {}
    for staff, own in hours.items():
        if own is not None:
            free[staff] = free_times(category, own, taken[staff], now, plan, zone)
            continue
        if shared is None:
            shared = free_times(category, None, (), now, plan, zone)
        busy = taken[staff]
        free[staff] = [at for at in shared if busy.isdisjoint(cells(at, plan))] if busy else shared
    return free


def _staff_of(entry: Entry) -> str:
    return entry.session.callback.staff if entry.session.callback is not None else ""
