"""Compute the times at which a member of staff can have appointments. Pure; times are ms since the Unix epoch.

The day is divided into cells of 15 minutes. An appointment takes the cells from its start to the end of the pause after it. Each
cell of a member belongs to one appointment at most. A primary key in the database enforces this rule. So no member has two
appointments at the same time, even if the appointments have different lengths or were chosen in different time zones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from .opening_hours import HORIZON_MS, Hours, daytime, is_zone, openings, zone_grid

CELL_MS: Final = 900_000  # length of a cell: 15 minutes
MOST_OFFERED: Final = 200  # at most this many free times in one response
MOST_NOTICE_MINUTES: Final = 2880  # a site can require at most this many minutes (two days) between booking and start
MOST_LEAD_MINUTES: Final = 30  # the counselor's capacity for the user is kept free for at most this many minutes before the start
# to offer times, opening hours are computed for this many days: two weeks, and some days more because time zones differ
_BOOKED_DAYS: Final = 17
_NEXT_DAYS: Final = 3  # days for which opening and working hours are computed to check one appointment


class AppointmentPlan(Struct, frozen=True, kw_only=True):
    """A site's settings for appointments.

    `minutes`: length of an appointment. `buffer_minutes`: the counselor's pause after an appointment. `notice_minutes`: the least
    time from booking to the start. `lead_minutes`: how long before the start the matcher begins to keep capacity of the counselor
    free for the user.
    """

    minutes: Annotated[int, Meta(ge=15, le=120, multiple_of=15)] = 30
    buffer_minutes: Annotated[int, Meta(ge=0, le=60, multiple_of=15)] = 15
    notice_minutes: Annotated[int, Meta(ge=0, le=MOST_NOTICE_MINUTES)] = 60
    lead_minutes: Annotated[int, Meta(ge=1, le=MOST_LEAD_MINUTES)] = 5


def cells(at: int, plan: AppointmentPlan) -> range:
    """Return the numbers of the cells (15 minutes each) that an appointment at `at` and the pause after it take."""
    until = at + (plan.minutes + plan.buffer_minutes) * 60_000
    return range(at // CELL_MS, -(-until // CELL_MS))


def free_times(
    hours: Hours | None, own: Hours | None, taken: Collection[int], now: int, plan: AppointmentPlan, zone: str = ""
) -> list[int]:
    """Return the times at which one member could begin an appointment, within the next two weeks.

    `hours`: the category's opening hours, or None if it never closes. `own`: the member's working hours, or None if the member
    works during the category's opening hours. An appointment lies within the opening hours and within the member's working hours.
    If `hours` and `own` are None, appointments lie within daytime in `zone`, the user's time zone. If `zone` is unknown, the time
    zone of `hours`, or else of `own`, or else UTC is used instead. `taken`: the numbers of the
    member's cells (15 minutes each) that belong to other appointments.

    The times are full and half hours on the clocks of `zone`. There are no times in an hour that these clocks skip in spring.
    When the clocks of `zone`, of the opening hours or of the working hours are set back in autumn, they show an hour twice. There
    are times only in the first of these two hours, so no time of day is offered twice.
    """
    spans = _working(hours, own, now, zone)
    zones = [ZoneInfo(each.timezone) for each in (hours, own) if each is not None]
    local = ZoneInfo(zone) if is_zone(zone) else zones[0] if zones else ZoneInfo("UTC")
    found: list[int] = []
    length = plan.minutes * 60_000
    for opens, closes in spans:
        for at in zone_grid(max(opens, now + plan.notice_minutes * 60_000), closes - length, local):
            if at > now + HORIZON_MS:
                return found
            if not _repeated(at, (local, *zones)) and not any(cell in taken for cell in cells(at, plan)):
                found.append(at)
    return found


def works_at(hours: Hours | None, own: Hours | None, at: int, plan: AppointmentPlan) -> bool:
    """Return whether an appointment at `at` lies within the opening hours and the member's working hours."""
    end = at + plan.minutes * 60_000
    for each in (hours, own):
        if each is not None and not any(begins <= at and end <= ends for begins, ends in openings(each, at, _NEXT_DAYS)):
            return False
    return True


def offered(times: Iterable[int]) -> list[int]:
    """Return the first `MOST_OFFERED` times, in order and without duplicates."""
    return sorted(set(times))[:MOST_OFFERED]


def _working(hours: Hours | None, own: Hours | None, now: int, zone: str) -> Iterator[tuple[int, int]]:
    latest = now + HORIZON_MS
    if hours is None and own is None:
        hours = daytime(zone)
    if hours is None or own is None:
        return _until(openings(hours or own or daytime(zone), now, _BOOKED_DAYS), latest)
    one, other = (list(_until(openings(each, now, _BOOKED_DAYS), latest)) for each in (hours, own))
    return _common(one, other)


def _until(spans: Iterable[tuple[int, int]], latest: int) -> Iterator[tuple[int, int]]:
    for begins, ends in spans:
        if begins > latest:
            return
        yield begins, ends


def _common(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the periods of time in which two ordered lists of periods overlap."""
    a = b = 0
    while a < len(one) and b < len(other):
        begins, ends = max(one[a][0], other[b][0]), min(one[a][1], other[b][1])
        if begins < ends:
            yield begins, ends
        if one[a][1] <= other[b][1]:
            a += 1
        else:
            b += 1


def _repeated(at: int, zones: Iterable[ZoneInfo]) -> bool:
    """Return whether the clocks of one of these zones show the time of `at` for the second time, after they were set back."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return any(moment.astimezone(zone).fold for zone in zones)
