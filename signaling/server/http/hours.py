"""The operator's page of opening hours: read and change the hours of every category."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct
from msgspec.structs import replace

from signaling.protocol.reading import QueryReader, Reader
from signaling.protocol.session_views import OpeningView
from signaling.records import Audited, Site, version_of
from signaling.records.country_holidays import NoHolidays, closed_days, installed
from signaling.records.opening_hours import BadHours, Hours, check, is_open, next_opening
from signaling.records.site_parts import part_changed
from signaling.server.app_keys import LIVE, RECORDS

from .allowed import Asker, asked_site, asker_of
from .bodies import now_ms, path_id, read_json, read_query
from .errors import Refused, answer, not_found
from .operator import read_language

routes = web.RouteTableDef()


class CategoryHours(Struct, kw_only=True):
    """The hours of one category.

    `hours`: the category's own hours, or null. A category without own hours has the hours of the category `inherited_from` or, if
    `inherited_from` is "", is always open.
    """

    id: str
    name: str
    parent: str | None
    hours: Hours | None
    inherited_from: str
    opening: OpeningView


class SiteHours(Struct, kw_only=True):
    id: str
    name: str
    categories: list[CategoryHours]


class HolidayQuery(Struct, kw_only=True):
    """The query for the public holidays of a country, such as KR, or of a part of it, such as DE-BY."""

    place: Annotated[str, Meta(min_length=2, max_length=12, pattern=r"^[A-Za-z]{2}(-[A-Za-z0-9]{1,8})?\Z")]


class HolidayList(Struct, kw_only=True):
    """Public holidays of this year and the next, as ISO dates in order; [] if the holidays of this region are not known.

    `installed`: whether the optional package with public holidays is installed.
    """

    days: list[str]
    installed: bool


class NewHours(Struct, kw_only=True):
    hours: Hours | None


_read_place: QueryReader[HolidayQuery] = QueryReader(HolidayQuery)
read_hours: Reader[NewHours] = Reader(NewHours)


@routes.get("/api/operator/hours")
async def read(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    language = read_query(request, read_language).lang
    return answer([_site(site, language) for site in await request.app[RECORDS].sites(asker.realm)])


@routes.get("/api/operator/holidays")
async def public_holidays(request: web.Request) -> web.Response:
    """Return the public holidays of a country or region. The page adds these days to the opening hours as closed days."""
    await asker_of(request)
    place = read_query(request, _read_place).place.upper()
    if not installed():
        return answer(HolidayList(days=[], installed=False))
    year = datetime.now(UTC).year
    try:
        days = await asyncio.to_thread(closed_days, place, [year, year + 1])
    except NoHolidays:
        days = []
    return answer(HolidayList(days=days, installed=True))


@routes.post("/api/operator/sites/{site}/categories/{category}/hours")
async def change(request: web.Request) -> web.Response:
    """Set a category's hours.

    With null, the category has the hours of its nearest ancestor that has hours. If no ancestor has hours, the category is always
    open. Users who have no counselor yet see the change at once. The change is audited.
    """
    asker = await asker_of(request)
    records = request.app[RECORDS]
    language = read_query(request, read_language).lang
    site, category = await asked_category(request, asker)
    wanted = (await read_json(request, read_hours)).hours
    await save(request, asker, site, category, wanted)
    return answer(_site(await records.site(site.id) or site, language))


async def asked_category(request: web.Request, asker: Asker) -> tuple[Site, str]:
    """Return the site and the category that the path names. Raises Refused(not_found)."""
    site, category = await asked_site(request, asker), path_id(request, "category")
    if category not in site.categories:
        raise not_found()
    return site, category


async def save(request: web.Request, asker: Asker, site: Site, category: str, wanted: Hours | None) -> None:
    """Set a category's hours.

    Raises Refused(bad_hours), and Changed when somebody else has changed the site since `site` was read.
    """
    changed = replace(site.categories[category], hours=checked_hours(wanted))
    wanted_site = replace(site, categories=site.categories | {category: changed})
    change = part_changed(site, wanted_site, "hours", category)
    audit = Audited(asker.member.id, "category.hours", f"site/{site.id}/{category}", change=change)
    await request.app[RECORDS].save_site(wanted_site, expected=version_of(site), audit=[audit])
    await request.app[LIVE].sessions.hours_changed(site.id)


def checked_hours(wanted: Hours | None) -> Hours | None:
    """Return the hours if they are valid, and None if there are none. Raises Refused(bad_hours)."""
    if wanted is not None:
        try:
            check(wanted)
        except BadHours as error:
            raise Refused(400, "bad_hours", str(error)) from error
    return wanted


def _site(site: Site, language: str) -> SiteHours:
    shown, now = site.language_for(language) or language, now_ms()
    categories = []
    for each in site.categories.values():
        hours = site.hours_of(each.id)
        giver = next((one for one in site.category_path(each.id) if site.categories[one].hours is not None), "")
        categories.append(
            CategoryHours(
                id=each.id,
                name=site.category_name(each.id, shown),
                parent=each.parent,
                hours=each.hours,
                inherited_from="" if giver == each.id else giver,
                opening=OpeningView(
                    open=is_open(hours, now), opens_at=next_opening(hours, now), callbacks=site.callbacks == "offered"
                ),
            )
        )
    return SiteHours(id=site.id, name=site.name(shown), categories=categories)
