"""Opening hours: when a category is open, in the time zone of these hours. Pure; points in time are ms since the Unix epoch.

Times are wall-clock times of an IANA time zone, so "09:00" stays nine o'clock across changes of summer time. If the computer has
no database of time zones, the `tzdata` package provides it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
# a span of opening hours, such as "09:00-18:00"
Span = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z")]
# a date such as "2026-12-25", or "12-25" for this date in every year
Day = Annotated[str, Meta(pattern=r"^([0-9]{4}-)?[0-9]{2}-[0-9]{2}\Z")]
Spans = Annotated[list[Span], Meta(max_length=8)]

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_LOOK_AHEAD_DAYS = 400  # the next opening is searched for within this many days
_LEAP_YEAR = "2024-"
_HALF_HOUR_MS = 1_800_000
_CALLBACK_SOONEST_MS = 600_000  # at least this many ms pass from booking a callback until the booked time
_CALLBACK_DAYS = 4  # a user is offered callback times on at most this many days
_CALLBACK_TIMES_A_DAY = 8  # a user is offered at most this many callback times on one day
HORIZON_MS = 14 * 86_400_000  # how far ahead (ms) callbacks and appointments can be booked


class Hours(Struct, frozen=True, kw_only=True):
    """The opening hours of one category.

    `week`: weekday → spans of time, such as "09:00-18:00"; the category is closed on a weekday that is missing here.
    `days`: holidays and other special days, which override `week`. A full date ("2026-12-25") overrides a date of every year
    ("12-25"). On a day without spans the category is closed.
    A span over midnight is written as two spans: "22:00-24:00", then "00:00-02:00".
    """

    timezone: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+\Z")]
    week: dict[Weekday, Spans] = {}
    days: Annotated[dict[Day, Spans], Meta(max_length=400)] = {}


class BadHours(ValueError):
    """The hours are invalid. The exception's text is a sentence for the person who wrote them."""


def check(hours: Hours) -> None:
    """Raise BadHours for an unknown time zone, an impossible date, and spans that end before they begin or that overlap."""
    try:
        ZoneInfo(hours.timezone)
    # KeyError: the name is unknown; ValueError: it is an absolute path; OSError: it is a folder of time zones
    except (KeyError, ValueError, OSError) as error:
        raise BadHours(f"There is no time zone “{hours.timezone}”; one looks like Asia/Seoul.") from error
    for day in hours.days:
        try:
            date.fromisoformat(day if len(day) == 10 else _LEAP_YEAR + day)
        except ValueError as error:
            raise BadHours(f"There is no such day: “{day}”.") from error
    for name, spans in (*hours.week.items(), *hours.days.items()):
        before = "00:00"
        for span in sorted(spans):
            begin, end = span.split("-")
            if begin >= end:
                raise BadHours(f"“{span}” ({name}) ends before it begins; write hours over midnight as two spans.")
            if begin < before:
                raise BadHours(f"The hours of {name} overlap.")
            before = end


def openings(hours: Hours, now: int, days: int = _LOOK_AHEAD_DAYS) -> Iterator[tuple[int, int]]:
    """Yield the begin and the end (Unix ms) of each period in which the category is open, in order.

    The first period can have begun before `now`. The other periods begin within the next `days` days. Spans of opening hours
    that touch or overlap become one period.
    """
    zone = ZoneInfo(hours.timezone)
    today = datetime.fromtimestamp(now / 1000, zone).date()
    held: tuple[int, int] | None = None
    for offset in range(-1, days):  # begin with yesterday, because yesterday's opening can last past midnight
        day = today + timedelta(days=offset)
        for span in sorted(_spans_of(hours, day)):
            begin, end = (_instant(day, text, zone) for text in span.split("-"))
            if held is not None and begin <= held[1]:
                held = held[0], max(held[1], end)
                continue
            if held is not None and held[1] > now:
                yield held
            held = begin, end
    if held is not None and held[1] > now:
        yield held


