"""Read a board's pages and shapes from its stored document, so that they can be drawn.

People's browsers write the document. The media worker has checked the document's form, but not its values. So every value is
checked here, as `web/src/room/board/schema.ts` does, and the number of shapes and points is bounded.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pycrdt

WIDTH, HEIGHT = 1600, 1000  # width and height of a page, in units of the board
MOST_PAGES = 60
MOST_SHAPES = 4_000  # at most this many shapes on all pages together; further shapes are left out
MOST_POINTS = 150_000  # at most this many points in all strokes together
MOST_STROKE_POINTS = 20_000
MOST_TEXT = 2_000  # one text has at most this many characters
MOST_TEXTS = 200_000  # all texts together have at most this many characters
MOST_BYTES = 16 * 1024 * 1024  # a stored document with more bytes is not read

KINDS = ("freedraw", "line", "arrow", "rectangle", "ellipse", "text", "image")
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\Z")
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_STEP = 8  # coordinates are stored in steps; one unit of the board has this many steps
# two consecutive points of a stroke are at most this many steps (`_STEP`) apart, horizontally and vertically
_FARTHEST = 32_767

Point = tuple[float, float]


class Shape(NamedTuple):
    """A shape to draw.

    `points`: the points of a stroke, relative to its first point. `angle`: how far the shape is turned around its middle, in
    radians, clockwise.
    """

    kind: str
    x: float
    y: float
    width: float
    height: float
    angle: float
    scale: Point
    colour: str
    stroke: float
    opacity: float
    points: list[Point]
    text: str
    font_size: float
    picture: str


class Page(NamedTuple):
    """A page of the board, in its newest stored state. `background`: id of a picture, or ""."""

    background: str
    shapes: list[Shape]

    @property
    def pictures(self) -> set[str]:
        """Return the ids of the pictures on this page."""
        return {self.background, *(shape.picture for shape in self.shapes)} - {""}


def pages_of(update: bytes) -> list[Page]:
    """Return the pages that have a shape or a background picture, in order. Return [] for a document that cannot be read."""
    if not update or len(update) > MOST_BYTES:
        return []
    document: pycrdt.Doc[Any] = pycrdt.Doc()
    try:
        document.apply_update(update)
        elements, meta, pages = (document.get(name, type=pycrdt.Map) for name in ("elements", "meta", "pages"))
        return _pages(dict(elements.items()), dict(meta.items()), dict(pages.items()))
    except (KeyboardInterrupt, SystemExit):
        raise
    # pycrdt raises exceptions of many types here, and can panic. The transcript must be made even if the board is damaged
    except BaseException:
        return []


class _Described(NamedTuple):
    place: str
    id: str
    background: str
    put_away: str


def _pages(elements: Mapping[str, Any], meta: Mapping[str, Any], others: Mapping[str, Any]) -> list[Page]:
    known = [_described(name, _values(page)) for name, page in others.items() if _name(name)]
    found = sorted(page for page in known if page is not None)
    first = _described("", meta)
    if first is not None or not found:
        found.insert(0, first or _Described("", "", "", ""))
    found = found[:MOST_PAGES]
    put_away = {page.id: page.put_away for page in found}
    drawn: dict[str, list[tuple[str, Mapping[str, Any]]]] = {page.id: [] for page in found}
    for name, element in elements.items():
        values = _values(element)
        page, index = _name(values.get("page")), _text(values.get("index"))[:64]
        if _name(name) and page in drawn and values.get("isDeleted") is not True and index >= put_away[page]:
            drawn[page].append((index, values))
    left = _Left(MOST_SHAPES, MOST_POINTS, MOST_TEXTS)
    made = [Page(page.background, list(_shapes(sorted(drawn[page.id], key=lambda one: one[0]), left))) for page in found]
    return [page for page in made if page.background or page.shapes]


class _Left:
    """The numbers of shapes, points and characters that may still be read (`MOST_SHAPES` and other limits)."""

    def __init__(self, shapes: int, points: int, characters: int) -> None:
        self.shapes = shapes
        self.points = points
        self.characters = characters


def _described(id: str, values: Mapping[str, Any]) -> _Described | None:
    if values.get("isDeleted") is True:
        return None
    return _Described(_text(values.get("index"))[:64], id, _name(values.get("background")), _text(values.get("putAway"))[:64])


def _shapes(elements: list[tuple[str, Mapping[str, Any]]], left: _Left) -> Iterator[Shape]:
    for _, values in elements:
        if left.shapes <= 0:
            return
        shape = _shape(values, left)
        if shape is not None:
            left.shapes -= 1
            yield shape


def _shape(values: Mapping[str, Any], left: _Left) -> Shape | None:
    kind, colour = values.get("type"), values.get("strokeColor")
    x, y = _within(values.get("x"), -WIDTH, 2 * WIDTH), _within(values.get("y"), -HEIGHT, 2 * HEIGHT)
    stroke, extent = _within(values.get("strokeWidth"), 0.5, 100), _extent(kind, values)
    if kind not in KINDS or x is None or y is None or stroke is None or extent is None:
        return None
    if not isinstance(colour, str) or not _COLOUR.match(colour):
        return None
    points, picture = _points(values, left) if kind == "freedraw" else [], _name(values.get("fileId")) if kind == "image" else ""
    text = _words(values, left) if kind == "text" else ""
    if (kind == "freedraw" and not points) or (kind == "image" and not picture) or (kind == "text" and not text.strip()):
        return None
    return Shape(
        kind=kind,
        x=x,
        y=y,
        width=extent[0],
        height=extent[1],
        angle=_within(values.get("angle"), -10, 10) or 0.0,
        scale=(_within(values.get("scaleX"), -100, 100) or 1.0, _within(values.get("scaleY"), -100, 100) or 1.0),
        colour=colour,
        stroke=stroke,
        opacity=_or(_within(values.get("opacity"), 0, 100), 100.0),
        points=points,
        text=text,
        font_size=_or(_within(values.get("fontSize"), 8, 400), 32.0),
        picture=picture,
    )


def _extent(kind: object, values: Mapping[str, Any]) -> Point | None:
    """Return the width and height of a shape. Return None if one of them is missing or wrong.

    The width and height of a line or an arrow can be negative. For a stroke, which has no stored size, return (0, 0).
    """
    if kind == "freedraw":
        return 0.0, 0.0
    least = -2 * WIDTH if kind in ("line", "arrow") else 0
    width, height = (_within(values.get(name), least, 2 * WIDTH) for name in ("width", "height"))
    return None if width is None or height is None else (width, height)


def _words(values: Mapping[str, Any], left: _Left) -> str:
    text = _UNSEEN.sub("", _text(values.get("text"))[: min(MOST_TEXT, left.characters)])
    left.characters -= len(text)
    return text


def _points(values: Mapping[str, Any], left: _Left) -> list[Point]:
    chunks = values.get("points")
    if not isinstance(chunks, pycrdt.Array):
        return []
    steps_of = _varints if values.get("packing") == "varint" else _int16s
    most = min(MOST_STROKE_POINTS, left.points)
    points, x, y = [(0.0, 0.0)], 0.0, 0.0
    for chunk in chunks:
        steps = steps_of(bytes(chunk)) if isinstance(chunk, bytes | bytearray) else []
        for dx, dy in zip(steps[::2], steps[1::2], strict=False):
            if len(points) >= most:
                break
            x, y = x + dx / _STEP, y + dy / _STEP
            points.append((x, y))
    left.points -= len(points)
    return points if most > 0 else []


def _int16s(chunk: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(chunk) // 2}h", chunk[: len(chunk) // 2 * 2]))


def _varints(chunk: bytes) -> list[int]:
    """Return the signed integers of a chunk. Reading stops at an integer that is longer than those that browsers write."""
    found: list[int] = []
    value = shift = 0
    for byte in chunk:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            step = -((value + 1) >> 1) if value & 1 else value >> 1
            found.append(max(-_FARTHEST, min(_FARTHEST, step)))
            value = shift = 0
        elif shift > 14:
            break
    return found


def _values(element: Any) -> Mapping[str, Any]:
    return dict(element.items()) if isinstance(element, pycrdt.Map) else {}


def _within(value: Any, low: float, high: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(min(high, max(low, value)))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _name(value: Any) -> str:
    return value if isinstance(value, str) and _NAME.match(value) else ""
