"""Measure the compressed size of the files that a browser must load before it can show anything."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from tests.bench.rows import Row, row

PAGES = Path(__file__).parents[2] / "signaling" / "pages"
SOURCES = Path(__file__).parents[2] / "web" / "src"


def packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def page_bytes(name: str) -> int:
    """Return the compressed size of what the browser loads before the board opens.

    This is the page, every script and style sheet that the page names, and the page's texts in the longest language. A visitor
    loads the texts of one language only.
    """
    html = PAGES / f"{name}.html"
    named = set(re.findall(r'(?:src|href)="/(assets/[^"]+)"', html.read_text()))
    folders = [SOURCES / name, SOURCES / "room"]
    texts = (sum(packed(folder / file.name) for folder in folders) for file in folders[0].glob("*.json"))
    return packed(html) + sum(packed(PAGES / asset) for asset in named) + max(texts)


def rows() -> list[Row]:
    return [
        row("widget_gzip_bytes", "bytes", [packed(PAGES / "widget.js")]),
        row("call_page_gzip_bytes", "bytes", [page_bytes("call")]),
    ]
