"""Pictures from outside: looked at by content, never by name, and written anew, so that nothing rides along."""

from __future__ import annotations

import asyncio
import io
import warnings
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 50_000_000  # a phone of 48 megapixels; decoded, 200 MB
LONGEST_SIDE = 2048
_AT_ONCE = 2  # decoding takes memory and a core

Mime = Literal["image/webp", "image/jpeg", "image/png"]

SENTENCES = {
    "not_a_picture": "This is not a picture that can be shown. JPEG, PNG and WebP are.",
    "picture_too_large": "The picture is too large: 8 MB and 50 megapixels at most.",
    "picture_damaged": "The picture is damaged.",
}


class PictureRefused(Exception):
    """`reason`: a key of `SENTENCES`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = SENTENCES[reason]


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    mime: Mime
    width: int
    height: int


class Checker:
    """Re-encodes in threads, two at a time."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def check(self, data: bytes) -> Picture:
        async with self._turns:
            return await asyncio.to_thread(reencode, data)


def reencode(data: bytes) -> Picture:
    """At most 2048 px on the longest side, turned as its EXIF says, without any metadata. PNG stays lossless where it has few
    colours (screenshots, drawings); all else becomes WebP. PictureRefused."""
    if len(data) > MOST_BYTES:
        raise PictureRefused("picture_too_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own, lower limit stands in _decode
            image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
        _decode(image)
        return _write(image)
    except PictureRefused:
        raise
    except Image.DecompressionBombError as error:
        raise PictureRefused("picture_too_large") from error
    except UnidentifiedImageError as error:
        raise PictureRefused("not_a_picture") from error
    except Exception as error:  # Pillow's parsers raise a dozen kinds on hostile bytes
        raise PictureRefused("picture_damaged") from error


def _decode(image: Image.Image) -> None:
    """The first frame, no larger than is kept."""
    if image.width * image.height > MOST_PIXELS:
        raise PictureRefused("picture_too_large")
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # JPEG decodes straight to a smaller size
    image.load()


def _write(image: Image.Image) -> Picture:
    lossless = image.format == "PNG" and image.mode in ("1", "P", "L")
    if image.mode in ("RGB", "RGBA", "L"):
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)  # before anything copies it whole
    upright = ImageOps.exif_transpose(image)
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    plain.info.clear()  # EXIF, XMP and colour profile would be written again from here
    out = io.BytesIO()
    if lossless:
        plain.save(out, "PNG", optimize=True)
        return Picture(out.getvalue(), "image/png", *plain.size)
    plain.save(out, "WEBP", quality=82, method=4)
    return Picture(out.getvalue(), "image/webp", *plain.size)
