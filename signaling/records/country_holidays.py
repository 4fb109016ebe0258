"""Public holidays of countries. The optional package `holidays` knows them (`pip install 'sangdam[holidays]'`).

The package knows lunar holidays (Seollal, Chuseok), substitute holidays, and single days that a government has declared. If a
government declares a new day, update the package.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib.util import find_spec
from typing import Final

FIRST_YEAR: Final = 1970  # holidays of earlier years cannot be asked for
LAST_YEAR: Final = 2100  # holidays of later years cannot be asked for
MOST_YEARS: Final = 10  # one HTTP request can ask for the holidays of at most this many years


def installed() -> bool:
    """Return whether the package that knows public holidays is installed."""
    return find_spec("holidays") is not None


class NoHolidays(ValueError):
    """The public holidays of a country or region are not known. The exception's text is a sentence for the person who asked."""


def closed_days(place: str, years: Collection[int]) -> list[str]:
    """Return the public holidays of `place` as ISO dates in order.

    `place` is a country (KR) or a part of a country (DE-BY). Raises NoHolidays for an unknown place, for a year whose holidays
    the package does not know, and if the package is not installed.
    """
    if not installed():
        raise NoHolidays("Holidays of countries need a package. Install it: pip install 'sangdam[holidays]'")
    import holidays

    country, _, part = place.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:  # the package would also accept names that are no countries, such as names of its own constants
        raise NoHolidays(f"No holidays are known of “{country}”; a country has two letters, such as KR or DE.")
    try:
        found = [holidays.country_holidays(country, subdiv=part or None, years=year) for year in sorted(set(years))]
    except NotImplementedError:
        raise NoHolidays(_unknown(country, part, known[country])) from None
    for year, days in zip(sorted(set(years)), found, strict=True):
        if not days:
            raise NoHolidays(f"Nothing is known of the holidays of {place} in {year}.")
    return sorted(day.isoformat() for days in found for day in days)


def fill(days: dict[str, list[str]], closed: Iterable[str]) -> dict[str, list[str]]:
    """Return the special days of opening hours (`days`) with the `closed` days added.

    A date that is already in `days`, with or without its year, keeps its hours.
    """
    return days | {day: [] for day in closed if day not in days and day[5:] not in days}


def _unknown(country: str, part: str, parts: list[str]) -> str:
    if not parts:
        return f"The holidays of {country} are not known by its parts; leave “-{part}” out."
    return f"{country} has no part “{part}”; it has {', '.join(sorted(parts))}."
