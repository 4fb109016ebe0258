"""`sangdam category hours`."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec
from msgspec.structs import replace

from signaling.records import Records, Site
from signaling.records.opening_hours import WEEKDAYS, BadHours, Hours, check, is_open, next_opening

from .sites import category, site_of
from .typed import json_option, noted, show, with_records


def _week(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, list[str]]:
    """Return ("mon-fri=09:00-12:00,13:00-18:00",) as {"mon": ["09:00-12:00", "13:00-18:00"], …}."""
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
    """Return ("2026-12-25", "2026-12-24=09:00-12:00") as {"2026-12-25": [], "2026-12-24": ["09:00-12:00"]}."""
    return {day: spans.split(",") if spans else [] for day, _, spans in (value.partition("=") for value in values)}


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
    "--holiday", "days", multiple=True, callback=_days, metavar="DAY[=HOURS]",
    help="A day that is closed or has other hours: 2026-12-25, 12-25 (every year), 2026-12-24=09:00-12:00. Repeatable.",
)  # fmt: skip  # one option
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
    inherit: bool,
    as_json: bool,
) -> None:
    """Show or set the opening hours of a category. New hours replace all earlier ones.

    A running server applies them to every new session.
    """
    site = await site_of(records, site_id)
    found = site.categories.get(category_id)
    if found is None:
        raise click.ClickException(f"“{site_id}” has no category “{category_id}”.")
    if inherit or timezone or week or days:
        hours = None if inherit else _checked({"timezone": timezone, "week": week, "days": days})
        site = replace(site, categories=site.categories | {category_id: replace(found, hours=hours)})
        await records.save_site(site)
        await noted(records, "category.hours", f"site/{site_id}/{category_id}")
    show([_row(site, category_id)], as_json=as_json, one=True)


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
