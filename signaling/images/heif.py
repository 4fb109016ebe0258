"""Read sizes from the header of a HEIC or AVIF file, the formats in which phones save photos. Pure.

On any input, time and memory are bounded. Formats: ISO/IEC 14496-12 (boxes), 23008-12, 6.5.3 (`ispe`, the size of one item).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal

MOST_BOXES = 4_000  # at most this many boxes of one container are read; a photo of 48 megapixels has about 200 tiles
_AVIF = frozenset({b"avif", b"avis"})
_HEIF = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})


def form_of(data: bytes) -> Literal["HEIF", "AVIF"] | None:
    """Return a picture's format, judged by the brands in its first box. Return None if the picture is neither HEIC nor AVIF."""
    if data[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}
    if data[8:12] not in _AVIF | _HEIF:
        return None
    return "AVIF" if brands & _AVIF else "HEIF"


def size_of(data: bytes) -> tuple[int, int]:
    """Return width and height of a picture's largest item, or (0, 0) if the file contains no size.

    Raises struct.error on a truncated file.
    """
    largest = (0, 0)
    for begin, end in _inside(data, 0, len(data), b"meta"):
        # the content of the box `meta` begins with four bytes for version and flags
        for properties in _inside(data, begin + 4, end, b"iprp"):
            for container in _inside(data, *properties, b"ipco"):
                for at, _ in _inside(data, *container, b"ispe"):
                    size = struct.unpack_from(">II", data, at + 4)
                    largest = max(largest, size, key=lambda each: each[0] * each[1])
    return largest


def _inside(data: bytes, at: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Read the boxes from `at` to `end`.

    For each box of the kind `wanted`, yield the offsets where its content begins and ends.
    """
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:  # a length of 1 means that the real length follows in eight bytes
            head, length = 16, struct.unpack_from(">Q", data, at + 8)[0]
        stop = end if length == 0 else at + length
        if (length and length < head) or stop > end:
            return
        if kind == wanted:
            yield at + head, stop
        at = stop
