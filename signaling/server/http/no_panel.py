"""What the widget's frame shows instead of the panel: on pages of other origins, or for a site that is not known here.

`frame-ancestors` alone would leave the browser's own error in the frame, without words and without a way to fold it away.
This page knows nothing and does nothing but fold, so anybody may frame it.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Literal

from aiohttp import web

Reason = Literal["wrong_origin", "unknown_site"]

_WORDS = {
    "ko": {
        "title": "상담",
        "wrong_origin": "이 페이지에서는 상담을 시작할 수 없어요. 사이트의 다른 페이지에서 해 보세요.",
        "unknown_site": "이 사이트는 아직 상담에 연결되어 있지 않아요.",
        "close": "닫기",
    },
    "en": {
        "title": "Counselling",
        "wrong_origin": "Counselling cannot start from this page. Try another page of the site.",
        "unknown_site": "This site is not connected to counselling yet.",
        "close": "Close",
    },
}
_STYLE = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,'Noto Sans KR',sans-serif}"
    "body{margin:0;min-height:100vh;display:grid;place-content:center;gap:16px;padding:24px;box-sizing:border-box;text-align:center}"
    "p{margin:0}button{font:inherit;min-height:44px;padding:0 24px;justify-self:center}"
)
# The widget folds for its own frame only, and the word tells nobody anything: hence any parent may hear it.
_SCRIPT = (
    "const fold=()=>parent.postMessage({fold:true},'*');"
    "document.querySelector('button').onclick=fold;"
    "addEventListener('keydown',({key})=>{if(key==='Escape')fold()})"
)
_PAGE = (
    '<!doctype html><html lang="{language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style>"
    '<p role="alert">{sentence}</p><button type="button">{close}</button><script>{script}</script></html>'
)


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = f"default-src 'none'; style-src {_source(_STYLE)}; script-src {_source(_SCRIPT)}; base-uri 'none'; form-action 'none'"


def no_panel(reason: Reason, language: str) -> web.Response:
    """`language`: as the widget asked for it; all but Korean read English."""
    language = "ko" if language.lower().startswith("ko") else "en"
    words = _WORDS[language]
    page = _PAGE.format(
        language=language, title=words["title"], sentence=words[reason], close=words["close"], style=_STYLE, script=_SCRIPT
    )
    return web.Response(
        text=page,
        content_type="text/html",
        charset="utf-8",
        status=403 if reason == "wrong_origin" else 404,
        headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"},
    )
