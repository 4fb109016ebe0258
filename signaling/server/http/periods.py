"""The period of a report, and the sum of a report's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, field

from signaling.records.opening_hours import BadHours, Hours, check
from signaling.records.reports import local_units

from .errors import Refused
from .operator import LanguageQuery

DAY_MS = 86_400_000
MOST_DAYS = 1100  # the longest period of a report in days, unless the kind of its rows (`by`) has another limit
Time = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]  # a time in Unix ms, up to the year 2100
Zone = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+\Z")]  # the name of a time zone


UNITS: tuple[Literal["hour", "day", "week"], ...] = ("hour", "day", "week")


class PeriodQuery(LanguageQuery, kw_only=True):
    """The query of a report: its period (Unix ms; `to` is exclusive), and the reader's time zone."""

    from_ms: Time = field(name="from")
    to: Time
    zone: Zone = "UTC"


@dataclass(frozen=True, slots=True)
class Period:
    """The period of a report, from `begin` to `end` (Unix ms; `end` is exclusive), and the reader's time zone."""

    begin: int
    end: int
    zone: ZoneInfo

    def starts(self, by: str) -> list[str]:
        """Return the start of each hour, day or week (`by`) of the period, in the form that `Records.report` uses.

        Return [] for other values of `by`.
        """
        return [group[0] for unit in UNITS if unit == by for group in local_units(self.begin, self.end, unit, self.zone)]


def period_of(asked: PeriodQuery, by: str, most_days: Mapping[str, int]) -> Period:
    """Return the period that a query asks for.

    `most_days`: kind of row (`by`) → the longest period in days; other kinds have the general limit. Raises Refused if the zone
    is unknown, or if the period is empty or has too many days.
    """
    try:
        check(Hours(timezone=asked.zone))
    except BadHours as error:
        raise Refused(400, "bad_request", str(error)) from None
    most = most_days.get(by, MOST_DAYS)
    if asked.from_ms >= asked.to:
        raise Refused(400, "bad_request", "The end of a report must be after its beginning.")
    if asked.to - asked.from_ms > most * DAY_MS:
        raise Refused(400, "bad_request", f"A report by {by} may cover {most} days at most.")
    return Period(asked.from_ms, asked.to, ZoneInfo(asked.zone))


def summed(rows: Iterable[Counter[str]]) -> Counter[str]:
    """Return the sum of the rows' counts, for the report's total."""
    total: Counter[str] = Counter()
    for counts in rows:
        total.update(counts)
    return total
