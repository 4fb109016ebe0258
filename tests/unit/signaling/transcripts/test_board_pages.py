"""The board in a transcript. Everything that was drawn is visible.

A hostile document draws nothing outside the page, and causes a bounded amount of work.
"""

from __future__ import annotations

import re
import struct
from typing import Any

import pycrdt
import pytest

from signaling.transcripts import board_document
from signaling.transcripts.board_document import Page, pages_of
from signaling.transcripts.board_page import svg, wrapped

STROKE = {"type": "freedraw", "strokeColor": "#c8321e", "strokeWidth": 4, "opacity": 100, "x": 100, "y": 200, "isDeleted": False}
BOX = {"type": "rectangle", "strokeColor": "#1e64c8", "strokeWidth": 2, "x": 10, "y": 20, "width": 300, "height": 200}


def board(*elements: dict[str, Any], meta: dict[str, Any] | None = None, pages: dict[str, dict[str, Any]] | None = None) -> bytes:
    """Return a document with these elements.

    The `points` of an element can be a list of bytes: the chunks of a drawn line.
    """
    document: pycrdt.Doc[Any] = pycrdt.Doc()
    drawn = document.get("elements", type=pycrdt.Map)
    for n, element in enumerate(elements):
        values = {"index": f"{n + 1:015}-0000"} | element
        if isinstance(values.get("points"), list):
            values["points"] = pycrdt.Array(values["points"])
        drawn[f"e{n}"] = pycrdt.Map(values)
    described = document.get("meta", type=pycrdt.Map)
    for name, value in (meta or {}).items():
        described[name] = value
    others = document.get("pages", type=pycrdt.Map)
    for name, values in (pages or {}).items():
        others[name] = pycrdt.Map(values)
    return document.get_update()


def int16s(*steps: int) -> bytes:
    return struct.pack(f"<{len(steps)}h", *steps)


def drawn(page: Page) -> str:
    return svg(page, "Board", {})


def test_strokes_of_both_packings_are_drawn_where_they_were() -> None:
    old = STROKE | {"points": [int16s(80, 0), int16s(0, 160)]}
    new = STROKE | {"points": [bytes([160, 1, 0]), bytes([0, 192, 2])], "packing": "varint", "opacity": 35}
    (page,) = pages_of(board(old, new))
    assert [shape.points for shape in page.shapes] == [[(0, 0), (10, 0), (10, 20)]] * 2
    made = drawn(page)
    assert made.count("M0 0Q10 0 10 10Q10 20 10 20") == 2
    assert made.count('stroke="#c8321e"') == 2
    assert 'opacity="0.35"' in made
    assert 'viewBox="0 0 1600 1000"' in made


def test_shapes_texts_and_pictures_are_on_their_page() -> None:
    words = {**BOX, "type": "text", "text": "렌즈 <b>35mm</b>", "fontSize": 32, "page": "p2"}
    image = {**BOX, "type": "image", "fileId": "pic-2", "angle": 0.5}
    first, second = pages_of(
        board(
            BOX, image, {**BOX, "type": "arrow", "width": -50}, words, meta={"background": "pic-1"}, pages={"p2": {"index": "2"}}
        )
    )
    assert [shape.kind for shape in first.shapes] == ["rectangle", "image", "arrow"]
    assert first.pictures == {"pic-1", "pic-2"}
    made = svg(first, "Board", {"pic-1": "data:image/png;base64,AA=="})
    assert made.count("<image") == 1
    assert made.count('fill="#8884"') == 1, "a picture that the reader may not see"
    made = svg(first, "Board", {"pic-2": "data:image/png;base64,AA=="}, 7)
    assert '<use x="10" y="20" width="300" height="200" href="#board-7-0"/>' in made
    assert made.count('id="board-7-0"') == 1
    assert "&lt;b&gt;35mm&lt;/b&gt;" in drawn(second)


def test_erased_and_put_away_shapes_are_not_drawn() -> None:
    line = STROKE | {"points": [int16s(80, 80)]}
    erased, away = line | {"isDeleted": True}, line | {"index": "000000000000001-0000"}
    kept = line | {"index": "000000000000009-0000"}
    meta = {"putAway": "000000000000005-0000", "background": ""}
    (page,) = pages_of(board(erased, away, kept, meta=meta))
    assert len(page.shapes) == 1
    assert pages_of(board(away, meta=meta)) == [], "an empty page is left out"
    assert len(pages_of(board(kept | {"page": "gone"}, kept))[0].shapes) == 1


@pytest.mark.parametrize(
    "element",
    [
        {"strokeColor": 'red" onload="alert(1)'},
        {"strokeColor": "url(https://x.example)"},
        {"strokeWidth": float("nan")},
        {"strokeWidth": "4"},
        {"x": float("inf")},
        {"x": True},
        {"type": "foreignObject"},
        {"type": 7},
        {"type": "text", "width": 10, "height": 10, "text": "\u202e\u200e "},
        {"type": "image", "width": 10, "height": 10, "fileId": '"/><script>'},
        {"points": "not an array"},
        {"points": [{"no": "bytes"}], "type": "line"},
    ],
)
def test_values_that_browsers_do_not_write_draw_nothing(element: dict[str, Any]) -> None:
    assert pages_of(board(STROKE | {"points": [int16s(8, 8)]} | element)) == []


def test_hostile_texts_and_labels_are_escaped() -> None:
    hostile = '</text><script>alert(1)</script><image href="https://x.example/"/>'
    (page,) = pages_of(board({**BOX, "type": "text", "text": hostile}))
    made = svg(page, 'x"><script>', {})
    assert "<script" not in made
    assert "<image" not in made
    assert set(re.findall(r"<(\w+)", made)) == {"svg", "rect", "g", "text", "tspan"}


def test_picture_is_in_the_file_once_however_often_it_is_laid() -> None:
    image, address = {**BOX, "type": "image", "fileId": "pic-1"}, "data:image/png;base64," + "A" * 10_000
    (page,) = pages_of(board(*[image] * 500))
    made = svg(page, "Board", {"pic-1": address})
    assert made.count(address) == 1
    assert made.count("<use ") == 500


class Panic(BaseException):
    """Takes the place of the exception with which pycrdt reports a panic of its Rust code."""


def test_panic_of_the_library_costs_only_the_board(monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(*_: object) -> None:
        raise Panic

    drawn = board(BOX)
    monkeypatch.setattr(pycrdt.Doc, "apply_update", panic)
    assert pages_of(drawn) == []


def test_work_is_bounded_whatever_the_document_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_document, "MOST_POINTS", 500)
    monkeypatch.setattr(board_document, "MOST_SHAPES", 20)
    long = STROKE | {"points": [int16s(*[8] * 800)]}
    pages = pages_of(board(*[long] * 60, pages={f"p{n}": {"background": "pic-1"} for n in range(90)}))
    assert sum(len(shape.points) for page in pages for shape in page.shapes) <= 500
    assert sum(len(page.shapes) for page in pages) <= 20
    assert len(pages) <= board_document.MOST_PAGES
    monkeypatch.setattr(board_document, "MOST_TEXTS", 50)
    pages = pages_of(board(*[{**BOX, "type": "text", "text": "a" * 30}] * 9))
    assert [len(shape.text) for page in pages for shape in page.shapes] == [30, 20]
    assert len(wrapped("가 " * 2000, 1, 400)) <= 300
    for damaged in (b"", b"\0\0", b"\xff" * 40, board(long)[:-9]):
        assert pages_of(damaged) == []
    monkeypatch.setattr(board_document, "MOST_BYTES", 10)
    assert pages_of(board(long)) == []
