"""The folder of the files that people send each other. Each session has a subfolder, where a file's name is the file's id.

The files' real names and kinds are in the database. Files that are still arriving are in the folder `arriving`. All reading and
writing happens in threads, not in the event loop.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

FLUSH_BYTES = 256 * 1024  # At least this many bytes of an upload are collected in memory before a thread writes them.
STALE_S = 24 * 3600.0  # No upload takes this many seconds, so an older unfinished file was left by a server that died.
_ARRIVING = "arriving"
_SESSION = re.compile(r"s-[A-Za-z0-9_-]{1,60}")
_FILE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def _make_private(folder: Path) -> None:
    """Make `folder`, and its parents if they are missing.

    If `folder` or its direct parent is new, only the account that runs this server can read that new folder.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


class Part:
    """A file that is arriving, as an async context manager.

    At the end of the `async with` block, the file is deleted unless `Files.keep` has moved it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self._collected = bytearray()
        self._file: BinaryIO | None = None

    async def __aenter__(self) -> Self:
        self._file = await asyncio.to_thread(self._open)
        return self

    def _open(self) -> BinaryIO:
        _make_private(self.path.parent)
        return os.fdopen(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")

    async def write(self, data: bytes) -> None:
        """Add bytes to the arriving file. Memory holds at most `FLUSH_BYTES` and the bytes of one call."""
        self._collected += data
        self.size_bytes += len(data)
        if len(self._collected) >= FLUSH_BYTES:
            await self._flush()

    async def finish(self) -> None:
        """Write the bytes that are still in memory. After that, the file can be read at `path`."""
        await self._flush()
        if self._file is not None:
            await asyncio.to_thread(self._file.close)
            self._file = None

    async def _flush(self) -> None:
        data, self._collected = self._collected, bytearray()
        if data and self._file is not None:
            await asyncio.to_thread(self._file.write, data)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        file, self._file = self._file, None
        await asyncio.shield(asyncio.to_thread(self._discard, file))

    def _discard(self, file: BinaryIO | None) -> None:
        if file is not None:
            file.close()
        self.path.unlink(missing_ok=True)


class Files:
    """The files that people have sent each other, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def part(self) -> Part:
        """Return a new, empty file to which the bytes of an upload can be written."""
        return Part(self.folder / _ARRIVING / secrets.token_hex(12))

    async def keep(self, part: Part, session: str, file: str) -> None:
        """Move an arrived file into the folder of its session. `file`: the file's id. Raises ValueError for malformed ids."""
        await asyncio.to_thread(self._keep, part, session, file)

    def _keep(self, part: Part, session: str, file: str) -> None:
        target = self.path(session, file)
        _make_private(target.parent)
        part.path.replace(target)

    def path(self, session: str, file: str) -> Path:
        """Return the path of a file of a session. `file`: the file's id. Raises ValueError for malformed ids."""
        if not _SESSION.fullmatch(session) or not _FILE.fullmatch(file):
            raise ValueError(file)
        return self.folder / session / file

    async def drop(self, session: str, file: str) -> None:
        """Delete one file of a session. Raises ValueError for malformed ids."""
        await asyncio.to_thread(self.path(session, file).unlink, missing_ok=True)

    async def erase(self, session: str) -> None:
        """Delete all files that were sent in a session."""
        if _SESSION.fullmatch(session):
            await asyncio.to_thread(shutil.rmtree, self.folder / session, ignore_errors=True)

    async def sessions(self) -> list[str]:
        """Return the ids of the sessions that have a folder here."""
        return await asyncio.to_thread(self._sessions)

    def _sessions(self) -> list[str]:
        try:
            return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and _SESSION.fullmatch(path.name))
        except FileNotFoundError:
            return []

    async def sweep(self, now_s: float | None = None) -> None:
        """Delete unfinished files older than `STALE_S`, which a server left behind when it died."""
        await asyncio.to_thread(self._sweep, time.time() if now_s is None else now_s)

    def _sweep(self, now_s: float) -> None:
        for path in (self.folder / _ARRIVING).glob("*"):
            try:
                if now_s - path.stat().st_mtime > STALE_S:
                    path.unlink()
            except FileNotFoundError:
                continue  # another server has just deleted this unfinished file

    def free_bytes(self) -> int:
        """Return the free bytes on the disk of the folder. For a missing folder, use the nearest parent that exists."""
        here = self.folder
        while not here.exists():
            here = here.parent
        return shutil.disk_usage(here).free
