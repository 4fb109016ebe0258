"""Announces a worker in Redis by a signed entry, which expires unless the worker renews it (a *lease*).

An entry that has not expired shows that the worker runs and reaches Redis. Each renewal contains the worker's load.
"""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from media.api import announcement
from media.api.redis_client import redis_client
from media.worker.worker import Worker

log = structlog.get_logger(__name__)

EVERY_S = announcement.LEASE_MS / 1000 / 4  # seconds between two renewals; the lease survives some failed renewals
TIMEOUT_S = 1.0  # at most this many seconds until Redis accepts a connection, and at most as many until it answers a command


class Announcer:
    """Context manager: announces the worker in Redis while the context lasts.

    If Redis fails, the announcements continue when Redis has recovered.
    """

    def __init__(self, worker: Worker, redis_url: str, url: str, secret: str) -> None:
        """Prepare the announcement. `url`: where commands reach the worker. `secret`: token of commands and key of signatures."""
        self._worker = worker
        self._secret = secret
        self._url = url
        self._redis = redis_client(
            redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
        )
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._used_s = time.process_time()
        self._since_s = time.monotonic()
        self._unreachable = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.delete(announcement.announcement_key(self._worker.name))
                pipe.srem(announcement.WORKERS_KEY, self._worker.name)
                await pipe.execute()
        except (RedisError, OSError) as failure:
            # the worker need not try again, because Redis soon lets the announcement expire
            log.warning("lease_not_withdrawn", error=type(failure).__name__)
        await self._redis.aclose()

    def wake(self) -> None:
        """Renew the announcement in Redis at once, because the worker's state has changed to draining."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._announce()
                self._unreachable = False
            except (RedisError, OSError) as error:
                if not self._unreachable:
                    log.warning("redis_unreachable", error=type(error).__name__)
                self._unreachable = True
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def _announce(self) -> None:
        worker = self._worker
        said = announcement.Announcement(
            id=worker.name,
            url=self._url,
            rooms=len(worker.rooms),
            peers=worker.peers,
            load=self._load(),
            draining=worker.draining,
        )
        signed = announcement.sign(said, self._secret, time.time_ns() // 1_000_000)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(announcement.announcement_key(worker.name), signed, px=announcement.LEASE_MS)
            pipe.sadd(announcement.WORKERS_KEY, worker.name)
            await pipe.execute()

    def _load(self) -> float:
        used_s, now_s = time.process_time(), time.monotonic()
        load = (used_s - self._used_s) / max(now_s - self._since_s, 0.001)
        self._used_s, self._since_s = used_s, now_s
        return round(load, 3)
