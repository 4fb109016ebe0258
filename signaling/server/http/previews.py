"""Previews of a change of a site, its opening hours or a member of staff.

A preview shows what the change would do to a typical day, before anybody saves it.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from aiohttp import web
from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from matcher.simulation.work import Sureness
from signaling.access.rights import of_site as thing_of
from signaling.preview import Busy, Change, Previews, Superseded
from signaling.protocol.reading import Reader, by
from signaling.protocol.texts import Exact
from signaling.records import Realm, Site, StaffRecord
from signaling.records.checks import checked_site
from signaling.records.site_settings import SiteSettings, with_settings
from signaling.records.staff_settings import StaffSettings, member_with_settings
from signaling.server.app_keys import RECORDS

from .allowed import Asker, asked_site, asker_of
from .bodies import read_json
from .errors import Refused, answer
from .hours import asked_category, checked_hours, read_hours
from .settings_sites import MOST_SETTINGS_BYTES
from .settings_staff import asked_member, checked_member, new_member

routes = web.RouteTableDef()

PREVIEWS: web.AppKey[Previews] = web.AppKey("previews", Previews)
_LOOK_S = 0.25  # seconds between two checks whether the page still waits for its preview


class PreviewFigures(Struct, kw_only=True):
    """The waits of users or counselors on one day, and how busy staff were.

    `p50_s`: half of the served users waited at most this long; null if nobody was served. `p90_s`: nine tenths of them waited at
    most this long. `given_up_percent`: share of the users who gave up. `came`: how many users asked for a counselor during
    opening hours, or how many counselors asked for help. `occupancy_percent`: share of the staff's working time in which they
    were busy; null if it is not known.
    """

    came: int
    p50_s: float | None
    p90_s: float | None
    given_up_percent: float
    occupancy_percent: float | None


class Comparison(Struct, kw_only=True):
    """Figures to compare.

    `really`: figures from the database. `before`, `after`: figures of simulations with the settings before and after the change.
    """

    really: PreviewFigures
    before: PreviewFigures
    after: PreviewFigures


class PreviewAnswer(Struct, kw_only=True):
    """The result of a preview.

    `found`: null when too few users came for a comparison. `arrivals`: how many users came, according to the database; with the
    kind "help": how many requests for help. `days`: on how many days they came. `sure`: how reliable the simulation is.
    `assumes_hours`: the database does not show when the member works, so in the simulation the member works at the same times as
    a typical colleague. `kind`: "user": users wait for counselors. "help": counselors wait for a professional's help.
    """

    kind: Literal["user", "help"]
    found: Comparison | None
    arrivals: int
    days: int
    sure: Sureness
    assumes_hours: bool


class SitePreview(Struct, kw_only=True):
    settings: SiteSettings


class StaffPreview(Struct, kw_only=True):
    """A request to preview a change of a member. `id`: the member's id, or "" for a new member."""

    id: Annotated[str, by(Exact(64))] = ""
    settings: StaffSettings


_read_site: Reader[SitePreview] = Reader(SitePreview)
_read_staff: Reader[StaffPreview] = Reader(StaffPreview)


@routes.post("/api/settings/preview/sites/{site}")
async def of_site(request: web.Request) -> web.Response:
    """Preview a change of a site's categories, priorities, and the waiting times after which users are offered to more staff."""
    asker = await asker_of(request)
    before = await asked_site(request, asker)
    wanted = await read_json(request, _read_site, MOST_SETTINGS_BYTES)
    site = checked_site(with_settings(before, wanted.settings))
    return await _answer(request, asker, frozenset((site.id,)), site=site)


@routes.post("/api/settings/preview/sites/{site}/hours/{category}")
async def of_hours(request: web.Request) -> web.Response:
    """Preview a change of a category's opening hours."""
    asker = await asker_of(request)
    site, category = await asked_category(request, asker)
    hours = checked_hours((await read_json(request, read_hours)).hours)
    changed = replace(site, categories=site.categories | {category: replace(site.categories[category], hours=hours)})
    return await _answer(request, asker, frozenset((site.id,)), site=changed)


@routes.post("/api/settings/preview/staff")
async def of_member(request: web.Request) -> web.Response:
    """Preview a change of a member's capacity, categories, languages, sites or roles, or preview the addition of a member."""
    asker = await asker_of(request)
    wanted = await read_json(request, _read_staff)
    before = await asked_member(request, asker, wanted.id) if wanted.id else None
    member = await checked_member(
        request, asker, before, member_with_settings(before or new_member(asker, "new"), wanted.settings)
    )
    sites = set(member.sites) | set(before.sites if before else ())
    return await _answer(request, asker, frozenset(sites), member=member)


async def _answer(
    request: web.Request, asker: Asker, counted: frozenset[str], *, site: Site | None = None, member: StaffRecord | None = None
) -> web.Response:
    """Run the simulation, and return the response with its figures.

    `counted`: the ids of the sites whose users the figures include, or "*" for all sites. Sites that the asker may not see are
    left out.
    """
    organisation, records = asker.member.organisation, request.app[RECORDS]
    if site is not None:
        organisation = site.organisation
    elif member is not None:
        organisation = member.organisation
    sites = {each.id: each for each in await records.sites(Realm(organisation=organisation))}
    staff = {each.id: each for each in await records.all_staff(organisation)}
    theirs = {name for name, each in sites.items() if asker.may(thing_of(each))}
    counts = frozenset(theirs if "*" in counted else theirs & counted)
    change = Change(sites=sites, staff=staff, counted=counts, site=site, member=member)
    made = request.app[PREVIEWS].make(organisation, asker.member.id, change)
    try:
        preview, past = await _while_wanted(request, made)
    except Busy:
        raise Refused(503, "busy", "Previews take too long at the moment. You can save without one.") from None
    except Superseded:
        raise Refused(409, "busy", "Another preview was asked for in the meantime.") from None
    asked = past.came if change.kind == "user" else past.asked
    arrivals = sum(each.site in counts for each in asked)
    days = len({each.at // 86_400_000 for each in asked if each.site in counts})
    found = None if preview is None else convert(to_builtins(preview), Comparison, strict=False)
    sure: Sureness = preview.sure if preview else "few"
    assumes = change.assumes_hours(past)
    return answer(PreviewAnswer(kind=change.kind, found=found, arrivals=arrivals, days=days, sure=sure, assumes_hours=assumes))


async def _while_wanted(request: web.Request, making: Any) -> Any:
    """Return the result of `making`, which makes a preview.

    Cancel `making` when the page no longer waits for the response, because its form has changed or the page was closed.
    """
    task = asyncio.ensure_future(making)
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK_S))[0]:
            if request.transport is None or request.transport.is_closing():
                raise Superseded
        return task.result()
    finally:
        task.cancel()
