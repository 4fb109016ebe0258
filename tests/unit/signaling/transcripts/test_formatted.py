"""The transcript formats a chat line as the pages do. The examples are those of the pages' own tests."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from signaling.transcripts.formatted import formatted
from signaling.transcripts.inline import Span, inline
from signaling.transcripts.links import Link, is_plain_host, links

WRITING = Path(__file__).parents[4] / "web" / "src" / "room" / "writing"
SHORT = {"strong": "*", "em": "/", "code": "`", "link": "→"}


def examples(file: str, title: str) -> list[Any]:
    """Return the rows of the table with this title, from a test file of the pages."""
    text = (WRITING / file).read_text()
    found = re.search(r"test\.each\((\[(?:(?!test\.each).)*?\])\)\(\"%s " + re.escape(title) + '"', text, re.DOTALL)
    assert found is not None, title
    rows = re.sub(r" // .*", "", found[1])
    return list(json.loads(re.sub(r",\s*\]", "]", rows)))


def short(pieces: list[str | Span]) -> str:
    """Return the pieces as one text, in the notation of the pages' tests.

    "*" stands for strong, "/" for em, "`" for code, and "→" for a link.
    """
    return "".join(piece if isinstance(piece, str) else f"{{{SHORT[piece.kind]} {short(piece.of)}}}" for piece in pieces)


def hrefs(text: str) -> list[str]:
    return [piece.href for piece in links(text) if isinstance(piece, Link)]


@pytest.mark.parametrize(("text", "shown"), examples("tree.test.ts", "is formatted"))
def test_emphasis_and_code_are_as_in_the_pages(text: str, shown: str) -> None:
    assert short(inline(text)) == shown


@pytest.mark.parametrize("text", examples("tree.test.ts", "stays as it was typed"))
def test_marks_that_format_nothing_stay(text: str) -> None:
    assert inline(text) == [text]


@pytest.mark.parametrize(("text", "href"), examples("links.test.ts", "has a link"))
def test_addresses_become_the_pages_links(text: str, href: str) -> None:
    assert hrefs(text) == [href]


@pytest.mark.parametrize("text", examples("links.test.ts", "has no link"))
def test_other_schemes_and_numbers_are_no_links(text: str) -> None:
    assert hrefs(text) == []


def test_host_of_mixed_scripts_is_shown_in_punycode() -> None:
    [shown] = [piece.text for piece in links("https://pаypal.com") if isinstance(piece, Link)]
    assert shown == "https://xn--pypal-4ve.com"
    assert all(is_plain_host(host) for host in ("shop.example", "한국.kr", "münchen.de", "россия.рф", "日本語.jp"))
    assert hrefs("https://bank.example@evil.example/login https://a:b@evil.example") in ([], ["https://evil.example/login"])


def test_rows_of_one_kind_are_one_block() -> None:
    text = "보세요:\n\n- 하나\n- **둘**\n\n3. third\n4. fourth\n> quoted\n> again\n```\n**raw** <b>\n```\n끝"
    assert formatted(text) == (
        '<p dir="auto">보세요:\n</p><ul dir="auto"><li>하나</li><li><strong>둘</strong></li></ul>'
        '<ol dir="auto" start="3"><li>third</li><li>fourth</li></ol><blockquote dir="auto">quoted\nagain</blockquote>'
        '<pre dir="ltr"><code>**raw** &lt;b&gt;</code></pre><p dir="auto">끝</p>'
    )


def test_text_never_becomes_markup_or_an_attribute() -> None:
    text = '**<img src=x onerror=alert(1)>** https://a.example/"onclick="x `<b>` - <script>'
    shown = formatted(text)
    assert not re.findall(r"<(?!/?(?:p|strong|a|code)\b)", shown)
    assert re.findall(r' (\w+)="', shown) == ["dir", "dir", "href", "rel", "target"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "row",
    [
        "*",
        " *a",
        "**a ",
        "_a _",
        "`",
        "a.",
        "a@",
        "x.kr ",
        "tel:",
        "mailto:",
        "https://a-",
        "(https://x.example/(",
        "> ",
        "```\n",
    ],
)
def test_line_of_nothing_but_marks_is_read_once(row: str) -> None:
    """Format a text that is ten times as long as the longest allowed chat line.

    A parser that looks back at each formatting mark would exceed the test's time limit.
    """
    assert formatted((row * 100_000)[:100_000]).startswith("<")
