"""A page on which staff try a site as visitors.

The page contains the site's snippet (the HTML that loads the widget), and is served by the operators' host. For every site, the
server makes identification codes for this host and lets this host show the chat panel. Only staff who may change a site get the
page for this site, so everybody else can reach a site only from its own pages.
"""

from __future__ import annotations

import html
from urllib.parse import quote

from aiohttp import web

from signaling.config.settings import Settings
from signaling.protocol.language_tags import accepted
from signaling.protocol.own_texts import nearest, words_in
from signaling.records import Site
from signaling.server.app_keys import SETTINGS

from .allowed import asked_site, asker_of
from .bodies import read_query
from .errors import Refused
from .headers import sha256_source
from .operator import read_language

routes = web.RouteTableDef()

_STYLE = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;color:light-dark(#1c2126,#e8ebee);"
    "background:light-dark(#fff,#15181b)}"
    "body{margin:0 auto;max-width:60ch;min-height:100vh;padding:48px 24px;box-sizing:border-box;text-wrap:pretty}"
    "h1{margin:0 0 16px;font-size:24px}ol{padding-inline-start:24px}li{margin-block:8px}"
    "a{color:light-dark(#0f5f57,#7fd1c7)}.dim{color:light-dark(#566069,#a4adb5)}"
)
_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style><body><main>{body}</main>{snippet}</body></html>"
)


def snippet_of(settings: Settings, site: Site, language: str = "") -> str:
    """Return the HTML that the site puts into its pages: the snippet that loads the widget."""
    category, language = next(iter(site.categories), ""), language or (site.languages or ["en"])[0]
    about = f'data-site="{site.id}" data-category="{category}" data-lang="{language}"'
    if site.accent:
        # this colour is only for the launcher button: the panel gets its colour from the server
        about += f' data-accent="{html.escape(site.accent)}"'
    return f'<script async src="{settings.url}/widget.js?site={quote(site.id)}" {about}></script>'


def page_origins(settings: Settings, site: Site) -> list[str]:
    """Return the origins of pages from which visitors come to the site.

    These are the site's own origins, and the origin of the page on which staff try it (`try_site`).
    """
    return [*site.origins, settings.staff_url("operator")]


@routes.get("/try/{site}")
async def try_site(request: web.Request) -> web.Response:
    """Return the page on which staff try a site. For somebody who is not signed in, return a page with a link to the sign-in."""
    settings = request.app[SETTINGS]
    language = nearest(read_query(request, read_language).lang, *accepted(request.headers.get("Accept-Language", "")))
    words = {key: html.escape(text) for key, text in words_in(language, "try").items()}
    try:
        asker = await asker_of(request)
    except Refused as refused:
        if refused.reason != "signed_out":
            raise
        body = f'<h1>{words["signed_out"]}</h1><p><a href="/operator">{words["sign_in"]}</a></p>'
        return _page(settings, language, words["signed_out"], body, status=401)
    site = await asked_site(request, asker)
    console = f'<a href="{settings.staff_url("counselor")}/console" target="_blank" rel="noopener">{words["console"]}</a>'
    title = words["title"].replace("{site}", html.escape(site.name(language)))
    steps = f"<ol><li>{words['answer'].replace('{console}', console)}</li><li>{words['button']}</li></ol>"
    body = f'<h1>{title}</h1>{steps}<p class="dim">{words["only"]}</p>'
    return _page(settings, language, title, body, snippet_of(settings, site, site.language_for(language) or ""))


def _page(settings: Settings, language: str, title: str, body: str, snippet: str = "", *, status: int = 200) -> web.Response:
    page = _PAGE.format(language=language, title=title, style=_STYLE, body=body, snippet=snippet)
    return web.Response(text=page, status=status, content_type="text/html", charset="utf-8", headers=_headers(settings))


def _headers(settings: Settings) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src {sha256_source(_STYLE)}; script-src {settings.url}/widget.js; frame-src {settings.url}; "
        f"connect-src {settings.url}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, "Cache-Control": "no-store", "Referrer-Policy": "origin"}
