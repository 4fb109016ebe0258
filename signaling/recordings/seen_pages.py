"""Store the user's page, as staff see it during a recording: one file for each segment of the recording.

The file's name is `EPOCH-PERIOD.page.jsonl`. EPOCH: how often the room was opened. PERIOD: the number of the period of consent.
The file is next to the segment's folder, which the recorder makes. The file contains the data that the server has passed on to
staff while the session was recorded. The user's browser has masked and compressed this data; the server does not read it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from media.api import recording_files as disk
from signaling.config import log
from signaling.config.private_files import FILE, FOLDER

from .index import Span

ENDING: Final = ".page.jsonl"
MOST_BYTES: Final = 64 * 1024 * 1024  # at most this many bytes of one session's pages are stored; later bytes are discarded

# at most this many bytes of one session's file wait to be written to the disk; if more wait, nothing more is stored in the file
MOST_WAITING: Final = 4 * 1024 * 1024
KEEP_FREE_BYTES: Final = 256 * 1024 * 1024  # bytes; if less disk space is free, the file ends
_END_BYTES: Final = 100  # bytes that stay free for the line that says why the file ends
# a line of the file has at most this many bytes, because a message with a part of the page has at most half as many
_MOST_LINE: Final = 128 * 1024
_LAST_LINES: Final = 4  # among this many lines at the end of a file, at least one is whole and not empty
_log = log.get("signaling.recordings")

Ending = Literal["full", "disk_full", "too_slow"]


class Shown(Struct, kw_only=True, omit_defaults=True):
    """A line of the file. `at`: Unix ms.

    A line contains only the fields that it needs. `data`, `first`, `more`: a part of the page, as in the message `page`. If
    `data` is empty, the parts before this line belong to an incomplete change of the page. `seen_by`: who sees the page from this
    line on; an empty list means nobody, and is also written when the recording stops. `end`: why the file ends here. If a file's
    last line has neither an `end` nor an empty `seen_by`, the file was broken off. After an empty line of the file, the page
    begins again with a snapshot, because the server was killed or nobody saw the page for a while.
    """

    at: int
    data: str | None = None
    first: bool = False
    more: bool = False
    seen_by: list[str] | None = None
    end: Ending | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Shown).decode


def page_name(epoch: int, period: int) -> str:
    """Return the name of the file that stores the user's page, as staff saw it in a recorded segment."""
    return disk.folder_name(epoch, period) + ENDING


def page_span(path: Path) -> Span | None:
    """Return the time span in which staff saw the user's page in this file. None: there is no file, or no whole line in it."""
    try:
        with path.open("rb") as file:
            first = file.readline(_MOST_LINE)
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_LINE))
            lines = file.read().splitlines()
    except OSError:
        return None
    times = [at for line in (first, *lines[-_LAST_LINES:]) if (at := _time_of(line)) is not None]
    return Span(times[0], max(times) + 1) if times else None


def _time_of(line: bytes) -> int | None:
    try:
        return _decode(line).at
    except msgspec.MsgspecError:  # an empty line, or a line that a killed server has not finished
        return None


def period_of(name: str) -> int | None:
    """Return the number of the period of consent from the name of a page's file. None: this is not the name of a page's file."""
    found = disk.parse_folder(name.removesuffix(ENDING)) if name.endswith(ENDING) else None
    return found[1] if found else None


@dataclass(slots=True, eq=False)
class _File:
    path: Path
    waiting: bytearray = field(default_factory=bytearray)
    size_bytes: int = 0  # bytes of all pages of the session on the disk; 0 until the first write
    newest: int = 0  # time of the newest line of the file, Unix ms
    made: bool = False
    over: bool = False


class SeenPages:
    """The pages that are being stored. `add` keeps a line in memory only; `write` then writes all these lines to the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._ended: list[_File] = []
        self._lock = asyncio.Lock()

    def begin(self, session: str, epoch: int, period: int) -> None:
        """From now on, store the lines about this session's page in this segment's file. Append to the file if it exists."""
        if disk.is_room(session):
            self._files[session] = _File(self._folder / session / page_name(epoch, period))

    def end(self, session: str, at: int) -> None:
        """Stop storing this session's page. `at`: Unix ms."""
        self.add(session, Shown(at=at, seen_by=[]))
        if (file := self._files.pop(session, None)) is not None:
            self._ended.append(file)

    def add(self, session: str, line: Shown) -> None:
        """Add a line to the session's file of pages. If the file gets too large or the disk is too slow, end the file.

        The last line of the file then says why it ends.
        """
        file = self._files.get(session)
        if file is None or file.over:
            return
        encoded = _encode(line) + b"\n"
        file.newest = line.at
        if len(file.waiting) + len(encoded) > MOST_WAITING:
            file.over = True
            file.waiting += _ending(file, "too_slow")
        elif file.size_bytes + len(file.waiting) + len(encoded) > MOST_BYTES - _END_BYTES:
            file.over = True
            file.waiting += _ending(file, "full")
        else:
            file.waiting += encoded

    async def write(self) -> None:
        """Write to the disk all lines that wait in memory."""
        async with self._lock:
            ended, self._ended = self._ended, []
            for file in (*ended, *self._files.values()):
                if file.waiting:
                    waiting, file.waiting = bytes(file.waiting), bytearray()
                    if not await asyncio.to_thread(_append, file, waiting):
                        file.over = True
                        file.waiting.clear()

    async def forget(self, session: str) -> None:
        """Wait until a running `write` is done. Then discard this session's waiting lines, because its recording is erased."""
        async with self._lock:
            self._files.pop(session, None)
            self._ended = [file for file in self._ended if file.path.parent.name != session]


def _ending(file: _File, why: Ending) -> bytes:
    """Return the last line of a file that ends early. The line says why."""
    _log.warning("page_no_longer_kept", session=file.path.parent.name, reason=why)
    return _encode(Shown(at=file.newest, end=why)) + b"\n"


def _append(file: _File, data: bytes) -> bool:
    """Append `data` to the file. Return False when nothing more can be appended.

    Only the first write makes the file, so no later write brings back a file that was erased.
    """
    folder, gap, goes_on = file.path.parent, b"", True
    try:
        if not file.made:
            folder.parent.mkdir(FOLDER, parents=True, exist_ok=True)
            folder.mkdir(FOLDER, exist_ok=True)
            file.size_bytes = sum(path.stat().st_size for path in folder.glob(f"*{ENDING}"))
            # end the half line that a killed server might have left; then add an empty line, because parts of the page are
            # missing here
            gap = b"\n\n" if file.path.exists() else b""
        if not file.made and file.size_bytes + len(data) > MOST_BYTES:  # the session's earlier files have used up the limit
            data, goes_on = _ending(file, "full"), False
        elif shutil.disk_usage(folder).free < KEEP_FREE_BYTES:
            data, goes_on = _ending(file, "disk_full"), False
        flags = os.O_WRONLY | os.O_APPEND | (0 if file.made else os.O_CREAT)
        with os.fdopen(os.open(file.path, flags, FILE), "ab", buffering=0) as out:
            out.write(gap + data)
        file.made = True
        file.size_bytes += len(gap) + len(data)
    except FileNotFoundError:  # the file was erased
        return False
    except OSError:
        _log.exception("page_no_longer_kept", session=file.path.parent.name)
        return False
    return goes_on
