"""Adapt the widget's script to one site: set the corner of the window and the texts of the button that opens the chat (launcher).

The widget's script may have at most 2,048 bytes. So the script cannot show a site's own button, and has texts only in Korean and
English. Instead, the server writes the site's corner and texts into the built script. The patterns `_SIDE` and `_TEXT` find the
code for the corner and for the texts; a test checks that the widget's sources match these patterns.
"""

from __future__ import annotations

import json
import re
from typing import Final

from signaling.protocol.own_texts import in_each
from signaling.records import Site

_SIDE: Final = re.compile(r"\bright:(\s*)calc\(16px \+ env\(safe-area-inset-right\)\)")
_TEXT: Final = re.compile(
    r"/\^ko\(\?!\[a-z\]\)/i\.test\((?P<language>[\w$.]+)\)\s*\?\s*"
    r"([`\"'])상담하기\2\s*:\s*([`\"'])Ask a counselor\3"
)


def is_plain(site: Site) -> bool:
    """Return whether the site uses the widget's script unchanged."""
    return site.corner == "right" and not _texts(site)


def _texts(site: Site) -> dict[str, str]:
    """Return the texts of the button that opens the chat, by language: the site's own texts and our standard texts.

    Texts that the script already contains are left out.
    """
    # without Korean and English, because the script already contains the texts in these two languages
    offered = {_language(tag) for tag in site.languages} - {"ko", "en"}
    ours = {tag: text for tag, text in in_each("launcher.ask").items() if _language(tag) in offered}
    return ours | site.launcher_texts


def _language(tag: str) -> str:
    return tag.lower().split("-")[0]


def dressed(script: str, site: Site) -> str:
    """Return the widget's script with the launcher's corner and texts of this site."""
    if site.corner == "left":
        script = _SIDE.sub(r"left:\1calc(16px + env(safe-area-inset-left))", script)
    if wanted := _texts(site):
        texts = json.dumps(_by_tag(wanted))
        script = _TEXT.sub(lambda found: _choice(found, texts), script)
    return script


def _choice(found: re.Match[str], texts: str) -> str:
    """Return the JavaScript expression that chooses the launcher's text in the page's language.

    If the site has no text in this language, the expression returns the standard text.
    """
    language = found["language"]
    return f'((t,l)=>t[l]||t[l.split("-")[0]])({texts},{language}.toLowerCase())||({found[0]})'


def _by_tag(texts: dict[str, str]) -> dict[str, str]:
    """Return the launcher's texts by lower-case language tag.

    The text for a tag with a region or script is also used for other tags of its language: zh-CN gets the text of zh-Hans.
    """
    tags = {tag.lower(): text for tag, text in texts.items()}
    return {_language(tag): text for tag, text in reversed(tags.items())} | tags
