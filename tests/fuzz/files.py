"""Fuzz target: the name and content of a file, and the header of a picture, as strangers can send them.

A fuzz case consists of the length of the name, the name, and the content.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from signaling.files import FileRefused, file_name, look
from signaling.files.kinds import MIMES
from signaling.images import header
from signaling.images.refusal import PictureRefused
from tests.unit.signaling.files import samples

CONTENT = Path(tempfile.gettempdir()) / f"sangdam-fuzz-file-{os.getpid()}"


def fuzz_files(data: bytes) -> None:
    """Clean the file's name, recognise the file's kind, and read the content as a picture's header.

    The cleaned name must be safe. Every error other than the documented refusals is a fault.
    """
    length = data[0] if data else 0
    name = file_name(data[1 : 1 + length].decode("utf-8", "surrogateescape"))
    assert not set(name) & set('/\\<>:"|?*\0\r\n'), name
    name.encode()
    content = data[1 + length :]
    CONTENT.write_bytes(content)
    try:
        with contextlib.suppress(FileRefused):
            found = look(CONTENT, name)
            assert found.kind in MIMES
            assert found.name
    finally:
        CONTENT.unlink()
    with contextlib.suppress(PictureRefused):
        assert header.look(content).memory_bytes <= header.MOST_MEMORY


def seeds() -> list[bytes]:
    """Return one case for each file layout that the code parses."""
    photo = (
        b"\0\0\0\x14ftypheic\0\0\0\0mif1\0\0\0\x38meta\0\0\0\0\0\0\0\x2ciprp\0\0\0\x24ipco\0\0\0\x14ispe\0\0\0\0\0\0\1\0\0\0\1\0"
    )
    files = {
        "a.pdf": samples.pdf(),
        "a.docx": samples.office("word"),
        "a.odt": samples.archive({"content.xml": b"x"}, "application/vnd.oasis.opendocument.text"),
        "a.hwp": samples.hwp(3),
        "이름.csv": "가,나\n".encode("cp949"),
        "../a.heic": photo,
    }
    return [bytes([len(name.encode())]) + name.encode() + content for name, content in files.items()]
