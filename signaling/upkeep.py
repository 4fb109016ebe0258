"""Retention: once an hour, what sites no longer keep is deleted, recordings with it."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from . import log
from .keys import RECORDINGS, RECORDS
from .recordings import Recordings
from .records import Records

_EVERY_S = 3600
_TASK: web.AppKey[asyncio.Task[None]] = web.AppKey("upkeep")
_log = log.get("signaling.upkeep")


def setup(app: web.Application) -> None:
    """Runs from the start of `app` until its shutdown, which comes before the records are closed."""
    app.on_startup.append(_begin)
    app.on_shutdown.append(_end)


async def _begin(app: web.Application) -> None:
    app[_TASK] = asyncio.create_task(_keep(app[RECORDS], app[RECORDINGS]), name="upkeep")


async def _end(app: web.Application) -> None:
    app[_TASK].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await app[_TASK]


async def _keep(records: Records, recordings: Recordings) -> None:
    while True:
        try:
            if gone := await records.purge(time.time_ns() // 1_000_000):
                _log.info("sessions_purged", sessions=gone)
            await _sweep(records, recordings)
        except SQLAlchemyError:
            _log.exception("purge_failed")  # the next hour tries again
        await asyncio.sleep(_EVERY_S)


async def _sweep(records: Records, recordings: Recordings) -> None:
    """Deletes what was recorded of sessions that are gone, or were erased while this server was down."""
    for session in await recordings.sessions():
        record = await records.session(session)
        if record is None or record.end_reason == "erased":
            await recordings.erase(session)
