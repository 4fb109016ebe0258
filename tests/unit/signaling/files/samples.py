"""Small files of every accepted kind. Some of the files are made by programs, and some by hand, byte by byte."""

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


def korean_pdf(words: str) -> bytes:
    """Return a PDF of one page without its Korean font, as older programs write such PDFs (ISO 32000-1, 9.7.5.2)."""
    drawn = b"BT /F 40 Tf 20 140 Td <" + words.encode("cp949").hex().encode() + b"> Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 320 200] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type0 /BaseFont /HYGoThic-Medium /Encoding /KSCms-UHC-H /DescendantFonts [6 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HYGoThic-Medium /FontDescriptor 7 0 R"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 1 >> >>",
        b"<< /Type /FontDescriptor /FontName /HYGoThic-Medium /Flags 4 /FontBBox [0 -120 1000 880] /ItalicAngle 0"
        b" /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>",
    ]
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return made + head + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(made))


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
    """Return a compound file (MS-CFB) that has a stream with this name."""
    return COMPOUND + name.encode("utf-16-le").ljust(128, b"\0")


def movie(brand: bytes) -> bytes:
    return struct.pack(">I4s4sI4s", 20, b"ftyp", brand, 0, brand) + bytes(100)
