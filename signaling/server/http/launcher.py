"""The widget's script as one site wants it: where the launcher stands, and what it says in the languages of the site.

The widget's script may have at most 2,048 bytes. So the script has no code for a site's own launcher, and texts only in Korean
and English. So the server writes the site's wishes into the built script, in the two places that the patterns below find. A test
looks for both places in the sources.
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
    """Return whether the site wants the widget's script unchanged."""
    return site.corner == "right" and not _texts(site)


def _texts(site: Site) -> dict[str, str]:
    """Return the launcher's texts by language: the site's own texts, and ours for languages that the script does not have."""
    offered = {_language(tag) for tag in site.languages} - {"ko", "en"}  # the script has these two itself
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
    """Return the JavaScript expression that chooses the site's text in the page's language.

    Without such a text, the expression gives the standard text.
    """
    language = found["language"]
    return f'((t,l)=>t[l]||t[l.split("-")[0]])({texts},{language}.toLowerCase())||({found[0]})'


def _by_tag(texts: dict[str, str]) -> dict[str, str]:
    """Return the launcher's texts by lower-case language tag.

    A tag with a region or script also serves its language: zh-Hans serves zh-CN.
    """
    tags = {tag.lower(): text for tag, text in texts.items()}
    return {_language(tag): text for tag, text in reversed(tags.items())} | tags
