"""Appointments in the database: taken cells (15 minutes) of each member's time, working hours, and keys of calendar URLs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from . import tables as t
from .auditing import Audited, add_all, add_audit
from .database import lock_parent
from .leading import Leading
from .opening_hours import Hours
from .types import SessionRecord, StaffRecord

MOST_IN_CALENDAR = 500  # at most this many sessions in one calendar; further sessions are left out
_OVER = ("after", "closed", "message_left")
_cell = t.appointment_cell.c
_plan = t.staff_plan.c


class Appointments(Leading):
    """Takes cells (15 minutes) of the time of staff for appointments. When a session is over, its cells are free again."""

    async def taken_cells(self, staff: Collection[str], cells: range, *, but: str = "") -> dict[str, set[int]]:
        """Return member of staff → those of `cells` (15 minutes each) in which this member has an appointment.

        `but`: id of a session whose cells are left out.
        """
        joined = t.appointment_cell.join(t.session, t.session.c.id == _cell.session)
        within = (_cell.cell >= cells.start) & (_cell.cell < cells.stop) & _cell.staff.in_(staff)
        wanted = within & t.session.c.state.not_in(_OVER) & (_cell.session != but)
        found: dict[str, set[int]] = {each: set() for each in staff}
        for row in await self._all(sa.select(_cell.staff, _cell.cell).select_from(joined).where(wanted)):
            found[row["staff"]].add(row["cell"])
        return found

    async def claim_cells(
        self, session: str, staff: str, cells: Iterable[int], *, audit: Audited | None = None
    ) -> list[int] | None:
        """Take these cells (15 minutes each) of a member's time for a session, in addition to those that the session has already.

        Return the newly taken cells. If a cell belongs to another appointment, return None and take no cell. The table's primary
        key makes sure that two appointments never take the same cell. `audit`: an audit entry to store in the same transaction.
        Raises Overtaken when another server leads, and RecordsAway when the database is unavailable.
        """
        wanted = list(cells)
        over = sa.select(t.session.c.id).where(t.session.c.state.in_(_OVER))
        here = (_cell.staff == staff) & _cell.cell.in_(wanted)

        def claim(connection: sa.Connection) -> list[int]:
            self.require_leading(connection)
            connection.execute(sa.delete(t.appointment_cell).where(here, _cell.session.in_(over)))
            had = set(connection.execute(sa.select(_cell.cell).where(here, _cell.session == session)).scalars())
            new = [cell for cell in wanted if cell not in had]
            if new:
                rows = [{"staff": staff, "cell": cell, "session": session} for cell in new]
                connection.execute(sa.insert(t.appointment_cell), rows)
            add_audit(connection, audit)
            return new

        try:
            return await self._transaction(claim, writes=True)
        except IntegrityError:
            return None

    async def keep_cells(self, session: str, staff: str = "", cells: Iterable[int] = ()) -> None:
        """Free the cells (15 minutes each) that this session's appointment has taken, except `cells` of the member `staff`."""
        kept = (_cell.staff == staff) & _cell.cell.in_(list(cells))
        await self._do(sa.delete(t.appointment_cell).where(_cell.session == session, ~kept))

    async def free_cells(self, session: str, staff: str, cells: Iterable[int]) -> None:
        """Free these cells (15 minutes each), which this session's appointment has taken."""
        these = (_cell.session == session) & (_cell.staff == staff) & _cell.cell.in_(list(cells))
        await self._do(sa.delete(t.appointment_cell).where(these))

    # --- working hours and calendars -------------------------------------------------------------------------------------

    async def working_hours(self, staff: Collection[str]) -> dict[str, Hours]:
        """Return member of staff → working hours, for these members. Members who have set no working hours are left out."""
        rows = await self._all(sa.select(_plan.staff, _plan.hours).where(_plan.staff.in_(staff), _plan.hours.is_not(None)))
        return {row["staff"]: msgspec.convert(row["hours"], Hours) for row in rows if row["hours"]}

    async def save_working_hours(self, staff: str, hours: Hours | None, *, audit: Iterable[Audited] = ()) -> None:
        """Store the working hours of a member. `hours` None: the member works during the opening hours of the categories.

        `audit`: audit entries to store in the same transaction.
        """
        await self._save_plan(staff, audit, hours=None if hours is None else msgspec.to_builtins(hours))

    async def save_calendar(self, staff: str, token_hash: str, *, audit: Iterable[Audited] = ()) -> None:
        """Replace the key of a member's calendar.

        The old address of the calendar stops working, because it contains the old key. `token_hash`: hash of the new key; ""
        removes the calendar. `audit`: audit entries to store in the same transaction.
        """
        await self._save_plan(staff, audit, calendar_hash=token_hash)

    async def has_calendar(self, staff: str) -> bool:
        """Return whether the member has a URL from which a calendar program can fetch their appointments."""
        row = await self._first(sa.select(_plan.calendar_hash).where(_plan.staff == staff))
        return bool(row and row["calendar_hash"])

    async def staff_by_calendar(self, token_hash: str) -> StaffRecord | None:
        """Return the active member whose calendar the key with this hash opens, or None."""
        joined = t.staff.join(t.staff_plan, _plan.staff == t.staff.c.id)
        wanted = (_plan.calendar_hash == token_hash) & (_plan.calendar_hash != "") & t.staff.c.active
        row = await self._first(sa.select(t.staff).select_from(joined).where(wanted))
        return StaffRecord(**row) if row else None

    async def appointments_of(self, staff: str, since_cell: int, now_cell: int) -> list[SessionRecord]:
        """Return at most `MOST_IN_CALENDAR` sessions with an appointment of this member at or after the cell `since_cell`.

        A cell is 15 minutes. Appointments in `now_cell` or later come first, the next one first. Past appointments follow, the
        latest first.
        """
        last = sa.func.max(_cell.cell).label("last")
        within = sa.select(_cell.session, last).where(_cell.staff == staff, _cell.cell >= since_cell)
        theirs = within.group_by(_cell.session).subquery()
        columns = [t.session.c[name] for name in SessionRecord.__struct_fields__]
        order = (theirs.c.last < now_cell, sa.func.abs(theirs.c.last - now_cell), t.session.c.id)
        joined = t.session.join(theirs, theirs.c.session == t.session.c.id)
        wanted = sa.select(*columns).select_from(joined).order_by(*order).limit(MOST_IN_CALENDAR)
        return [SessionRecord(**row) for row in await self._all(wanted)]

    async def _save_plan(self, staff: str, audit: Iterable[Audited], **values: object) -> None:

        def save(connection: sa.Connection) -> None:
            lock_parent(connection, t.staff, staff)
            if not connection.execute(sa.update(t.staff_plan).where(_plan.staff == staff).values(values)).rowcount:
                connection.execute(sa.insert(t.staff_plan).values(staff=staff, **values))
            add_all(connection, audit)

        await self._transaction(save, writes=True)
