"""Measure the compressed size of what a browser must load before it can show anything."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from tests.bench.rows import Row, row

PAGES = Path(__file__).parents[2] / "signaling" / "pages"


def packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))


def page_bytes(name: str) -> int:
    """Return the compressed size of the page and of every script and style sheet it names.

    These load before the board opens.
    """
    html = PAGES / f"{name}.html"
    named = set(re.findall(r'(?:src|href)="/(assets/[^"]+)"', html.read_text()))
    return packed(html) + sum(packed(PAGES / asset) for asset in named)


def rows() -> list[Row]:
    return [
        row("widget_gzip_bytes", "bytes", [packed(PAGES / "widget.js")]),
        row("call_page_gzip_bytes", "bytes", [page_bytes("call")]),
    ]
