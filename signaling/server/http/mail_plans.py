"""Each site's settings for mails, its own wording of each mail, and previews of the mails."""

from __future__ import annotations

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from signaling.mail.from_addresses import check_from
from signaling.mail.wording import NAMES, checked_plan, preview
from signaling.mail.words import TEXTS, language_of
from signaling.protocol.reading import QueryReader, Reader
from signaling.protocol.words import Locale, OptionalId
from signaling.records import Change, Changed, Note, Site, version_of
from signaling.records.checks import changes
from signaling.records.mail_plan import MailPlan, MailText, fields_of, with_texts_of
from signaling.server.app_keys import RECORDS, SETTINGS

from .allowed import asked_site, asker_of
from .bodies import now_ms, read_json, read_query
from .errors import answer
from .headers import sha256_source
from .noting import noting
from .operator import read_language

routes = web.RouteTableDef()

# a request may have at most this many bytes; a site can have its own wording of every mail in many languages
MOST_PLAN_BYTES = 1024 * 1024
# this script shows the HTML that the framing page posts; pressing a link in this HTML does nothing
_FRAME_SCRIPT = (
    "addEventListener('message',e=>{if(e.source===parent&&parent!==self)document.documentElement.innerHTML=String(e.data)});"
    "addEventListener('click',e=>e.preventDefault(),true);parent.postMessage('ready','*')"
)
_FRAME = f'<!doctype html><meta charset="utf-8"><title></title><script>{_FRAME_SCRIPT}</script>'
_FRAME_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src {sha256_source(_FRAME_SCRIPT)}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)


class SiteMail(Struct, kw_only=True):
    """One site's settings for mails.

    `own_from`: the server's from-address. `allowed_from`: the addresses and domains that the site may use instead.
    """

    id: str
    name: str
    languages: list[str]
    plan: MailPlan
    own_from: str
    allowed_from: list[str]


class NewPlan(Struct, kw_only=True):
    """New settings for a site's mails.

    `former`: the settings as the page has read them. The change is refused if somebody else has changed the settings since.
    """

    plan: MailPlan
    former: MailPlan | None = None


class WordingQuery(Struct, kw_only=True):
    """The query for the standard wording. `language`: the language of the mails."""

    language: Locale = ""


class StandardText(Struct, kw_only=True):
    """The standard wording of one mail. `names`: the placeholders that a wording of this mail may contain, in braces."""

    kind: str
    names: list[str]
    subject: str
    text: str


class PreviewRequest(Struct, kw_only=True):
    """A wording of one mail, for a preview. An empty subject or text stands for the standard subject or text."""

    kind: OptionalId
    language: Locale
    wording: MailText


class MailPreview(Struct, kw_only=True):
    """A mail as its reader would see it, with example values."""

    subject: str
    text: str
    html: str


_read_plan: Reader[NewPlan] = Reader(NewPlan)
_read_preview: Reader[PreviewRequest] = Reader(PreviewRequest)
_read_wording: QueryReader[WordingQuery] = QueryReader(WordingQuery)


@routes.get("/api/operator/mail")
async def plans(request: web.Request) -> web.Response:
    asker = await asker_of(request)
    language = read_query(request, read_language).lang
    settings = request.app[SETTINGS]
    return answer(
        [
            SiteMail(
                id=each.id,
                name=each.name(language),
                languages=each.languages,
                plan=each.mail,
                own_from=settings.mail_from,
                allowed_from=list(settings.mail_from_allow),
            )
            for each in await request.app[RECORDS].sites(asker.realm)
        ]
    )


@routes.post("/api/operator/sites/{site}/mail")
async def save_plan(request: web.Request) -> web.Response:
    """Change a site's settings for mails: sender, contents, alerts and wording. The request is audited."""
    asker = await asker_of(request)
    site = await asked_site(request, asker)
    asked = await read_json(request, _read_plan, MOST_PLAN_BYTES)
    if asked.former is not None and asked.former != site.mail:
        raise Changed
    note = noting(asker.member.id, "site.mail", f"site/{site.id}")
    await store(request, site, checked_plan(asked.plan), note)
    return answer({})


async def store(request: web.Request, site: Site, plan: MailPlan, note: Note) -> None:
    """Store a site's checked settings for mails, and the audit entries that `note` makes about the change.

    Raises Changed, and Invalid when the server does not allow a new from-address.
    """
    settings = request.app[SETTINGS]
    check_from(plan, site.mail, settings.mail_from, settings.mail_from_allow)
    before, after = fields_of(site.mail), fields_of(plan)
    was, now = changes(with_texts_of(before, after), with_texts_of(after, before))
    audit = note(Change(before=was, after=now))
    await request.app[RECORDS].save_site(replace(site, mail=plan), expected=version_of(site), audit=audit)


@routes.get("/api/operator/sites/{site}/mail/wording")
async def wording(request: web.Request) -> web.Response:
    """Return the standard wording of each mail for which a site can have its own wording."""
    await asked_site(request, await asker_of(request))
    texts = TEXTS[language_of(read_query(request, _read_wording).language)]
    return answer(
        [
            StandardText(kind=kind, names=names, subject=texts[kind]["subject"], text=texts[kind]["text"])
            for kind, names in NAMES.items()
        ]
    )


@routes.post("/api/operator/sites/{site}/mail/preview")
async def look_at(request: web.Request) -> web.Response:
    """Return one mail as its reader would see it. Nothing is stored. Raises Invalid."""
    asker = await asker_of(request)
    site = await asked_site(request, asker)
    asked = await read_json(request, _read_preview)
    checked_plan(MailPlan(texts={asked.language or "en": {asked.kind: asked.wording}}))
    kind = next(each for each in NAMES if each == asked.kind)
    url, name = request.app[SETTINGS].url, asker.member.name
    seen = preview(site, kind, asked.language, asked.wording, url=url, name=name, now=now_ms())
    return answer(MailPreview(subject=seen.subject, text=seen.text, html=seen.html))


@routes.get("/mail-preview")
async def frame(request: web.Request) -> web.Response:
    """Return the empty page in which the operators' page shows previews of mails.

    The HTML of mails contains styles, which the Content-Security-Policy of our other pages forbids. The policy of this page
    allows styles, but no script except the page's own.
    """
    headers = {"Content-Security-Policy": _FRAME_POLICY, "Cache-Control": "no-cache"}
    return web.Response(text=_FRAME, content_type="text/html", headers=headers)