def _spans_of(hours: Hours, day: date) -> list[str]:
    iso = day.isoformat()
    for name in (iso, iso[5:]):
        if name in hours.days:
            return hours.days[name]
    return hours.week.get(WEEKDAYS[day.weekday()], [])


def _instant(day: date, text: str, zone: ZoneInfo) -> int:
    """Return the instant (Unix ms) of a local time.

    For a time that the clocks skip in spring, the offset before the change is used. For a time that the clocks show twice in
    autumn, the first instant is returned.
    """
    if text == "24:00":
        day, text = day + timedelta(days=1), "00:00"
    local = datetime.combine(day, time.fromisoformat(text), zone)
    return int(local.astimezone(UTC).timestamp() * 1000)


def is_open(hours: Hours | None, now: int) -> bool:
    """Return whether the category is open at `now`. `hours` None: the category never closes."""
    if hours is None:
        return True
    first = next(openings(hours, now), None)
    return first is not None and first[0] <= now


def next_opening(hours: Hours | None, now: int) -> int | None:
    """Return the time when the category opens next. Return None if it is open now, or does not open within 400 days."""
    first = None if hours is None else next(openings(hours, now), None)
    return first[0] if first is not None and first[0] > now else None


def callback_times(hours: Hours | None, now: int, zone: str = "") -> list[int]:
    """Return possible callback times within the opening hours and the next two weeks, in order (Unix ms).

    At most `_CALLBACK_TIMES_A_DAY` times are returned for each of the first `_CALLBACK_DAYS` days that have such times. The times
    are full and half hours in the user's IANA `zone`, or in the hours' own zone if `zone` is unknown. The zone matters: a full
    hour in Kathmandu (UTC+5:45) is no full hour in Seoul. For a category that never closes, `zone` also defines daytime (09:00 to
    21:00), so that nobody is offered three in the morning.
    """
    hours = hours or daytime(zone)
    local = ZoneInfo(zone if is_zone(zone) else hours.timezone)
    days: dict[date, list[int]] = {}
    for opens, closes in openings(hours, now):
        for at in zone_grid(max(opens, now + _CALLBACK_SOONEST_MS), min(closes - _HALF_HOUR_MS, now + HORIZON_MS), local):
            day = datetime.fromtimestamp(at / 1000, ZoneInfo(hours.timezone)).date()
            if day not in days and len(days) == _CALLBACK_DAYS:
                return [moment for moments in days.values() for moment in _spread(moments)]
            days.setdefault(day, []).append(at)
        if opens > now + HORIZON_MS:
            break
    return [moment for moments in days.values() for moment in _spread(moments)]


def may_call_back(hours: Hours | None, at: int, now: int) -> bool:
    """Return whether `at` lies within the next two weeks and within the opening hours."""
    return now <= at <= now + HORIZON_MS and is_open(hours, at)


def _half_hour(at: int, local: ZoneInfo) -> int:
    """Return the first full or half hour on the clocks of the zone `local` at or after `at`."""
    offset = datetime.fromtimestamp(at / 1000, local).utcoffset() or timedelta()
    return at + -(at + offset // timedelta(milliseconds=1)) % _HALF_HOUR_MS


def zone_grid(begin: int, last: int, local: ZoneInfo) -> Iterator[int]:
    """Yield the full and half hours on the clocks of the zone `local` from `begin` to `last`."""
    at = _half_hour(begin, local)
    while at <= last:
        yield at
        at = _half_hour(at + 1, local)


def daytime(zone: str) -> Hours:
    """Return hours from 09:00 to 21:00 on each day, in this zone. For an unknown zone, the hours are in UTC."""
    return Hours(timezone=zone if is_zone(zone) else "UTC", week={day: ["09:00-21:00"] for day in WEEKDAYS})


def is_zone(zone: str) -> bool:
    """Return whether this is the name of a known time zone."""
    try:
        check(Hours(timezone=zone))
    except BadHours:
        return False
    return True


def _spread(moments: list[int]) -> list[int]:
    step = max(1, -(-len(moments) // _CALLBACK_TIMES_A_DAY))
    return moments[::step]
