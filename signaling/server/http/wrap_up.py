"""The outcomes, tags and templates from which staff choose after a conversation. Operators edit these choices of each site."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from signaling.protocol.reading import QueryReader, Reader
from signaling.protocol.words import Locale
from signaling.records import Audited, Site, version_of
from signaling.records.site_parts import part_changed
from signaling.records.wrap_up import BadPlan, Template, WrapUpPlan, check
from signaling.server.app_keys import RECORDS

from .allowed import asked_site, asker_of
from .bodies import Key, read_json, read_query
from .errors import Refused, answer
from .operator import read_language

routes = web.RouteTableDef()

MOST_PLAN_BYTES = 512 * 1024  # the body of a request with a site's outcomes, tags and templates has at most this many bytes


class Named(Struct, kw_only=True):
    id: str
    name: str


class Choices(Struct, kw_only=True):
    """The outcomes, tags and templates from which staff choose after a conversation in one category.

    An outcome's name includes all headings above it.
    """

    outcomes: list[Named]
    required: bool
    tags: list[Named]
    templates: list[Template]


class SitePlan(Struct, kw_only=True):
    """The outcomes, tags and templates of one site, for editing.

    `standard`: whether these are the standard ones, because the site has none of its own.
    """

    id: str
    name: str
    languages: list[str]
    categories: list[Named]
    standard: bool
    plan: WrapUpPlan


class ChoicesQuery(Struct, kw_only=True):
    category: Key = ""
    lang: Locale = ""


class NewPlan(Struct, kw_only=True):
    plan: WrapUpPlan | None


_read_choices: QueryReader[ChoicesQuery] = QueryReader(ChoicesQuery)
_read_plan: Reader[NewPlan] = Reader(NewPlan)


@routes.get("/api/sites/{site}/wrap-up")
async def choices(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    asked, site = read_query(request, _read_choices), await asked_site(request, asker)
    plan, path = site.wrap_up_plan, site.category_path(asked.category)
    return answer(
        Choices(
            outcomes=[Named(id=each.id, name=site.outcome_name(each.id, asked.lang)) for each in plan.choosable(path)],
            required=plan.needs_outcome(path),
            tags=[Named(id=each.id, name=site.tag_name(each.id, asked.lang)) for each in plan.tags],
            templates=plan.templates_for(path),
        )
    )


@routes.get("/api/operator/wrap-up")
async def plans(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    language = read_query(request, read_language).lang
    return answer([_site_plan(site, language) for site in await request.app[RECORDS].sites(asker.realm)])


@routes.post("/api/operator/sites/{site}/wrap-up")
async def change(request: web.Request) -> web.Response:
    """Set the outcomes, tags and templates of a site. Null sets the standard ones. Wrap-ups that begin later use the new ones.

    The request is audited.
    """
    asker = await asker_of(request)
    language = read_query(request, read_language).lang
    site = await asked_site(request, asker)
    wanted = (await read_json(request, _read_plan, MOST_PLAN_BYTES)).plan
    if wanted is not None:
        try:
            check(wanted, site.categories)
        except BadPlan as error:
            raise Refused(400, "bad_plan", str(error)) from error
    changed = replace(site, wrap_up=wanted)
    change = part_changed(site, changed, "wrap_up")
    audit = Audited(asker.member.id, "site.wrap_up", f"site/{site.id}", change=change)
    await request.app[RECORDS].save_site(changed, expected=version_of(site), audit=[audit])
    return answer(_site_plan(changed, language))


def _site_plan(site: Site, language: str) -> SitePlan:
    shown = site.language_for(language) or language
    return SitePlan(
        id=site.id,
        name=site.name(shown),
        languages=site.languages,
        categories=[Named(id=each, name=site.category_name(each, shown)) for each in site.categories],
        standard=site.wrap_up is None,
        plan=site.wrap_up_plan,
    )
