"""The logo of a site. Staff who may change the site upload the logo. The chat panel and the call page show it to everybody."""

from __future__ import annotations

import secrets
from functools import partial

from aiohttp import web

from signaling.access.rate_limits import network_of
from signaling.records import Site
from signaling.records.logos import MOST_PIXELS, Logo
from signaling.server.app_keys import LIVE, RECORDS

from .allowed import Asker, asked_site, asker_of
from .bodies import address_of, now_ms, path_id
from .errors import Refused, answer, not_found
from .image_files import Who
from .noting import noting
from .pictures import UPLOADS, PictureAnswer, taken, too_many
from .scanning import noted

routes = web.RouteTableDef()


@routes.get("/api/logos/{id}")
async def show(request: web.Request) -> web.Response:
    """Return a logo. Browsers may cache it forever, because a new logo gets a new id."""
    logo = await request.app[RECORDS].logo(path_id(request, "id"))
    if logo is None:
        raise not_found()
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return web.Response(body=logo.data, content_type=logo.mime, headers=headers)


@routes.post("/api/settings/sites/{site}/logo")
async def upload(request: web.Request) -> web.Response:
    """Replace the site's logo by the picture from the request's body.

    Staff can undo the change on the page of the audit log.
    """
    asker, now = await asker_of(request), now_ms()
    site = await asked_site(request, asker)
    if not request.app[UPLOADS].take(f"logos {asker.member.id}", now):
        raise too_many()
    scan = partial(noted, request, f"site/{site.id}", asker.member.id)
    picture = await taken(request, Who(network_of(address_of(request)), f"logos {asker.member.id}"), scan)
    if max(picture.width, picture.height) > MOST_PIXELS:
        raise Refused(413, "picture_too_large", f"A logo has at most {MOST_PIXELS} × {MOST_PIXELS} pixels.")
    name = f"logo-{secrets.token_urlsafe(12)}"
    logo = Logo(id=name, mime=picture.mime, width=picture.width, height=picture.height, data=picture.data)
    await _save(request, asker, site, logo)
    return answer(PictureAnswer(picture=name, width=logo.width, height=logo.height, mime=logo.mime))


@routes.post("/api/settings/sites/{site}/logo/remove")
async def remove(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    await _save(request, asker, await asked_site(request, asker), None)
    return answer({})


async def _save(request: web.Request, asker: Asker, site: Site, logo: Logo | None) -> None:
    note = noting(asker.member.id, "site.logo", f"site/{site.id}")
    await request.app[RECORDS].save_logo(site.id, logo, now_ms(), note=note)
    await request.app[LIVE].sessions.site_changed(site.id)
