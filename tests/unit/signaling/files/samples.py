"""Small files of every kind that is accepted, made by programs or by hand in the layouts of their formats."""

from __future__ import annotations

import io
import struct
import wave
import zipfile
from functools import cache

from PIL import Image

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)  # the header sector of MS-CFB, and nothing else


def archive(entries: dict[str, bytes], mimetype: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        if mimetype:
            zipped.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name, content in entries.items():
            zipped.writestr(name, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def office(folder: str, **more: bytes) -> bytes:
    return archive({"[Content_Types].xml": b"<Types/>", f"{folder}/document.xml": b"<x/>"} | more)


def locked(zipped: bytes) -> bytes:
    """Return the archive with its first file marked as encrypted (APPNOTE 4.4.4, bit 0)."""
    at = zipped.index(b"PK\x01\x02")
    return zipped[: at + 8] + b"\x01" + zipped[at + 9 :]


@cache
def pdf() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(made, "PDF")
    return made.getvalue()


def sound() -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(bytes(1600))
    return made.getvalue()


def hwp(flags: int = 1) -> bytes:
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, flags)
    return COMPOUND + header.ljust(256, b"\0") + "FileHeader".encode("utf-16-le").ljust(128, b"\0")


def stream(name: str) -> bytes:
    """Return a compound file whose directory has a stream of this name."""
    return COMPOUND + name.encode("utf-16-le").ljust(128, b"\0")


def movie(brand: bytes) -> bytes:
    return struct.pack(">I4s4sI4s", 20, b"ftyp", brand, 0, brand) + bytes(100)
