"""Read the header of a picture: the format, the size, and the memory that decoding takes.

This module does no I/O, and takes little time for any input. The server reads the header before it passes the picture to the
process that decodes pictures. Formats: PNG (W3C PNG 3, 11.2.1), JPEG (ITU-T T.81, annex B), WebP (RFC 9649). For HEIC and AVIF
see `heif`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from . import heif
from .refusal import MOST_BYTES, MOST_PIXELS, PictureRefused

Form = Literal["JPEG", "PNG", "WEBP", "HEIF", "AVIF"]

LONGEST_SIDE = 2048  # At most this many pixels per side; larger pictures are scaled down.

# Decoding one picture may take at most this many bytes; an iPhone's photo of 24 megapixels takes 245 million.
MOST_MEMORY = 250_000_000
# A picture's width is at most this many pixels. A picture is scaled in strips of its full width, so this limits a strip's memory.
MOST_WIDTH = 32_768
MOST_SCANS = 64  # A JPEG has at most this many scans; cameras and editors write at most 12.
MOST_SEGMENTS = 2_000  # A JPEG has at most this many segments before its first scan.

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type of a PNG → number of samples of each pixel
_SCAN = b"\xff\xda"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})  # JPEG markers that no length field follows.

# Decoding a pixel takes this many bytes: the codec's planes, the colours, and Pillow's two copies (9.3 bytes were measured).
_HEIF_BYTES_A_PIXEL = 10
# Decoding a pixel takes this many bytes: two canvases of libwebp's animation decoder, Pillow's copy, and the image.
_WEBP_BYTES_A_PIXEL = 16


@dataclass(frozen=True, slots=True)
class Header:
    """The facts in a picture's header.

    `memory_bytes`: decoding takes at most this many bytes of memory. `work`: the number of pixels, multiplied by the number of
    the decoder's passes.
    """

    form: Form
    width: int
    height: int
    memory_bytes: int
    work: int


def look(data: bytes) -> Header:
    """Read the header of a picture.

    Raises PictureRefused with the reason not_a_picture, picture_too_large, picture_too_costly or picture_damaged.
    """
    if len(data) > MOST_BYTES:
        raise PictureRefused("picture_too_large")
    try:
        header = _header(data)
    except (IndexError, struct.error) as error:
        raise PictureRefused("picture_damaged") from error
    if not header.width or not header.height:
        raise PictureRefused("picture_damaged")
    if header.width * header.height > MOST_PIXELS:
        raise PictureRefused("picture_too_large")
    if header.memory_bytes > MOST_MEMORY or header.width > MOST_WIDTH:
        raise PictureRefused("picture_too_costly")
    return header


def form_of(data: bytes) -> Form | None:
    """Return a picture's format, judged by its first bytes. Return None for a format that we do not accept."""
    if data.startswith(_PNG):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return heif.form_of(data)


def _header(data: bytes) -> Header:
    form = form_of(data)
    if form == "PNG":
        return _png(data)
    if form == "JPEG":
        return _jpeg(data)
    if form == "WEBP":
        return _webp(data)
    if form == "HEIF" or form == "AVIF":
        width, height = heif.size_of(data)
        return Header(form, width, height, width * height * _HEIF_BYTES_A_PIXEL, 2 * width * height)
    raise PictureRefused("not_a_picture")


def _png(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        raise PictureRefused("picture_damaged")
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    samples = _PNG_SAMPLES.get(colour)
    if samples is None:
        raise PictureRefused("picture_damaged")
    # Pillow stores a pixel of one sample in one byte, or in two bytes if the sample has 16 bits. Pillow stores any other pixel in
    # four bytes.
    stored = 4 if samples > 1 else 2 if depth == 16 else 1
    return Header("PNG", width, height, width * height * stored, width * height)


def _jpeg(data: bytes) -> Header:
    marker, at = _first_frame(data)
    height, width, components = struct.unpack_from(">HHB", data, at + 3)
    factors = [data[at + 9 + 3 * each] for each in range(components)]
    across, down = max((each >> 4 for each in factors), default=1) or 1, max((each & 15 for each in factors), default=1) or 1
    pixels = width * height
    divisor = _drafted(width, height)
    memory = pixels * 4 // divisor**2
    scans = data.count(_SCAN)
    if scans > MOST_SCANS:
        raise PictureRefused("picture_too_costly")
    # if a JPEG has several scans, the decoder holds all coefficients (two bytes each) in memory until the last scan
    if marker in _PROGRESSIVE or scans > components + 2:
        memory += sum(2 * pixels * (each >> 4) * (each & 15) // (across * down) for each in factors)
    return Header("JPEG", width, height, memory, pixels * max(1, scans))


def fitted(width: int, height: int) -> tuple[int, int]:
    """Return the width and height to which a picture of this size is scaled down.

    The longer side of the result is at most `LONGEST_SIDE`.
    """
    scale = max(1.0, max(width, height) / LONGEST_SIDE)
    return max(1, round(width / scale)), max(1, round(height / scale))


def _drafted(width: int, height: int) -> int:
    """Return the factor (1, 2, 4 or 8) by which Pillow's `draft` scales a JPEG down while decoding."""
    kept = fitted(width, height)
    divisor = min(width // kept[0], height // kept[1])
    return next((each for each in (8, 4, 2) if divisor >= each), 1)


def _first_frame(data: bytes) -> tuple[int, int]:
    """Find a JPEG's last frame header before the first scan. Return its marker, and the offset of its length field.

    If a JPEG has several frame headers, decoders use the last one.
    """
    at, found = 2, None
    for _ in range(MOST_SEGMENTS):
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            at += 1  # skip a byte between two segments, as decoders do
            continue
        marker, at = data[at + 1], at + 2
        if marker == 0xDA:
            break
        if marker in _ALONE:
            continue
        if marker in _FRAMES:
            found = marker, at
        at += max(2, struct.unpack_from(">H", data, at)[0])
    if found is None:
        raise PictureRefused("picture_damaged")
    return found


def _webp(data: bytes) -> Header:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        if len(data) < 30:
            raise PictureRefused("picture_damaged")
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (each & 0x3FFF for each in struct.unpack_from("<HH", data, 26))
    else:
        raise PictureRefused("picture_damaged")
    return Header("WEBP", width, height, width * height * _WEBP_BYTES_A_PIXEL, width * height)
