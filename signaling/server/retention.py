"""Once an hour, count finished sessions for reports, and delete sessions whose retention is over, with recordings and files."""

from __future__ import annotations

import asyncio

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from signaling.config import log
from signaling.files import Files
from signaling.live.clock import Now, wall_clock_ms
from signaling.recordings import Recordings
from signaling.records import Records, RecordsAway

from .app_keys import CLOCK, FILES, RECORDINGS, RECORDS

_EVERY_S = 3600
_TASK: web.AppKey[asyncio.Task[None]] = web.AppKey("upkeep")
_log = log.get("signaling.server.retention")


def setup(app: web.Application) -> None:
    """Run the hourly task from the start of `app` until its shutdown. The task ends before the database is closed."""
    app.on_startup.append(_begin)
    app.on_shutdown.append(_end)


async def _begin(app: web.Application) -> None:
    app[_TASK] = asyncio.create_task(_keep(app[RECORDS], app[RECORDINGS], app[FILES], app[CLOCK]), name="upkeep")


async def _end(app: web.Application) -> None:
    app[_TASK].cancel()
    await asyncio.wait({app[_TASK]})


async def _keep(records: Records, recordings: Recordings, files: Files, clock: Now) -> None:
    while True:
        try:
            # Use the earlier time of two clocks, so that nothing is deleted too early. If somebody sets the computer's clock days
            # ahead by mistake, the steady clock does not follow at once. The steady clock can also be ahead of the computer's
            # clock. Identification codes expire by the computer's clock, and until a used code has expired, the database must
            # remember that it was used.
            now = min(clock(), wall_clock_ms())
            await files.sweep()
            await _delete_folders(records, now, recordings, files)
            await records.count_finished(now)  # count first: the next step deletes sessions whose retention is over
            if gone := await records.purge(now):
                _log.info("sessions_purged", sessions=gone)
        except RecordsAway:
            await records.reachable.wait()
            continue
        except (SQLAlchemyError, OSError):
            _log.exception("purge_failed")  # the next run, in an hour, tries again
        await asyncio.sleep(_EVERY_S)


async def _delete_folders(records: Records, now: int, *stores: Recordings | Files) -> None:
    """Delete recordings and files of sessions that have expired or were erased.

    Sessions might have been erased while no server ran. A folder whose session is not in the database stays, because it might
    belong to another installation.
    """
    expired = await records.expired(now)
    for store in stores:
        for session in expired:
            await store.erase(session)
        for session in await store.sessions():
            record = await records.session(session)
            if record is not None and record.end_reason == "erased":
                await store.erase(session)
