"""Users' copies of their recordings.

A copy is one file with all sound and video that reached the user, and the user's own sound and video. A copy is made when the
user asks for it. The copy lies in the folder of the session's recording and is deleted with the recording.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from signaling.config import log
from signaling.config.shares import has_place

from .export import ExportFailed, export
from .index import Segment, pieces
from .plan import make_plan
from .store import Recordings

MOST_AT_ONCE = 20
"""At most this many users' copies of all organisations together are being made or wait. A user who is refused can ask again."""
KEEP_FREE_BYTES = 256 * 1024 * 1024
"""Disk space that making a copy must leave free."""
MOST_BYTES_PER_S = 300_000
"""The largest bitrate of a copy with video, in byte/s."""

_log = log.get("signaling.recordings")

State = Literal["none", "making", "ready", "failed"]


class Copy(msgspec.Struct, kw_only=True):
    """The state of a user's copy of a recording. `percent`: how much of the copy is made."""

    state: State
    percent: int = 0


class TooMany(Exception):
    """Too many users' copies of recordings are already being made or waiting."""


class _Work:
    def __init__(self, organisation: str) -> None:
        self.organisation = organisation
        self.percent = 0
        self.failed = False
        self.task: asyncio.Task[None]


class Copies:
    """Makes users' copies, one at a time, so that enough CPU time is left for users' calls. Invoke `close` at the end."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._works: dict[str, _Work] = {}
        self._one = asyncio.Semaphore(1)

    async def look(self, session: str) -> Copy:
        """Return the state of the user's copy of the recording. Only the first call after a failure reports the failure."""
        work = self._works.get(session)
        if work is not None and work.failed:
            del self._works[session]
            return Copy(state="failed")
        if work is not None:
            return Copy(state="making", percent=work.percent)
        there = await asyncio.to_thread(self._recordings.copy_path(session).is_file)
        return Copy(state="ready" if there else "none")

    async def make(
        self, session: str, segments: Sequence[Segment], user: str, organisation: str = "", organisations: int = 1
    ) -> Copy:
        """Start making the copy, unless the copy exists or is already being made. Return the copy's state.

        Raises TooMany if too many copies are being made or wait.

        `organisation`: the session's organisation. `organisations`: how many organisations share `MOST_AT_ONCE`.
        """
        known = await self.look(session)
        if known.state in ("ready", "making"):
            return known
        if session not in self._works:  # another HTTP request may have begun to make this copy during `look`
            for name in [name for name, work in self._works.items() if work.failed]:
                del self._works[name]
            counts = Counter(work.organisation for work in self._works.values())
            if not has_place(counts, organisation, MOST_AT_ONCE, organisations):
                raise TooMany
            work = self._works[session] = _Work(organisation)
            work.task = asyncio.create_task(self._make(session, list(segments), user, work))
        return Copy(state="making")

    async def close(self) -> None:
        """Cancel the copies that are being made, and the copies that still wait for their turn."""
        for work in self._works.values():
            work.task.cancel()
        await asyncio.gather(*(work.task for work in self._works.values()), return_exceptions=True)
        self._works.clear()

    async def _make(self, session: str, segments: list[Segment], user: str, work: _Work) -> None:
        target = self._recordings.copy_path(session)
        part = target.with_name(f"{target.stem}.{os.getpid()}.part{target.suffix}")
        try:
            async with self._one:
                await asyncio.to_thread(_check_space, target.parent, segments)
                plan = make_plan(
                    segments, lambda segment, track: self._recordings.path(session, segment, track), part, "all", user
                )
                await export(plan, lambda percent: setattr(work, "percent", percent))
                await asyncio.to_thread(part.replace, target)
            if [each.name for each in await self._recordings.of(session)] != [each.name for each in segments]:
                target.unlink(missing_ok=True)  # consent was withdrawn while the copy was made
            del self._works[session]
        except (ExportFailed, OSError):
            _log.exception("copy_failed", session=session)
            work.failed = True
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def _check_space(folder: Path, segments: list[Segment]) -> None:
    recorded = pieces([segment for segment in segments if segment.tracks])
    needed = sum(each.end - each.begin for each in recorded) / 1000 * MOST_BYTES_PER_S
    if shutil.disk_usage(folder).free < KEEP_FREE_BYTES + needed:
        raise ExportFailed("The disk is nearly full.")
