"""`sangdam category hours`: the opening hours of a category."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec
from msgspec.structs import replace

from signaling.records import Records, Site
from signaling.records.audit_entries import of_site, of_working_hours
from signaling.records.country_holidays import FIRST_YEAR, LAST_YEAR, MOST_YEARS, NoHolidays, closed_days, fill
from signaling.records.opening_hours import WEEKDAYS, BadHours, Hours, check, is_open, next_opening

from .categories import category
from .sites import site_of
from .staff import member_of, staff
from .typed import audit_of, json_option, show, with_records


def _week(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, list[str]]:
    """Parse values of --open: ("mon-fri=09:00-12:00,13:00-18:00",) becomes {"mon": ["09:00-12:00", "13:00-18:00"], …}."""
    week: dict[str, list[str]] = {}
    for value in values:
        days, _, spans = value.partition("=")
        first, _, last = days.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS or not spans:
            raise click.BadParameter(f"“{value}” is not valid; hours look like mon-fri=09:00-12:00,13:00-18:00")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        for day in (WEEKDAYS + WEEKDAYS)[begin : (end if end >= begin else end + 7) + 1]:
            week[day] = spans.split(",")
    return week


def _days(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, list[str]]:
    """Parse values of --holiday: ("12-25", "2026-12-24=09:00-12:00") becomes {"12-25": [], "2026-12-24": ["09:00-12:00"]}."""
    return {day: spans.split(",") if spans else [] for day, _, spans in (value.partition("=") for value in values)}


def _years(_context: click.Context, _parameter: click.Parameter, value: str) -> list[int]:
    """Parse the years of public holidays, such as "2026,2027", into numbers."""
    texts = [text.strip() for text in value.split(",")] if value else []
    if not all(text.isascii() and text.isdigit() and FIRST_YEAR <= int(text) <= LAST_YEAR for text in texts):
        raise click.BadParameter(f"“{value}” is not understood; years look like 2026,2027")
    if len(texts) > MOST_YEARS:
        raise click.BadParameter(f"At most {MOST_YEARS} years at once.")
    return [int(text) for text in texts]


@category.command("hours")
@click.argument("site_id", metavar="SITE")
@click.argument("category_id", metavar="ID")
@click.option("--timezone", default="", metavar="ZONE", help="Time zone of the hours, such as Asia/Seoul.")
@click.option(
    "--open",
    "week",
    multiple=True,
    callback=_week,
    metavar="DAYS=HOURS",
    help="Opening hours, such as mon-fri=09:00-18:00. Repeatable.",
)
@click.option(
    "--holiday",
    "days",
    multiple=True,
    callback=_days,
    metavar="DAY[=HOURS]",
    help="A day that is closed or has other hours: 2026-12-25, 12-25 (every year), 2026-12-24=09:00-12:00. Repeatable.",
)
@click.option(
    "--holidays",
    "place",
    default="",
    metavar="COUNTRY[-PART]",
    help="Close on the public holidays of this country: KR, DE-BY. Without other options, the present hours stay.",
)
@click.option(
    "--years", default="", callback=_years, metavar="YEARS", help="Years for --holidays: 2026,2027. [default: this, next]"
)
@click.option("--inherit", is_flag=True, help="Use the parent category's hours. Without a parent: always open.")
@json_option
@with_records
async def category_hours(
    records: Records,
    site_id: str,
    category_id: str,
    timezone: str,
    week: dict[str, list[str]],
    days: dict[str, list[str]],
    place: str,
    years: list[int],
    inherit: bool,
    as_json: bool,
) -> None:
    """Show or set the opening hours of a category. New hours replace all earlier ones.

    --holidays adds closed days for this year and the next, or for --years. A day for which you have set other hours with
    --holiday keeps those hours. Run the command again each year, because governments declare some holidays late.

    A running server applies the hours to every new session.
    """
    site = await site_of(records, site_id)
    found = site.categories.get(category_id)
    if found is None:
        raise click.ClickException(f"“{site_id}” has no category “{category_id}”.")
    if years and not place:
        raise click.UsageError("--years belongs to --holidays COUNTRY.")
    if inherit and place:
        raise click.UsageError("--inherit takes hours away; --holidays adds to them.")
    if inherit or timezone or week or days or place:
        hours = None if inherit else _hours(found.hours, {"timezone": timezone, "week": week, "days": days}, place, years)
        before, site = site, replace(site, categories=site.categories | {category_id: replace(found, hours=hours)})
        await records.save_site(site, audit=audit_of(of_site(before, site)))
    show([_row(site, category_id)], as_json=as_json, one=True)


@staff.command("hours")
@click.argument("login")
@click.option("--timezone", default="", metavar="ZONE", help="Time zone of the hours, such as Asia/Seoul.")
@click.option("--open", "week", multiple=True, callback=_week, metavar="DAYS=HOURS", help="Working hours. Repeatable.")
@click.option("--holiday", "days", multiple=True, callback=_days, metavar="DAY[=HOURS]", help="A day off, or with other hours.")
@click.option("--none", "remove", is_flag=True, help="Remove the member's own hours: the opening hours count again.")
@json_option
@with_records
async def staff_hours(
    records: Records,
    login: str,
    timezone: str,
    week: dict[str, list[str]],
    days: dict[str, list[str]],
    remove: bool,
    as_json: bool,
) -> None:
    """Show or set the working hours of a member of staff. Users can book appointments with the member in these hours."""
    member = await member_of(records, login)
    hours = (await records.working_hours([member.id])).get(member.id)
    if remove or timezone or week or days:
        before, hours = hours, None if remove else _checked({"timezone": timezone, "week": week, "days": days})
        await records.save_working_hours(member.id, hours, audit=audit_of([of_working_hours(member.id, before, hours)]))
    own = {"timezone": "", "week": {}, "days": {}} if hours is None else msgspec.to_builtins(hours)
    show([{"login": member.login, "own": hours is not None, **own}], as_json=as_json, one=True)


def _hours(former: Hours | None, given: dict[str, Any], place: str, years: list[int]) -> Hours:
    """Return the new opening hours of a category.

    Raises UsageError if the hours are incomplete or not valid, and ClickException if the holidays of `place` are not known.

    `given`: the hours from the options other than --holidays; they replace the `former` hours. If `given` is empty, the holidays
    are added to the `former` hours. `place`: the country whose public holidays are added as closed days, or "".
    """
    if place and former is not None and not any(given.values()):
        given = msgspec.to_builtins(former)
    hours = _checked(given)
    if not place:
        return hours
    this_year = datetime.now(ZoneInfo(hours.timezone)).year
    try:
        closed = closed_days(place.upper(), years or [this_year, this_year + 1])
    except NoHolidays as error:
        raise click.ClickException(str(error)) from error
    return _checked(given | {"days": fill(given["days"], closed)})


def _checked(given: dict[str, Any]) -> Hours:
    if not given["timezone"] or not given["week"]:
        raise click.UsageError("Hours need --timezone and at least one --open. --inherit removes the category's own hours.")
    try:
        hours = msgspec.convert(given, Hours)
        check(hours)
    except msgspec.ValidationError as error:
        raise click.UsageError(f"These hours are not valid: {error}. Hours look like 09:00-18:00.") from error
    except BadHours as error:
        raise click.UsageError(str(error)) from error
    return hours


def _row(site: Site, category_id: str) -> dict[str, Any]:
    hours, now = site.hours_of(category_id), time.time_ns() // 1_000_000
    own = site.categories[category_id].hours is not None
    opens = next_opening(hours, now)
    return {
        "hours": "own" if own else "inherited" if hours else "always open",
        "timezone": hours.timezone if hours else "",
        "week": {day: spans for day in WEEKDAYS if (spans := hours.week.get(day))} if hours else {},
        "holidays": dict(hours.days) if hours else {},
        "open_now": is_open(hours, now),
        "opens_at": f"{datetime.fromtimestamp(opens / 1000, ZoneInfo(hours.timezone)):%Y-%m-%d %H:%M}" if hours and opens else "",
    }
