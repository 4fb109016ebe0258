"""Unsubscribe from mails, by the page to which the link in each mail leads, or by the button of mail programs (RFC 8058).

Opening the page changes nothing, because mail scanners open links. Only the button on the page, or the POST of the mail program,
unsubscribes.
"""

from __future__ import annotations

import html
from typing import Annotated

from aiohttp import web
from msgspec import Struct

from signaling.protocol.own_texts import nearest, words_in
from signaling.protocol.reading import QueryReader, by
from signaling.protocol.texts import Exact
from signaling.protocol.words import Locale
from signaling.server.app_keys import POSTBOX, RECORDS

from .bodies import now_ms, read_query
from .headers import sha256_source

routes = web.RouteTableDef()

PATH = "/unsubscribe"
_STYLE = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,'Noto Sans KR',sans-serif;color:light-dark(#1c2126,#e8ebee);"
    "background:light-dark(#fff,#15181b)}"
    "body{margin:0;min-height:100vh;display:grid;place-content:center;gap:16px;padding:24px;box-sizing:border-box;text-align:center}"
    "h1{margin:0;font-size:20px}p{margin:0;max-width:36ch;text-wrap:balance}"
    "button{font:inherit;font-weight:600;min-height:44px;padding:0 24px;border:0;border-radius:12px;"
    "background:light-dark(#1f5fbf,#7fb0ff);color:light-dark(#fff,#10151b);cursor:pointer}"
    "button:focus-visible{outline:3px solid;outline-offset:2px}"
)
_POLICY = f"default-src 'none'; style-src {sha256_source(_STYLE)}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


class Query(Struct, kw_only=True):
    """The query of an unsubscribe link. `of`: the token that stands for the mail address. `lang`: the language of the mail."""

    of: Annotated[str, by(Exact(200))] = ""
    lang: Locale = ""


_read: QueryReader[Query] = QueryReader(Query)


@routes.get(PATH)
async def show(request: web.Request) -> web.Response:
    asked = read_query(request, _read)
    known = request.app[POSTBOX].addresses.read(asked.of) is not None
    return _page(asked.lang, "ask" if known else "bad", button=known)


@routes.post(PATH)
async def leave(request: web.Request) -> web.Response:
    """Unsubscribe an address.

    Any page and any mail program may send this request, because the token stands for the address and gives no other right.
    """
    asked = read_query(request, _read)
    hashed = request.app[POSTBOX].addresses.read(asked.of)
    if hashed is None:
        return _page(asked.lang, "bad", button=False)
    await request.app[RECORDS].unsubscribe(hashed, now_ms())
    return _page(asked.lang, "done", button=False)


def _page(wanted: str, sentence: str, *, button: bool) -> web.Response:
    language = nearest(wanted)
    words = words_in(language, "unsubscribe")
    press = f'<form method="post"><button>{html.escape(words["button"])}</button></form>' if button else ""
    text = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{html.escape(words["title"])}</title><style>{_STYLE}</style>'
        f'<body><h1>{html.escape(words["title"])}</h1><p role="status">{html.escape(words[sentence])}</p>{press}</html>'
    )
    return web.Response(
        text=text,
        content_type="text/html",
        charset="utf-8",
        status=400 if sentence == "bad" else 200,
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
    )
