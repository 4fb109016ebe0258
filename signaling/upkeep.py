"""Retention: once an hour, what sites no longer keep is deleted."""

from __future__ import annotations

import asyncio
import contextlib
import time

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from . import log
from .keys import RECORDS
from .records import Records

_EVERY_S = 3600
_TASK: web.AppKey[asyncio.Task[None]] = web.AppKey("upkeep")
_log = log.get("signaling.upkeep")


def setup(app: web.Application) -> None:
    """Runs from the start of `app` until its shutdown, which comes before the records are closed."""
    app.on_startup.append(_begin)
    app.on_shutdown.append(_end)


async def _begin(app: web.Application) -> None:
    app[_TASK] = asyncio.create_task(_keep(app[RECORDS]), name="upkeep")


async def _end(app: web.Application) -> None:
    app[_TASK].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await app[_TASK]


async def _keep(records: Records) -> None:
    while True:
        try:
            if gone := await records.purge(time.time_ns() // 1_000_000):
                _log.info("sessions_purged", sessions=gone)
        except SQLAlchemyError:
            _log.exception("purge_failed")  # the next hour tries again
        await asyncio.sleep(_EVERY_S)
