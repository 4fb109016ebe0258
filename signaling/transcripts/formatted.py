"""Turn the text of a chat line into HTML with formatting and links, as the pages do (`room/writing/tree.ts`).

Texts are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Literal

from .inline import Inline, Span, inline

_FENCE = re.compile(r"```\s*[A-Za-z0-9_]*\s*")
_QUOTED = re.compile("> ?")
_BULLET = re.compile(r"[-•] +(?=\S)")
_NUMBER = re.compile(r"([0-9]{1,3})\. +(?=\S)")
# Matches texts that can contain markup or a link. Only these texts are parsed.
_MARKED = re.compile(r"[*_`]|^(?:>|[-•] |\d{1,3}\. )|https?:|tel:|\S@\S|\w\.\w\w", re.MULTILINE | re.IGNORECASE)

_Kind = Literal["code", "quote", "list", "numbered", "text"]


def formatted(text: str) -> str:
    """Return the line's text as elements of HTML."""
    if not _MARKED.search(text):
        return f'<p dir="auto">{escape(text)}</p>'
    return "".join(_block(kind, rows) for kind, rows in _blocks(text.split("\n")))


def _kind_of(row: str) -> _Kind:
    if _FENCE.fullmatch(row):
        return "code"
    if _QUOTED.match(row):
        return "quote"
    if _BULLET.match(row):
        return "list"
    return "numbered" if _NUMBER.match(row) else "text"


def _blocks(rows: list[str]) -> Iterator[tuple[_Kind, list[str]]]:
    """Yield the blocks of a chat line. Consecutive rows of one kind form one block; a block of code ends at its closing fence."""
    kinds = [_kind_of(row) for row in rows]
    at = 0
    while at < len(rows):
        kind, end = kinds[at], at + 1
        while end < len(rows) and (kinds[end] == kind) is (kind != "code"):
            end += 1
        yield kind, rows[at + (kind == "code") : end]
        at = end + (kind == "code")


def _block(kind: _Kind, rows: list[str]) -> str:
    if kind == "code":
        return f'<pre dir="ltr"><code>{escape(chr(10).join(rows))}</code></pre>'
    if kind == "list":
        return f'<ul dir="auto">{_items(rows, _BULLET)}</ul>'
    if kind == "numbered":
        first = _NUMBER.match(rows[0])
        start = int(first[1]) if first else 1
        return f'<ol dir="auto" start="{start}">{_items(rows, _NUMBER)}</ol>'
    said = [_QUOTED.sub("", row, count=1) if kind == "quote" else row for row in rows]
    if not any(said):
        return ""  # this block has only blank rows, which separate the blocks before and after it
    words = "\n".join(_html(inline(row)) for row in said)
    return f'<blockquote dir="auto">{words}</blockquote>' if kind == "quote" else f'<p dir="auto">{words}</p>'


def _items(rows: list[str], mark: re.Pattern[str]) -> str:
    return "".join(f"<li>{_html(inline(mark.sub('', row, count=1)))}</li>" for row in rows)


def _html(pieces: list[Inline]) -> str:
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: Inline) -> str:
    if not isinstance(piece, Span):
        return escape(piece)
    inside = _html(piece.of)
    if piece.kind == "link":
        target = ' target="_blank"' if piece.href.startswith("http") else ""
        return f'<a dir="ltr" href="{escape(piece.href)}" rel="noopener noreferrer"{target}>{inside}</a>'
    return f"<{piece.kind}>{inside}</{piece.kind}>"
