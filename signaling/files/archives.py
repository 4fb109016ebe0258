"""List the files in a ZIP archive. Nothing is unpacked, and time and memory are bounded on any input.

Layout: PKWARE APPNOTE 6.3.10, sections 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass

from .refusal import FileRefused

MOST_ENTRIES = 20_000  # archives with more entries are refused
MOST_LIST_BYTES = 4 * 1024 * 1024
_END = b"PK\x05\x06"
_ENTRY = b"PK\x01\x02"
_END_BYTES = 22
_MOST_COMMENT = 65_535
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True)
class Listing:
    """The names of the files in an archive. `locked`: whether a password protects one of these files.

    `mimetype`: the media type that the first entry of an OpenDocument or HWPX archive states; "" for other archives.
    """

    names: frozenset[str]
    locked: bool
    mimetype: str


def listing(data: bytes | mmap.mmap) -> Listing:
    """Return the `Listing` of an archive, made from the list of files at the archive's end.

    Raises FileRefused with the reason file_damaged if that list is missing, damaged or too long.
    """
    tail = data[-(_END_BYTES + _MOST_COMMENT) :]
    at = tail.rfind(_END)
    if at < 0 or at + _END_BYTES > len(tail):
        raise FileRefused("file_damaged")
    entries, length, offset = struct.unpack_from("<HII", tail, at + 10)
    if entries > MOST_ENTRIES or length > MOST_LIST_BYTES or offset + length > len(data):
        raise FileRefused("file_damaged")
    names, locked = _names(data[offset : offset + length])
    return Listing(names, locked, _mimetype(data[:200]))


def _names(directory: bytes) -> tuple[frozenset[str], bool]:
    names: set[str] = set()
    locked, at = False, 0
    while at + 46 <= len(directory) and len(names) < MOST_ENTRIES:
        if directory[at : at + 4] != _ENTRY:
            raise FileRefused("file_damaged")
        [flags] = struct.unpack_from("<H", directory, at + 8)
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        names.add(directory[at + 46 : at + 46 + name].decode("utf-8", "replace"))
        locked = locked or bool(flags & _ENCRYPTED)
        at += 46 + name + extra + comment
    return frozenset(names), locked


def _mimetype(head: bytes) -> str:
    """Return the media type that an archive contains, or "".

    The media type is the content of the archive's first entry, which is uncompressed and has the name `mimetype`.
    """
    if len(head) < 38 or head[30:38] != b"mimetype":
        return ""
    size, _, _, extra = struct.unpack_from("<IIHH", head, 18)
    start = 38 + extra
    return head[start : start + size].decode("ascii", "replace").strip()
