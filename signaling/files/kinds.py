"""Find out the kind of a file by its content.

The file's name must fit its kind, because people and computers judge a file by its name. Only the kinds in `MIMES` are accepted.
Everything else is refused: programs, scripts, web pages, and documents with macros. A file that needs a password is accepted and
marked as locked. Korean banks and hospitals lock the PDFs that users most need to show. The server cannot look into a locked
file, and the page says so.
"""

from __future__ import annotations

import codecs
import mmap
import re
from dataclasses import dataclass
from pathlib import Path

import filetype

from .archives import listing
from .names import ending_of
from .refusal import FileRefused

_HEAD_BYTES = 16_384
_TEXT_PIECE = 1024 * 1024
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
# first bytes of a compound file (MS-CFB 2.2): HWP 5, office files from before 2007, and newer office files with a password
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HWP = b"HWP Document File"
_HWP_LOCKED = 0x2
_PDF_LOCKED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")  # An entry that only an encrypted PDF has (ISO 32000-1, 7.6.1).
# Control characters that no text file has; form feed is missing here, because log files can have it.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffe\uffff]")
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

MIMES = {
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "pptx": f"{_OFFICE}presentationml.presentation",
    "odt": f"{_OPEN}text",
    "ods": f"{_OPEN}spreadsheet",
    "odp": f"{_OPEN}presentation",
    "hwpx": "application/hwp+zip",
    "hwp": "application/x-hwp",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "zip": "application/zip",
    "txt": "text/plain",
    "csv": "text/csv",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "amr": "audio/amr",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "wmv": "video/x-ms-wmv",
    "mpg": "video/mpeg",
}
_ENDINGS = {kind: frozenset({kind}) for kind in MIMES} | {
    "txt": frozenset({"txt", "md", "log", "json", "srt", "vtt"}),
    "csv": frozenset({"csv", "tsv"}),
    "ogg": frozenset({"ogg", "oga", "opus", "ogv"}),
    "mp4": frozenset({"mp4", "m4v", "m4a"}),
    "m4a": frozenset({"m4a", "mp4"}),
    "3gp": frozenset({"3gp", "3g2", "mp4", "m4a"}),
    "mkv": frozenset({"mkv", "webm"}),
    "mpg": frozenset({"mpg", "mpeg"}),
    "mov": frozenset({"mov", "mp4", "qt"}),
}
_SAME = {"m4v": "mp4"}  # the library `filetype`'s name for a kind → our name
_IN_ARCHIVE = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_COMPOUND_STREAMS = {"WordDocument": "doc", "Workbook": "xls", "Book": "xls", "PowerPoint Document": "ppt"}
# name of a stream that only an encrypted office file contains (MS-OFFCRYPTO 2.3.4.4)
_LOCKED_STREAM = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Content:
    """The kind of a file, found out by its content.

    `kind`: a key of `MIMES`. `locked`: whether the file needs a password. `name`: the file's name; its ending fits the kind.
    """

    kind: str
    name: str
    locked: bool = False

    @property
    def mime(self) -> str:
        """Return the media type of the file."""
        return MIMES[self.kind]


def look(path: Path, name: str) -> Content:
    """Return the kind of a file by its content. `name`: the result of `file_name`. This call blocks: use a thread.

    Raises FileRefused with the reason file_empty, file_unknown, file_mislabelled, file_has_macros or file_damaged.
    """
    if not path.stat().st_size:
        raise FileRefused("file_empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        kind, locked = _container(data, name) or (_text(data, name) or _sound_or_video(data), False)
    ending = ending_of(name)
    if not ending:
        return Content(kind, f"{name or 'file'}.{kind}", locked)
    if ending not in _ENDINGS[kind]:
        raise FileRefused("file_mislabelled")
    return Content(kind, name, locked)


def _container(data: mmap.mmap, name: str) -> tuple[str, bool] | None:
    """Return the kind of a document or archive, and whether the file needs a password. Return None for any other file."""
    head = data[:_HEAD_BYTES]
    if head[:1024].lstrip().startswith(b"%PDF-"):  # strip the line ends that some programs write before %PDF-
        return "pdf", _PDF_LOCKED.search(data) is not None
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return _of_archive(data)
    if head.startswith(_COMPOUND):
        return _of_compound(data, name)
    return None


def _sound_or_video(data: mmap.mmap) -> str:
    found = filetype.guess(data[:_HEAD_BYTES])
    kind = _SAME.get(found.extension, found.extension) if found else ""
    if not MIMES.get(kind, "").startswith(("audio/", "video/")):
        raise FileRefused("file_unknown")
    return kind


def _of_archive(data: mmap.mmap) -> tuple[str, bool]:
    inside = listing(data)
    if any(each.endswith("vbaProject.bin") for each in inside.names):
        raise FileRefused("file_has_macros")
    for kind in ("odt", "ods", "odp", "hwpx"):
        if inside.mimetype == MIMES[kind]:
            return kind, "encrypted-package" in inside.names
    if "[Content_Types].xml" in inside.names:
        for folder, kind in _IN_ARCHIVE.items():
            if any(each.startswith(folder) for each in inside.names):
                return kind, inside.locked
    return "zip", inside.locked


def _of_compound(data: mmap.mmap, name: str) -> tuple[str, bool]:
    at = data.find(_HWP)
    if at >= 0:
        flags = data[at + 36 : at + 37]  # the flags come after the signature (32 bytes) and the version (4 bytes)
        return "hwp", bool(flags and flags[0] & _HWP_LOCKED)
    if data.find(_LOCKED_STREAM) >= 0:
        ending = ending_of(name)
        return ending if ending in _IN_ARCHIVE.values() else "docx", True
    for stream, kind in _COMPOUND_STREAMS.items():
        if data.find(stream.encode("utf-16-le") + b"\0\0") >= 0:
            if data.find("_VBA_PROJECT".encode("utf-16-le")) >= 0:
                raise FileRefused("file_has_macros")
            return kind, False
    raise FileRefused("file_unknown")


def _text(data: mmap.mmap, name: str) -> str:
    """Return "csv" or "txt" for a text file. Return "" for any other file.

    A text must be in UTF-8, UTF-16 or the Korean code page.
    """
    utf16 = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if not any(_is_text(data, encoding) for encoding in (("utf-16",) if utf16 else ("utf-8-sig", "cp949"))):
        return ""
    return "csv" if ending_of(name) in _ENDINGS["csv"] else "txt"


def _is_text(data: mmap.mmap, encoding: str) -> bool:
    decode = codecs.getincrementaldecoder(encoding)().decode
    try:
        for begin in range(0, len(data), _TEXT_PIECE):
            piece = decode(data[begin : begin + _TEXT_PIECE], begin + _TEXT_PIECE >= len(data))
            if _CONTROLS.search(piece):
                return False
    except UnicodeDecodeError:
        return False
    return True
