"""Style sheets of the pages use only custom properties that exist.

With a wrong name, a border or a colour would be missing without an error.
"""

from __future__ import annotations

import re
from pathlib import Path

PAGES = Path(__file__).parents[2] / "web" / "src"
SHOP = PAGES / "shop"  # the demo shop is a partner's page and has its own properties
# Custom properties with this prefix get the site's colours when a page runs. Style sheets have fallback values for pages without
# these colours.
SET_AT_RUN_TIME = "--site-"


def test_every_custom_property_that_is_used_is_set_somewhere() -> None:
    texts = {
        path: path.read_text()
        for path in PAGES.rglob("*")
        if path.suffix in {".css", ".ts", ".tsx"} and not path.name.endswith(".test.ts") and SHOP not in path.parents
    }
    known = {name for text in texts.values() for name in re.findall(r"""(--[\w-]+)["'`]?\s*[:,\]]""", text)}
    used = {
        (str(path.relative_to(PAGES)), name)
        for path, text in texts.items()
        for name in re.findall(r"var\((--[\w-]+)\s*\)", text)
        if not name.startswith(SET_AT_RUN_TIME)
    }
    assert len(used) > 100
    assert sorted((path, name) for path, name in used if name not in known) == []
