"""Retention: once an hour, sessions whose retention is over are deleted with their recordings."""

from __future__ import annotations

import asyncio
import time

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from signaling.config import log
from signaling.recordings import Recordings
from signaling.records import Records

from .app_keys import RECORDINGS, RECORDS

_EVERY_S = 3600
_TASK: web.AppKey[asyncio.Task[None]] = web.AppKey("upkeep")
_log = log.get("signaling.server.retention")


def setup(app: web.Application) -> None:
    """Run retention from the start of `app` until its shutdown, which comes before the records are closed."""
    app.on_startup.append(_begin)
    app.on_shutdown.append(_end)


async def _begin(app: web.Application) -> None:
    app[_TASK] = asyncio.create_task(_keep(app[RECORDS], app[RECORDINGS]), name="upkeep")


async def _end(app: web.Application) -> None:
    app[_TASK].cancel()
    await asyncio.wait({app[_TASK]})


async def _keep(records: Records, recordings: Recordings) -> None:
    while True:
        try:
            now = time.time_ns() // 1_000_000
            await _delete_recordings(records, recordings, now)
            if gone := await records.purge(now):
                _log.info("sessions_purged", sessions=gone)
        except SQLAlchemyError:
            _log.exception("purge_failed")  # the next hour tries again
        await asyncio.sleep(_EVERY_S)


async def _delete_recordings(records: Records, recordings: Recordings, now: int) -> None:
    """Delete recordings of expired sessions, and of sessions that were erased while no server ran.

    A folder without a session in the records stays, because it may be another server's.
    """
    for session in await records.expired(now):
        await recordings.erase(session)
    for session in await recordings.sessions():
        record = await records.session(session)
        if record is not None and record.end_reason == "erased":
            await recordings.erase(session)
