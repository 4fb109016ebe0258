"""Routes of the API for settings: sites with their codes, keys, categories and opening hours, and staff."""

from __future__ import annotations

import msgspec
from aiohttp import web

from signaling.access.codes import Vouched
from signaling.protocol.reading import Reader
from signaling.records import version_of
from signaling.records.checks import checked_site
from signaling.records.site_settings import CategorySettings, SiteSettings, settings_of, with_settings
from signaling.server.app_keys import CODES
from signaling.server.http import hours, reports, settings_sites, settings_staff, site_keys, users
from signaling.server.http.allowed import asked_site, asker_of
from signaling.server.http.bodies import now_ms, read_json
from signaling.server.http.errors import answer

from .gate import require_unchanged

routes = web.RouteTableDef()

_read_site: Reader[SiteSettings] = Reader(SiteSettings)
_read_vouched: Reader[Vouched] = Reader(Vouched)

routes.get("/api/v1/sites")(settings_sites.rows)
routes.get("/api/v1/sites/{site}")(settings_sites.one)
routes.get("/api/v1/sites/{site}/keys")(site_keys.listed)
routes.post("/api/v1/sites/{site}/keys")(site_keys.add)
routes.delete("/api/v1/sites/{site}/keys/{key}")(site_keys.remove)
routes.get("/api/v1/staff")(settings_staff.rows)
routes.get("/api/v1/staff/{id}")(settings_staff.one)
routes.get("/api/v1/hours")(hours.read)
routes.get("/api/v1/reports")(reports.report)


@routes.put("/api/v1/sites/{site}")
async def change_site(request: web.Request) -> web.Response:
    """Replace a site's settings, if the entity tag of `If-Match` is still that of the stored settings."""
    asker = await asker_of(request)
    before = await asked_site(request, asker)
    require_unchanged(request, msgspec.json.encode(settings_sites.stored(request, before)))
    asked = await read_json(request, _read_site, settings_sites.MOST_SETTINGS_BYTES)
    return await settings_sites.save(request, asker, before, checked_site(with_settings(before, asked)), version_of(before))


@routes.post("/api/v1/sites/{site}/codes")
async def make_code(request: web.Request) -> web.Response:
    """Make an identification code. The token vouches for its user and product, as a site's key does."""
    site = await asked_site(request, await asker_of(request))
    asked = await read_json(request, _read_vouched)
    code, expires_at = request.app[CODES].vouch(site, asked, now_ms())
    return answer(users.CodeAnswer(code=code, expires_at=expires_at))


@routes.get("/api/v1/sites/{site}/categories")
async def categories(request: web.Request) -> web.Response:
    site = await asked_site(request, await asker_of(request))
    found: list[CategorySettings] = settings_of(site).categories
    return answer(found)


@routes.get("/api/v1/sites/{site}/categories/{category}/hours")
async def category_hours(request: web.Request) -> web.Response:
    """Return a category's own opening hours; null: the category uses its parent's hours."""
    site, category = await hours.asked_category(request, await asker_of(request))
    return answer(hours.NewHours(hours=site.categories[category].hours))


@routes.put("/api/v1/sites/{site}/categories/{category}/hours")
async def change_hours(request: web.Request) -> web.Response:
    """Replace a category's opening hours, if the entity tag of `If-Match` is still that of the stored hours."""
    asker = await asker_of(request)
    site, category = await hours.asked_category(request, asker)
    require_unchanged(request, msgspec.json.encode(hours.NewHours(hours=site.categories[category].hours)))
    asked = await read_json(request, hours.read_hours)
    await hours.save(request, asker, site, category, asked.hours)
    return answer(asked)
