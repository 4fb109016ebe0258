"""The settings of sites on the operators' page: fields and categories.

Every change is checked and audited, and applies at once.
"""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta, Struct

from signaling.access.rights import Thing
from signaling.protocol.reading import QueryReader, Reader, by
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Locale
from signaling.records import Site, version_of
from signaling.records.audit_entries import of_removed_site, of_site
from signaling.records.auditing import entries_by
from signaling.records.checks import Invalid, checked_site
from signaling.records.site_settings import SiteSettings, settings_of, with_settings
from signaling.server.app_keys import LIVE, RECORDS, SETTINGS

from .allowed import Asker, asked_site, asker_of
from .bodies import read_json, read_query
from .errors import answer
from .operator import Page
from .try_page import snippet_of

routes = web.RouteTableDef()

PAGE_SIZE = 50  # one page of a list of sites or staff has at most this many rows
MOST_SETTINGS_BYTES = 256 * 1024  # the body of a request with a site's settings has at most this many bytes
# the version (`version_of`) of a site or member when the page read it
Version = Annotated[str, Meta(pattern=r"^[0-9a-f]{0,64}\Z")]


class SiteRow(Struct, kw_only=True):
    id: str
    name: str
    origins: list[str]
    categories: int


class SiteRows(Struct, kw_only=True):
    items: list[SiteRow]
    total: int
    page: int
    page_size: int = PAGE_SIZE


class StoredSite(Struct, kw_only=True):
    """A site for editing.

    `version`: the page sends this value back with the change. `keys`: the ids of the keys, never their secrets. `logo`: id of the
    logo's picture, or "". `snippet`: the HTML that the site puts into its pages.
    """

    id: str
    version: str
    settings: SiteSettings
    keys: list[str]
    logo: str
    snippet: str


class NewSettings(Struct, kw_only=True):
    """New settings of a site.

    `version`: the version of the site that the page read. If somebody else has changed the site since, the new settings are
    refused.
    """

    version: Version
    settings: SiteSettings


class NewSite(Struct, kw_only=True):
    id: Annotated[str, by(Exact(64))]
    settings: SiteSettings


class RowsQuery(Struct, kw_only=True):
    q: Annotated[str, by(Seen(100, cut=True))] = ""
    lang: Locale = ""
    page: Page = 1


read_rows: QueryReader[RowsQuery] = QueryReader(RowsQuery)
_read_settings: Reader[NewSettings] = Reader(NewSettings)
_read_new: Reader[NewSite] = Reader(NewSite)


@routes.get("/api/settings/sites")
async def rows(request: web.Request) -> web.Response:
    asker, asked = await asker_of(request), read_query(request, read_rows)
    found = await request.app[RECORDS].sites(asker.realm)
    wanted = asked.q.casefold()
    matching = [site for site in found if wanted in " ".join((site.id, *site.names.values(), *site.origins)).casefold()]
    begin = (asked.page - 1) * PAGE_SIZE
    items = [
        SiteRow(
            id=site.id,
            name=site.name(site.language_for(asked.lang) or asked.lang),
            origins=site.origins,
            categories=len(site.categories),
        )
        for site in matching[begin : begin + PAGE_SIZE]
    ]
    return answer(SiteRows(items=items, total=len(matching), page=asked.page))


@routes.get("/api/settings/sites/{site}")
async def one(request: web.Request) -> web.Response:
    return answer(stored(request, await asked_site(request, await asker_of(request))))


@routes.post("/api/settings/sites")
async def add(request: web.Request) -> web.Response:
    """Add a site to the organisation of the signed-in member."""
    asker = await asker_of(request)
    asker.require(Thing(asker.member.organisation))
    asked = await read_json(request, _read_new, MOST_SETTINGS_BYTES)
    if await request.app[RECORDS].site(asked.id) is not None:
        raise Invalid({"id": "taken"})
    site = checked_site(with_settings(Site(id=asked.id, organisation=asker.member.organisation), asked.settings))
    return await save(request, asker, None, site, "")


@routes.post("/api/settings/sites/{site}")
async def change(request: web.Request) -> web.Response:
    """Change a site. Raises Changed when somebody else has changed the site since the page read it."""
    asker = await asker_of(request)
    before = await asked_site(request, asker)
    asked = await read_json(request, _read_settings, MOST_SETTINGS_BYTES)
    return await save(request, asker, before, checked_site(with_settings(before, asked.settings)), asked.version)


@routes.post("/api/settings/sites/{site}/remove")
async def remove(request: web.Request) -> web.Response:
    """Remove a site. The site's past sessions stay until their retention ends."""
    asker = await asker_of(request)
    site = await asked_site(request, asker)
    audit = entries_by(asker.member.id, [of_removed_site(site)], site.organisation)
    await request.app[RECORDS].remove_site(site.id, audit=audit)
    return answer({})


async def save(request: web.Request, asker: Asker, before: Site | None, site: Site, version: str) -> web.Response:
    """Store a checked site, and return the stored site.

    `before`: the site before the change; None for a new site. `version`: the version of the site that the page read, or "" for a
    new site. Raises Invalid, and Changed when the site is not in this version any more.
    """
    audit = entries_by(asker.member.id, of_site(before, site))
    try:
        await request.app[RECORDS].save_site(site, expected=version, audit=audit)
    except ValueError:
        raise Invalid({"id": "taken"}) from None
    await request.app[LIVE].sessions.site_changed(site.id)
    return answer(stored(request, site))


def stored(request: web.Request, site: Site) -> StoredSite:
    """Return the site in the form in which the settings page edits it."""
    keys = [key.kid for key in site.keys]
    snippet = snippet_of(request.app[SETTINGS], site)
    return StoredSite(
        id=site.id, version=version_of(site), settings=settings_of(site), keys=keys, logo=site.logo, snippet=snippet
    )
