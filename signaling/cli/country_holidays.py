"""Public holidays of countries, by the `holidays` package: an extra (`pip install 'sangdam[holidays]'`).

The package knows lunar days (Seollal, Chuseok), substitute holidays, and single days that a government has declared. What a
government declares later comes with a later version of the package.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib.util import find_spec
from typing import Final

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2100
MOST_YEARS: Final = 10


class NoHolidays(ValueError):
    """The holidays cannot be told; the text is a sentence for whoever asked."""


def closed_days(place: str, years: Collection[int]) -> list[str]:
    """Return the public holidays of `place` as ISO dates in order.

    `place` is a country (KR), perhaps with a part of it (DE-BY). Raises NoHolidays for an unknown
    place, and for a year of which the package knows nothing.
    """
    if find_spec("holidays") is None:
        raise NoHolidays("Holidays of countries need a package. Install it: pip install 'sangdam[holidays]'")
    import holidays

    country, _, part = place.partition("-")
    try:
        found = [holidays.country_holidays(country, subdiv=part or None, years=year) for year in sorted(set(years))]
    except NotImplementedError:
        raise NoHolidays(_unknown(country, part, holidays.list_supported_countries())) from None
    for year, days in zip(sorted(set(years)), found, strict=True):
        if not days:
            raise NoHolidays(f"Nothing is known of the holidays of {place} in {year}.")
    return sorted(day.isoformat() for days in found for day in days)


def fill(days: dict[str, list[str]], closed: Iterable[str]) -> dict[str, list[str]]:
    """Return `days` and the `closed` ones. A day that `days` names already, also for every year, keeps what was said of it."""
    return days | {day: [] for day in closed if day not in days and day[5:] not in days}


def _unknown(country: str, part: str, known: dict[str, list[str]]) -> str:
    parts = known.get(country)
    if parts is None:
        return f"No holidays are known of “{country}”; a country has two letters, such as KR or DE."
    if not parts:
        return f"The holidays of {country} are not known by its parts; leave “-{part}” out."
    return f"{country} has no part “{part}”; it has {', '.join(sorted(parts))}."
