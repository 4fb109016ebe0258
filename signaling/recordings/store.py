"""The folder of recordings: a folder for each session, and in it a folder for each segment (`media.api.recording_files`).

Threads do the file work, not the event loop.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from media.api import recording_files as disk

from .index import Segment, Track, read_log
from .seen_pages import ENDING, SeenPages, page_name, page_span, period_of

MOST_SEGMENTS = 1000  # only the first segments of a session, at most this many, are read


class Recordings:
    """The recordings of all sessions, in `folder`. `pages`: stores users' pages as staff see them during recordings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pages = SeenPages(folder)

    async def of(self, session: str) -> list[Segment]:
        """Return the session's segments in order of time. Return [] when nothing is recorded."""
        return await asyncio.to_thread(self._of, session)

    def _of(self, session: str) -> list[Segment]:
        if not disk.is_room(session):
            return []
        found: list[Segment] = []
        for folder in self._segments(session):
            segment = _read(folder)
            if not segment.tracks:
                segment.page = page_span(self.page_path(session, segment))
            if segment.span is not None:
                found.append(segment)
        return sorted(found, key=lambda segment: segment.span or (0, 0))

    def _segments(self, session: str) -> list[Path]:
        """Return the folders of the session's segments.

        A segment without sound and video has only the file of the user's page. Such a segment's folder is returned, too, although
        the folder does not exist.
        """
        folder = self.folder / session
        try:
            names = {path.name.removesuffix(ENDING) for path in folder.iterdir()}
        except OSError:
            return []
        return [folder / name for name in sorted(names) if disk.parse_folder(name)][:MOST_SEGMENTS]

    def path(self, session: str, segment: Segment, track: Track) -> Path:
        """Return the path of the file with this recorded track."""
        return self.folder / session / segment.name / disk.track_name(track.n)

    def page_path(self, session: str, segment: Segment) -> Path:
        """Return the path of the file with the user's page as staff saw it. The file exists only if staff saw the page."""
        return self.folder / session / page_name(segment.epoch, segment.period)

    def copy_path(self, session: str) -> Path:
        """Return the path of the user's copy of the recording (`copies`). The file may not exist yet."""
        return self.folder / session / "recording.webm"

    async def sessions(self) -> list[str]:
        """Return the ids of the sessions that have a folder here."""
        return await asyncio.to_thread(self._sessions)

    def _sessions(self) -> list[str]:
        try:
            return sorted(path.name for path in self.folder.iterdir() if path.is_dir() and disk.is_room(path.name))
        except FileNotFoundError:
            return []

    async def erase(self, session: str, up_to_period: int | None = None) -> None:
        """Delete all recordings of this session.

        With `up_to_period`, delete only the user's copy and the recordings of the periods of consent up to this number.
        """
        if up_to_period is None:
            await self.pages.forget(session)
        await asyncio.to_thread(self._erase, session, up_to_period)

    def _erase(self, session: str, up_to_period: int | None) -> None:
        if not disk.is_room(session):
            return
        if up_to_period is None:
            shutil.rmtree(self.folder / session, ignore_errors=True)
            return
        self.copy_path(session).unlink(missing_ok=True)
        for folder in self._segments(session):
            _, period = disk.parse_folder(folder.name) or (0, 0)
            if period <= up_to_period:
                shutil.rmtree(folder, ignore_errors=True)
        for page in (self.folder / session).glob(f"*{ENDING}"):
            if (period_of(page.name) or 0) <= up_to_period:
                page.unlink(missing_ok=True)


def _read(folder: Path) -> Segment:
    """Return the segment of this folder.

    The segment has no tracks if the recorder has written none or the folder is being erased.
    """
    epoch, period = disk.parse_folder(folder.name) or (0, 0)
    try:
        lines = (folder / disk.LOG_NAME).read_bytes()[: disk.MOST_LOG_BYTES].splitlines()
        last_written = max(round(path.stat().st_mtime * 1000) for path in folder.iterdir())
    except OSError:
        return Segment(name=folder.name, epoch=epoch, period=period)
    return read_log(folder.name, epoch, period, lines, last_written)
