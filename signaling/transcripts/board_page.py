"""A page of the board as SVG inside the transcript. The SVG consists of numbers, checked colours and escaped texts.

The view box cuts off what lies outside of the page. Pictures are data addresses, as everywhere in the transcript. If many shapes
show the same picture, the SVG holds this picture only once, because thousands of shapes can show a picture of many megabytes.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from html import escape

from .board_document import HEIGHT, WIDTH, Page, Point, Shape

LINE_HEIGHT = 1.3  # distance between two rows of a text, as a multiple of the font size
MOST_ROWS = 300  # at most this many rows of one text are drawn
_CORNER = 8  # radius of a rectangle's corners, in units of the board
_MISSING = 'fill="#8884"'  # SVG attribute of the grey box in place of a missing picture
_MARKER = 60  # a stroke with an opacity below this (in percent) was drawn with the marker, other strokes with the pen


def svg(page: Page, label: str, addresses: Mapping[str, str], number: int = 1) -> str:
    """Return the page as an SVG element.

    `addresses`: id of a picture → its data address; a missing picture is a grey box. `number`: the number of this page in the
    file.
    """
    shown = sorted({shape.picture for shape in page.shapes} & addresses.keys())
    symbols = {picture: f"board-{number}-{n}" for n, picture in enumerate(shown)}
    defined = "".join(_symbol(symbols[picture], addresses[picture]) for picture in shown)
    drawn = "".join(_element(shape, symbols) for shape in page.shapes)
    return (
        f'<svg class="board" role="img" aria-label="{escape(label)}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'{defined}<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{_background(page, addresses)}{drawn}</svg>'
    )


def _symbol(name: str, address: str) -> str:
    """Return an SVG symbol with the picture, which `use` elements show in any size."""
    image = f'<image width="1" height="1" preserveAspectRatio="none" href="{escape(address)}"/>'
    return f'<symbol id="{name}" viewBox="0 0 1 1" preserveAspectRatio="none">{image}</symbol>'


def _background(page: Page, addresses: Mapping[str, str]) -> str:
    if not page.background:
        return ""
    place, address = f'width="{WIDTH}" height="{HEIGHT}"', addresses.get(page.background)
    return f'<image {place} href="{escape(address)}"/>' if address else f"<rect {place} {_MISSING}/>"


def _element(shape: Shape, symbols: Mapping[str, str]) -> str:
    opacity = f' opacity="{_number(shape.opacity / 100)}"' if shape.opacity < 100 else ""
    return f"<g{_turn(shape)}{opacity}>{_inside(shape, symbols)}</g>"


def _inside(shape: Shape, symbols: Mapping[str, str]) -> str:
    if shape.kind == "image":
        return _picture(shape, symbols.get(shape.picture))
    if shape.kind == "text":
        return _words(shape)
    if shape.kind != "freedraw":
        return f'<path d="{_outline(shape)}" {_pen(shape.colour, shape.stroke)}/>'
    # on average, pressure makes a pen's stroke 1.2 times as wide
    pen = shape.stroke if shape.opacity < _MARKER else shape.stroke * 1.2
    scale = "" if shape.scale == (1, 1) else f" scale({_number(shape.scale[0])} {_number(shape.scale[1])})"
    place = f"translate({_number(shape.x)} {_number(shape.y)}){scale}"
    return f'<path transform="{place}" d="{_curve(shape.points)}" {_pen(shape.colour, pen)}/>'


def _pen(colour: str, width: float) -> str:
    return f'fill="none" stroke="{colour}" stroke-width="{_number(width)}" stroke-linecap="round" stroke-linejoin="round"'


def _turn(shape: Shape) -> str:
    if not shape.angle:
        return ""
    x, y = _middle(shape)
    return f' transform="rotate({_number(math.degrees(shape.angle))} {_number(x)} {_number(y)})"'


def _middle(shape: Shape) -> Point:
    if shape.kind != "freedraw":
        return shape.x + shape.width / 2, shape.y + shape.height / 2
    xs, ys = [point[0] for point in shape.points], [point[1] for point in shape.points]
    return shape.x + shape.scale[0] * (min(xs) + max(xs)) / 2, shape.y + shape.scale[1] * (min(ys) + max(ys)) / 2


def _curve(points: Sequence[Point]) -> str:
    """Return a smooth path through the midpoints between successive points."""
    (x, y), rest = points[0], points[1:]
    path = [f"M{_number(x)} {_number(y)}"]
    if not rest:
        path.append("h0.01")  # a stroke of one point becomes a dot
    for point, after in zip(rest, [*rest[1:], rest[-1:][0] if rest else (x, y)], strict=False):
        middle = (point[0] + after[0]) / 2, (point[1] + after[1]) / 2
        path.append(f"Q{_number(point[0])} {_number(point[1])} {_number(middle[0])} {_number(middle[1])}")
    return "".join(path)


def _outline(shape: Shape) -> str:
    x, y, width, height = shape.x, shape.y, shape.width, shape.height
    if shape.kind == "rectangle":
        r = min(_CORNER, width / 2, height / 2)
        w, h, c = _number(width - 2 * r), _number(height - 2 * r), _number(r)
        corner = f"a{c} {c} 0 0 1 "
        start = f"M{_number(x + r)} {_number(y)}"
        return f"{start}h{w}{corner}{c} {c}v{h}{corner}-{c} {c}h-{w}{corner}-{c} -{c}v-{h}{corner}{c} -{c}z"
    if shape.kind == "ellipse":
        rx, ry, across = _number(width / 2), _number(height / 2), _number(width)
        return f"M{_number(x)} {_number(y + height / 2)}a{rx} {ry} 0 1 1 {across} 0a{rx} {ry} 0 1 1 -{across} 0z"
    line = f"M{_number(x)} {_number(y)}L{_number(x + width)} {_number(y + height)}"
    return line + _head(shape) if shape.kind == "arrow" else line


def _head(shape: Shape) -> str:
    tip = shape.x + shape.width, shape.y + shape.height
    size = min(36.0, 10 + shape.stroke * 2.2, math.hypot(shape.width, shape.height) * 0.6)
    back = math.atan2(-shape.height, -shape.width)
    left, right = ((tip[0] + size * math.cos(back + by), tip[1] + size * math.sin(back + by)) for by in (0.45, -0.45))
    points = (f"{_number(px)} {_number(py)}" for px, py in (left, tip, right))
    return "M" + "L".join(points)


def _words(shape: Shape) -> str:
    step = shape.font_size * LINE_HEIGHT
    rows = wrapped(shape.text, max(shape.width, shape.font_size), shape.font_size)
    spans = "".join(
        f'<tspan x="{_number(shape.x)}" y="{_number(shape.y + step * (n + 0.5))}">{escape(row)}</tspan>'
        for n, row in enumerate(rows)
        if row
    )
    return f'<text font-size="{_number(shape.font_size)}" fill="{shape.colour}" dominant-baseline="central">{spans}</text>'


def wrapped(text: str, width: float, font_size: float) -> list[str]:
    """Break a text into rows by an estimate of its characters' widths, because the server has no font."""
    rows: list[str] = []
    for paragraph in text.split("\n"):
        row, taken = "", 0.0
        for word in _pieces(paragraph):
            wide = sum(map(_em, word)) * font_size
            if row and taken + sum(map(_em, word.rstrip())) * font_size > width * 1.05:
                rows.append(row.rstrip())
                row, taken = "", 0.0
            row, taken = row + word, taken + wide
        rows.append(row.rstrip())
        if len(rows) >= MOST_ROWS:
            break
    return rows[:MOST_ROWS]


def _pieces(paragraph: str) -> list[str]:
    words = paragraph.split(" ")
    return [f"{word} " for word in words[:-1]] + words[-1:]


def _em(character: str) -> float:
    return 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.3 if character == " " else 0.56


def _picture(shape: Shape, symbol: str | None) -> str:
    place = f'x="{_number(shape.x)}" y="{_number(shape.y)}" width="{_number(shape.width)}" height="{_number(shape.height)}"'
    return f'<use {place} href="#{symbol}"/>' if symbol else f"<rect {place} {_MISSING}/>"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"
