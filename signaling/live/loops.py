"""Run the endless loops that the service needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from matcher.types import Unavailable
from signaling.records.types import RecordsAway

log = structlog.get_logger(__name__)

LOOP_RETRY_S = 1.0  # a failed loop starts again after this many seconds


async def run_forever(loop: Callable[[], Awaitable[None]]) -> None:
    """Run `loop` forever. If `loop` raises an exception, start it again after `LOOP_RETRY_S`.

    Log every exception except RecordsAway.
    """
    while True:
        try:
            await loop()
        except Unavailable as error:
            log.warning("matcher out of reach", error=str(error))
            await asyncio.sleep(LOOP_RETRY_S)
        except RecordsAway:
            await asyncio.sleep(LOOP_RETRY_S)
        except Exception:
            log.exception("loop failed", loop=getattr(loop, "__qualname__", ""))
            await asyncio.sleep(LOOP_RETRY_S)
