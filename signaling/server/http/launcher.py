"""The widget's script as one site wants it: where the launcher stands, and what it says.

The widget may have 2,048 bytes, and has no code for a site's own launcher. So the server writes the site's wishes into the built
script, in the two places that the patterns below find. A test looks for both places in the sources.
"""

from __future__ import annotations

import json
import re
from typing import Final

from signaling.records import Site

_SIDE: Final = re.compile(r"\bright:(\s*)calc\(16px \+ env\(safe-area-inset-right\)\)")
_TEXT: Final = re.compile(
    r"/\^ko\(\?!\[a-z\]\)/i\.test\((?P<language>[\w$]+)\)\s*\?\s*"
    r"([`\"'])상담하기\2\s*:\s*([`\"'])Ask a counselor\3"
)


def is_plain(site: Site) -> bool:
    """Return whether the site wants the widget's script unchanged."""
    return site.corner == "right" and not site.launcher_texts


def dressed(script: str, site: Site) -> str:
    """Return the widget's script with the launcher's corner and texts of this site."""
    if site.corner == "left":
        script = _SIDE.sub(r"left:\1calc(16px + env(safe-area-inset-left))", script)
    if site.launcher_texts:
        texts = json.dumps(_by_tag(site.launcher_texts))
        script = _TEXT.sub(lambda found: _choice(found, texts), script)
    return script


def _choice(found: re.Match[str], texts: str) -> str:
    """Return the JavaScript expression that chooses the site's text in the page's language, or else the standard text."""
    language = found["language"]
    return f'((t,l)=>t[l]||t[l.split("-")[0]])({texts},{language}.toLowerCase())||({found[0]})'


def _by_tag(texts: dict[str, str]) -> dict[str, str]:
    """Return the launcher's texts by lower-case language tag.

    A tag with a region or script also serves its language: zh-Hans serves zh-CN.
    """
    tags = {tag.lower(): text for tag, text in texts.items()}
    return {tag.split("-")[0]: text for tag, text in reversed(tags.items())} | tags
