"""Reports for operators: how long staff were in each state, by person, day or week."""

from __future__ import annotations

from collections import Counter

from aiohttp import web
from msgspec import Struct

from signaling.access.rights import served_by
from signaling.protocol.reading import QueryReader
from signaling.records.staff_times import StaffBy
from signaling.server.app_keys import RECORDS

from .allowed import Asker, asker_of
from .bodies import Key, read_query
from .errors import answer
from .periods import PeriodQuery, period_of, summed

routes = web.RouteTableDef()

MOST_DAYS = {"staff_day": 62}  # kind of row (`by`) → the longest period of the report in days; other kinds have the general limit


class StaffHoursQuery(PeriodQuery, kw_only=True):
    """The query of a report: its period, the kind of its rows (`by`), and the reader's time zone.

    `staff`: the id of one member, or "" for all members.
    """

    by: StaffBy = "staff"
    staff: Key = ""


class StaffHoursRow(Struct, kw_only=True):
    """One row of the report: how many seconds staff were in each state.

    `at`: the start of the row's day or week; null in other rows. `at` is the reader's local time, converted to ms since 1970 as
    if it were UTC. `staff`, `name`: the member; "" in rows for all members. `ready_s`: ready for users' requests. `busy_s`: in a
    conversation. `wrap_up_s`: in the wrap-up after a conversation. `paused_s`: the member had turned requests off. `away_s`: the
    server had turned requests off, or the member was disconnected. `signed_in_s`: the sum of these five times.
    `occupancy_percent`: the share of busy and wrap-up time in the sum of busy, wrap-up and ready time; null if this sum is 0.
    """

    at: int | None
    staff: str
    name: str
    ready_s: int
    busy_s: int
    wrap_up_s: int
    paused_s: int
    away_s: int
    signed_in_s: int
    occupancy_percent: float | None


class StaffHoursReport(Struct, kw_only=True):
    rows: list[StaffHoursRow]
    total: StaffHoursRow


_read: QueryReader[StaffHoursQuery] = QueryReader(StaffHoursQuery)


@routes.get("/api/operator/reports/staff")
async def staff_hours(request: web.Request) -> web.Response:
    """Return how long staff were in each state.

    A report by day or week has a row for each day or week, even if all its times are 0.
    """
    asker = await asker_of(request)
    asked, records = read_query(request, _read), request.app[RECORDS]
    period = period_of(asked, asked.by, MOST_DAYS)
    names = await _names(request, asker)
    wanted = [asked.staff] if asked.staff else names
    limited = asked.staff or asker.realm.sites is not None
    seen = [each for each in wanted if each in names] if limited else None
    found = await records.staff_time(period.begin, period.end, asked.by, period.zone, asker.realm.organisation, seen)
    total = summed(found.values())
    for start in period.starts(asked.by):
        found.setdefault((start, ""), Counter())
    rows = [_row(sums, at, member, names) for (at, member), sums in found.items()]
    rows.sort(key=lambda row: (row.at or 0, row.name, row.staff))
    return answer(StaffHoursReport(rows=rows, total=_row(total, "", "", names)))


async def _names(request: web.Request, asker: Asker) -> dict[str, str]:
    """Return id → name of the staff whose hours the asker may see. These are staff who serve a site of the asker's realm."""
    staff = await request.app[RECORDS].all_staff()
    return {member.id: member.name for member in staff if asker.realm.meets(served_by(member))}


def _row(sums: Counter[str], at: str, staff: str, names: dict[str, str]) -> StaffHoursRow:
    """Return the report's row with these sums. A member who has been removed is named by their id."""
    working = sums["ready_ms"] + sums["busy_ms"] + sums["wrap_up_ms"]
    return StaffHoursRow(
        at=int(at) if at else None,
        staff=staff,
        name=names.get(staff, staff),
        ready_s=round(sums["ready_ms"] / 1000),
        busy_s=round(sums["busy_ms"] / 1000),
        wrap_up_s=round(sums["wrap_up_ms"] / 1000),
        paused_s=round(sums["paused_ms"] / 1000),
        away_s=round(sums["away_ms"] / 1000),
        signed_in_s=round(sum(sums.values()) / 1000),
        occupancy_percent=round(100 * (sums["busy_ms"] + sums["wrap_up_ms"]) / working, 1) if working else None,
    )
