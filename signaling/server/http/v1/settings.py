"""Routes of the API for reports, identification codes, and settings: sites with their keys, categories and hours, and staff."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from signaling.access.codes import Vouched
from signaling.protocol.reading import Reader, read_object
from signaling.records import version_of
from signaling.records.checks import checked_site
from signaling.records.site_settings import CategorySettings, SiteSettings, settings_of, with_settings
from signaling.server.app_keys import CODES
from signaling.server.http import hours, reports, settings_sites, settings_staff, site_keys, staff_hours, users
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
routes.get("/api/v1/reports/staff")(staff_hours.staff_hours)


@routes.put("/api/v1/sites/{site}")
async def change_site(request: web.Request) -> web.Response:
    """Change a site's settings, if `If-Match` contains the entity tag of the stored settings.

    A field that is not in the body keeps its value, because an older client does not know the fields of newer versions. Raises
    Invalid, and the same errors as `require_unchanged`.
    """
    asker = await asker_of(request)
    before = await asked_site(request, asker)
    require_unchanged(request, msgspec.json.encode(settings_sites.stored(request, before)))
    present: dict[str, Any] = msgspec.to_builtins(settings_of(before))

    def read(body: bytes) -> SiteSettings:
        return _read_site(msgspec.json.encode(_on_top(present, read_object(body))))

    asked = await read_json(request, read, settings_sites.MOST_SETTINGS_BYTES)
    return await settings_sites.save(request, asker, before, checked_site(with_settings(before, asked)), version_of(before))


def _on_top(present: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return a site's present settings, changed by the given fields.

    In a category, only the given fields change. In the settings for appointments, too, only the given fields change. If the list
    of categories is given, categories that are not in it are removed. A field with texts by language is replaced as a whole, so
    that a client can remove a language by leaving it out.
    """
    merged = present | given
    known = {each["id"]: each for each in present["categories"]}
    if isinstance(given.get("categories"), list):
        merged["categories"] = [_category(each, known) for each in given["categories"]]
    if isinstance(given.get("appointments"), dict):
        merged["appointments"] = (present["appointments"] or {}) | given["appointments"]
    return merged


def _category(given: Any, known: dict[str, dict[str, Any]]) -> Any:
    """Return the present category with the same id, changed by the fields of the given category.

    If there is no category with this id, return the given one. If `given` has no `id` that is a text, return `given` unchanged;
    `_read_site` refuses it later.
    """
    name = given.get("id") if isinstance(given, dict) else None
    return known.get(name, {}) | given if isinstance(name, str) else given


@routes.post("/api/v1/sites/{site}/codes")
async def make_code(request: web.Request) -> web.Response:
    """Make an identification code.

    The server believes what the holder of an API token says of the user and the product, as if a site's key had signed it.
    """
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
    """Return a category's own opening hours.

    The response contains null if the category has no own opening hours. Then the hours of its nearest ancestor that has hours
    apply. If no ancestor has hours, the category is always open.
    """
    site, category = await hours.asked_category(request, await asker_of(request))
    return answer(hours.NewHours(hours=site.categories[category].hours))


@routes.put("/api/v1/sites/{site}/categories/{category}/hours")
async def change_hours(request: web.Request) -> web.Response:
    """Replace a category's opening hours, if `If-Match` contains the entity tag of the stored hours."""
    asker = await asker_of(request)
    site, category = await hours.asked_category(request, asker)
    require_unchanged(request, msgspec.json.encode(hours.NewHours(hours=site.categories[category].hours)))
    asked = await read_json(request, hours.read_hours)
    await hours.save(request, asker, site, category, asked.hours)
    return answer(asked)
