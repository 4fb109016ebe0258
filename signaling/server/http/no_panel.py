"""The page that the widget's frame shows instead of the chat panel.

The page appears if the site is unknown, or if the framing page is not one of the site's pages.

With `frame-ancestors` alone, the frame would show the browser's own error, without an explanation or a way to close it. Anybody
may frame this page, because it shows no data. The page only closes itself, and tells the developers of the framing page what to
do.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Literal

from aiohttp import web

from signaling.protocol.own_texts import nearest, words_in

from .headers import FRAMED_ANYWHERE, sha256_source

Reason = Literal["wrong_origin", "unknown_site"]

_STYLE = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;color:light-dark(#1c2126,#e8ebee);"
    "background:light-dark(#fff,#15181b)}"
    "body{margin:0;min-height:100vh;display:grid;place-content:center;gap:16px;padding:24px;box-sizing:border-box;text-align:center}"
    "h1{margin:0;font-size:20px}p{margin:0;max-width:32ch;text-wrap:balance}"
    "button{font:inherit;font-weight:600;min-height:44px;padding:0 24px;justify-self:center;border:0;border-radius:12px;"
    "background:light-dark(#e9edf0,#2b3137);color:inherit;cursor:pointer}"
    "button:focus-visible{outline:3px solid;outline-offset:2px}"
)
# The script's message may go to any framing page, because it contains no data. The widget obeys only messages of its own frame.
_SCRIPT = (
    "console.error(document.body.dataset.hint);"
    "const fold=()=>parent.postMessage({fold:true},'*');"
    "document.querySelector('button').onclick=fold;"
    "addEventListener('keydown',({key})=>{if(key==='Escape')fold()})"
)
_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style>"
    '<body data-hint="{hint}"><h1>{title}</h1><p role="alert">{sentence}</p>'
    '<button type="button">{close}</button><script>{script}</script></html>'
)


_POLICY = (
    f"default-src 'none'; style-src {sha256_source(_STYLE)}; script-src {sha256_source(_SCRIPT)}; "
    "base-uri 'none'; form-action 'none'"
)


def hint(reason: Reason, site_id: str, origin: str) -> str:
    """Return the text for the developer console of the browser: site, origin, and what to do.

    `origin`: the origin of the framing page.
    """
    site_id = "".join(c for c in site_id if c.isprintable())[:64]
    if site_id in ("", "undefined"):
        return 'Sangdam: no site is set. Give the script data-site="…", or call Sangdam.init({site: "…", category: "…"}).'
    if reason == "unknown_site":
        return f'Sangdam: this server knows no site "{site_id}". Correct data-site, or add it: sangdam site add {site_id} …'
    return (
        f'Sangdam: pages of {origin[:200]} are not allowed for site "{site_id}". '
        f"Allow them: sangdam site add {site_id} --update --origin {origin[:200]} (name the site's other origins, too)."
    )


def no_panel(reason: Reason, languages: Sequence[str], site_id: str, origin: str) -> web.Response:
    """Return the page that is shown instead of the chat panel.

    `languages`: the languages of the widget and of the browser, the best first. If none of these languages has a text, the page
    is in English.
    """
    language = nearest(*languages)
    words = words_in(language, "no_panel")
    page = _PAGE.format(
        language=language,
        title=words["title"],
        hint=html.escape(hint(reason, site_id, origin)),
        sentence=words[reason],
        close=words["close"],
        style=_STYLE,
        script=_SCRIPT,
    )
    return web.Response(
        text=page,
        content_type="text/html",
        charset="utf-8",
        status=403 if reason == "wrong_origin" else 404,
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", **FRAMED_ANYWHERE},
    )
