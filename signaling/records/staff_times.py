"""Sums of the time that staff were in each state.

The leading server adds to these sums as time passes. Only the sums are stored, so a report over a year reads few rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from . import tables as t
from .database import LONG_S, insert_into
from .leading import Leading
from .report_counts import DAY_MS, SLOT_MS, Span, spans
from .staff_time_counts import SUMS, StaffKey, Sums

StaffBy = Literal["staff", "day", "week", "staff_day"]
_DAYS_TO_MONDAY = 3  # days from the last Monday of 1969 to 1 January 1970, a Thursday
_UNITS_MS: Final[dict[str, int]] = {"day": DAY_MS, "week": 7 * DAY_MS, "staff_day": DAY_MS}
StaffGroup = tuple[str, str]
"""The key of one row of a report.

The first text is the start of the local day or week, as ms since 1970 on the local clock, or "" if the report is not by time. The
second text is the member's id, or "" if each row adds up all members.
"""


class StaffTimes(Leading):
    """Stores and reads the sums of the time that staff were in each state."""

    async def add_staff_time(self, sums: Sums) -> None:
        """Add these sums to the stored sums, all or none. Raises Overtaken when another server leads."""
        rows = [{**key._asdict(), **{name: sums[key][name] for name in SUMS}} for key in sorted(sums)]

        def add(connection: sa.Connection) -> None:
            self.require_leading(connection)
            connection.execute(_adding(connection), rows)

        if rows:
            await self._transaction(add, writes=True)

    async def staff_time(
        self, begin: int, end: int, by: StaffBy, zone: ZoneInfo, organisation: str, staff: Collection[str] | None = None
    ) -> dict[StaffGroup, Counter[str]]:
        """Return for each row of the report the milliseconds of each kind of time (`SUMS`), from `begin` to `end` (exclusive).

        `begin`, `end`: Unix ms, rounded down to quarters of an hour. `staff`: only these members; None: all members of the
        organisation.
        """
        found: dict[StaffGroup, Counter[str]] = defaultdict(Counter)
        here = t.staff_time.c.organisation == organisation
        if staff is not None:
            here &= t.staff_time.c.staff.in_(sorted(staff))
        whole = [Span(begin - begin % SLOT_MS, end - end % SLOT_MS, 0)]
        async with self._reading(LONG_S) as connection:
            for span in spans(begin, end, zone) if by in _UNITS_MS else whole:
                for row in (await connection.execute(_query(span, by).where(here))).mappings():
                    unit = str(row["unit"] * _UNITS_MS[by] - _shift(by)) if by in _UNITS_MS else ""
                    member = row["staff"] if by in ("staff", "staff_day") else ""
                    found[unit, member].update({name: int(row[name]) for name in SUMS})
        return dict(found)


def _shift(by: StaffBy) -> int:
    return _DAYS_TO_MONDAY * DAY_MS if by == "week" else 0


def _query(span: Span, by: StaffBy) -> sa.Select[Any]:
    c = t.staff_time.c
    sums = [sa.func.sum(c[name]).label(name) for name in SUMS]
    if by == "staff":
        # begin of the first and end of the last whole day (UTC) within the period
        first, last = -(-span.begin // DAY_MS) * DAY_MS, span.end // DAY_MS * DAY_MS
        within = _between("fine", span.begin, span.end)
        if first < last:
            within = sa.or_(_between("day", first, last), _between("fine", span.begin, first), _between("fine", last, span.end))
        return sa.select(sa.literal(0).label("unit"), c.staff, *sums).where(within).group_by(c.staff)
    unit = ((c.slot + span.offset + _shift(by)) // _UNITS_MS[by]).label("unit")
    groups = [unit, c.staff] if by == "staff_day" else [unit]
    return sa.select(*groups, *sums).where(_between("fine", span.begin, span.end)).group_by(*groups)


def _between(grain: str, begin: int, end: int) -> sa.ColumnElement[bool]:
    c = t.staff_time.c
    return (c.grain == grain) & (c.slot >= begin) & (c.slot < end)


def _adding(connection: sa.Connection) -> Any:
    """Return the statement that adds sums to the stored sums.

    The caller must sort the rows, so that no two transactions deadlock.
    """
    insert = insert_into(connection, t.staff_time)
    more = {name: t.staff_time.c[name] + insert.excluded[name] for name in SUMS}
    return insert.on_conflict_do_update(index_elements=list(StaffKey._fields), set_=more)
