"""Read the few facts in a picture's metadata that are needed to display it, and remove the metadata before decoding. Pure.

Decoders get only the pixels. So a picture with a strange EXIF block or a megabyte of text does not have to be refused. Unreadable
metadata is ignored. Formats: PNG 3, JPEG (ITU-T T.81, annex B), RIFF (RFC 9649), EXIF 2.32 (4.6.2), ICC.1 (annex B.4).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .header import Form

MOST_PROFILE = 4 * 1024 * 1024  # longer colour profiles (ICC) are ignored; profiles of printers have two million bytes
_ORIENTATION = 0x0112
_SHORT = 3
_MOST_TAGS = 1_000

_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_PNG_GREY, _PNG_COLOUR, _PNG_PALETTE = 0, 2, 3
_EXIF = b"Exif\0\0"
_ICC = b"ICC_PROFILE\0"
_JFIF, _EXIF_SEGMENT, _ICC_SEGMENT, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_APPS_AND_COMMENTS = frozenset({*range(0xE0, 0xF0), 0xFE})
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(frozen=True, slots=True)
class Metadata:
    """The facts in a picture's metadata that are needed to display it.

    `orientation`: 1 to 8, as in EXIF. `profile`: the ICC colour profile, b"" for none. `transparent`: the samples of the
    transparent colour, each of `depth` bits; () if no colour is transparent.
    """

    orientation: int = 1
    profile: bytes = b""
    transparent: tuple[int, ...] = ()
    depth: int = 8


def split(data: bytes, form: Form) -> tuple[bytes, Metadata]:
    """Return the picture without its metadata, and the metadata."""
    readers = {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp}
    # the metadata of HEIC and AVIF stays in the picture: the decoder finds it, and `decoded` reads it
    return readers[form](data) if form in readers else (data, Metadata())


def decoded(exif: bytes, profile: bytes) -> Metadata:
    """Return the metadata of a HEIC or AVIF picture.

    `exif`, `profile`: the EXIF block and colour profile that the decoder has found.
    """
    return Metadata(orientation=orientation_of(exif), profile=profile if len(profile) <= MOST_PROFILE else b"")


def orientation_of(exif: bytes) -> int:
    """Return a picture's orientation (1 to 8) from its EXIF block, or 1 when the block has no orientation."""
    tiff = exif.removeprefix(_EXIF)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for number in range(min(count, _MOST_TAGS)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, at + 2 + 12 * number)
            if tag == _ORIENTATION and kind == _SHORT:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


# --- PNG -----------------------------------------------------------------------------------------------------------------


def _png(data: bytes) -> tuple[bytes, Metadata]:
    depth, colour = data[24], data[25]
    kept: list[bytes | memoryview] = [data[:8]]
    found = dict.fromkeys((b"tRNS", b"eXIf", b"iCCP"), b"")
    for kind, whole, body in _chunks(data):
        if kind in _PNG_KEPT or (kind == b"tRNS" and colour == _PNG_PALETTE and body):
            kept.append(whole)
        elif kind in found and not found[kind]:
            found[kind] = bytes(body)
    return b"".join(kept), Metadata(
        orientation=orientation_of(found[b"eXIf"]),
        profile=_inflated(found[b"iCCP"].partition(b"\0")[2][1:]),
        transparent=_transparent(found[b"tRNS"], colour),
        depth=depth,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Yield each chunk of a PNG: its kind, the whole chunk, and the chunk's data. The last chunk may be truncated."""
    view, at = memoryview(data), 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, view[at : at + 12 + length], view[at + 8 : at + 8 + length]
        at += 12 + length


def _transparent(body: bytes, colour: int) -> tuple[int, ...]:
    samples = {_PNG_GREY: 1, _PNG_COLOUR: 3}.get(colour)
    if samples is None or len(body) < 2 * samples:
        return ()
    return struct.unpack_from(f">{samples}H", body)


def _inflated(packed: bytes) -> bytes:
    """Return the decompressed colour profile of a PNG.

    Return b"" if the profile is no zlib stream, or is longer than `MOST_PROFILE`.
    """
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed, MOST_PROFILE)
    except zlib.error:
        return b""
    return profile if unpacking.eof else b""


# --- JPEG ----------------------------------------------------------------------------------------------------------------


def _jpeg(data: bytes) -> tuple[bytes, Metadata]:
    """Return a JPEG without its metadata, and the metadata. The JFIF and Adobe segments stay: they define the colour space."""
    kept: list[bytes | memoryview] = [b"\xff\xd8"]
    orientation, profile = 1, []
    view, at = memoryview(data), 2
    for marker, start, end in _segments(data):
        at = end
        if marker not in _APPS_AND_COMMENTS:
            kept.append(view[start:end])
            continue
        body = data[start + 4 : end]
        if (marker == _JFIF and body.startswith(b"JFIF\0") and len(body) >= 14) or (
            marker == _ADOBE and body.startswith(b"Adobe") and len(body) >= 12
        ):
            kept.append(view[start:end])
        elif marker == _EXIF_SEGMENT and body.startswith(_EXIF) and orientation == 1:
            orientation = orientation_of(body)
        elif marker == _ICC_SEGMENT and body.startswith(_ICC):
            profile.append(body[len(_ICC) :])
    kept.append(view[at:])
    joined = b"".join(part[2:] for part in sorted(profile, key=lambda part: part[:1]))
    return b"".join(kept), Metadata(orientation=orientation, profile=joined if len(joined) <= MOST_PROFILE else b"")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the marker, start and end of each segment of a JPEG before its first scan."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF or data[at + 1] in (0x00, 0xFF):
            at += 1
            continue
        marker = data[at + 1]
        if marker == 0xDA:
            return
        if marker in _ALONE:
            at += 2
            continue
        end = at + 2 + max(2, struct.unpack_from(">H", data, at + 2)[0])
        yield marker, at, end
        at = end


# --- WebP ----------------------------------------------------------------------------------------------------------------


def _webp(data: bytes) -> tuple[bytes, Metadata]:
    """Return a WebP unchanged, and its metadata. The metadata stays in the picture, because the decoder does not parse it."""
    found, at = dict.fromkeys((b"EXIF", b"ICCP"), b""), 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind in found and not found[kind]:
            found[kind] = data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    profile = found[b"ICCP"]
    return data, Metadata(orientation=orientation_of(found[b"EXIF"]), profile=profile if len(profile) <= MOST_PROFILE else b"")
