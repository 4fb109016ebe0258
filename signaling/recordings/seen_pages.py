"""Keep with the recording what staff see of a user's page: one file for each segment, `EPOCH-PERIOD.page.jsonl`.

The file lies beside the segment's folder, which the recorder makes itself. It holds what the server has passed on to staff while
the session was recorded: masked by the user's browser, and compressed. The server does not read it.
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

ENDING: Final = ".page.jsonl"
MOST_BYTES: Final = 64 * 1024 * 1024  # at most this many bytes of one session's pages are kept; later ones are not
# at most this many bytes of one session wait for the disk; if more wait, nothing further of the session's page is kept
MOST_WAITING: Final = 4 * 1024 * 1024
KEEP_FREE_BYTES: Final = 256 * 1024 * 1024  # disk space that must stay free
_END_BYTES: Final = 100  # room for the line that says why the file ends
_log = log.get("signaling.recordings")

Ending = Literal["full", "disk_full", "too_slow"]


class Shown(Struct, kw_only=True, omit_defaults=True):
    """A line of the file. `at`: Unix ms.

    `data`, `first`, `more`: a part of the page, as in the message `page`. An empty part says that the batch before it was broken
    off. `seen_by`: who sees the page from now on; nobody when the recording stops, too. `end`: why nothing further is kept. A
    line leaves out the fields that do not concern it. A file without such an ending was broken off at its last line. After an
    empty line of the file, the page begins anew: a server was killed there, or nobody saw the page.
    """

    at: int
    data: str | None = None
    first: bool = False
    more: bool = False
    seen_by: list[str] | None = None
    end: Ending | None = None


_encode = msgspec.json.Encoder().encode


def page_name(epoch: int, period: int) -> str:
    """Return the name of the file with the page of a segment."""
    return disk.folder_name(epoch, period) + ENDING


def period_of(name: str) -> int | None:
    """Return the period of consent from the name of a page's file. None: the name is of another file."""
    found = disk.parse_folder(name.removesuffix(ENDING)) if name.endswith(ENDING) else None
    return found[1] if found else None


@dataclass(slots=True, eq=False)
class _File:
    path: Path
    waiting: bytearray = field(default_factory=bytearray)
    size_bytes: int = 0  # bytes of all pages of the session on the disk; known once the file is made
    newest: int = 0  # time of the newest line, Unix ms
    made: bool = False
    over: bool = False


class SeenPages:
    """The pages that are being kept. `add` only keeps a line in memory; `write` then writes these lines to the disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._ended: list[_File] = []
        self._lock = asyncio.Lock()

    def begin(self, session: str, epoch: int, period: int) -> None:
        """Keep the lines from now on in the file of this segment. If the file exists already, append to it."""
        if disk.is_room(session):
            self._files[session] = _File(self._folder / session / page_name(epoch, period))

    def end(self, session: str, at: int) -> None:
        """Keep nothing further of this session's page. `at`: Unix ms."""
        self.add(session, Shown(at=at, seen_by=[]))
        if (file := self._files.pop(session, None)) is not None:
            self._ended.append(file)

    def add(self, session: str, line: Shown) -> None:
        """Keep a line. If the session's pages are too large or the disk is too slow, end the file with a line that says why."""
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
        """Write to the disk what waits in memory."""
        async with self._lock:
            ended, self._ended = self._ended, []
            for file in (*ended, *self._files.values()):
                if file.waiting:
                    waiting, file.waiting = bytes(file.waiting), bytearray()
                    if not await asyncio.to_thread(_append, file, waiting):
                        file.over = True
                        file.waiting.clear()

    async def forget(self, session: str) -> None:
        """Discard this session's waiting lines, because its recording is erased. Afterwards no write for it is under way."""
        async with self._lock:
            self._files.pop(session, None)
            self._ended = [file for file in self._ended if file.path.parent.name != session]


def _ending(file: _File, why: Ending) -> bytes:
    """Return the last line of the file, which says why nothing further is kept."""
    _log.warning("page_no_longer_kept", session=file.path.parent.name, reason=why)
    return _encode(Shown(at=file.newest, end=why)) + b"\n"


def _append(file: _File, data: bytes) -> bool:
    """Append `data` to the file. Return whether the file goes on.

    Only the first write makes the file, so no later write brings back a file that was erased.
    """
    folder, gap, goes_on = file.path.parent, b"", True
    try:
        if not file.made:
            folder.parent.mkdir(FOLDER, parents=True, exist_ok=True)
            folder.mkdir(FOLDER, exist_ok=True)
            file.size_bytes = sum(path.stat().st_size for path in folder.glob(f"*{ENDING}"))
            # end the half line that a killed server may have left; an empty line says that the page was not followed meanwhile
            gap = b"\n\n" if file.path.exists() else b""
        if not file.made and file.size_bytes + len(data) > MOST_BYTES:  # earlier files of the session have used up its bytes
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
