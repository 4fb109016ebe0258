"""Layout of the videos of an export. This code does no I/O. All measures are even numbers of pixels, as 4:2:0 needs."""

from __future__ import annotations

import math
from typing import NamedTuple

from media.api.recording_files import Kind


class Box(NamedTuple):
    """The rectangle that one video fills within the exported picture, in pixels."""

    x: int
    y: int
    width: int
    height: int


def _even(value: float) -> int:
    return int(value) // 2 * 2


def layout(kinds: list[Kind], width: int, height: int) -> list[Box]:
    """Return a box for each video. The first screen is large, and all other videos are in a column next to it.

    Without a screen, the videos form a grid.
    """
    if not kinds:
        return []
    if "screen" not in kinds:
        return _grid(len(kinds), Box(0, 0, width, height))
    large = kinds.index("screen")
    others = len(kinds) - 1
    if not others:
        return [Box(0, 0, width, height)]
    wide = _even(width * 0.78)
    column = [
        Box(wide, _even(row * height / max(others, 3)), _even(width - wide), _even(height / max(others, 3)))
        for row in range(others)
    ]
    return [*column[:large], Box(0, 0, wide, height), *column[large:]]


def _grid(count: int, area: Box) -> list[Box]:
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    width, height = _even(area.width / columns), _even(area.height / rows)
    return [Box(area.x + number % columns * width, area.y + number // columns * height, width, height) for number in range(count)]


def fit(size: tuple[int, int], box: Box) -> Box:
    """Return the largest box with the shape of `size` (width, height), centred in `box`."""
    scale = min(box.width / size[0], box.height / size[1])
    width, height = max(2, _even(size[0] * scale)), max(2, _even(size[1] * scale))
    return Box(box.x + _even((box.width - width) / 2), box.y + _even((box.height - height) / 2), width, height)
