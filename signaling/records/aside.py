"""An event loop in a separate thread, which runs whole transactions of PostgreSQL.

A transaction that saves a session makes seven round trips. In the server's event loop, each round trip would wait for all other
ready tasks. While thousands of clients reconnect, that wait would take tens of milliseconds. In this thread, a round trip waits
only for Python's lock (GIL), at most 5 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

T = TypeVar("T")

ENDING_S = 3.0  # `close` waits at most this many seconds for transactions that are rolling back


class Aside:
    """A database engine that only this object's thread uses.

    Make the object while an event loop is running; the thread runs a new event loop of the same class.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self._engine: AsyncEngine = create_async_engine(url, **options)
        # PostgreSQL takes a snapshot for each statement anyway. BEGIN and ROLLBACK would only add two round trips to a read.
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._loop: asyncio.AbstractEventLoop = type(asyncio.get_running_loop())()
        self._thread = Thread(target=self._loop.run_forever, name="records", daemon=True)
        self._thread.start()

    @property
    def engine(self) -> sa.Engine:
        """Return the engine, so that event listeners can be attached. The listeners run in this object's thread."""
        return self._engine.sync_engine

    async def transaction(self, work: Callable[[sa.Connection], T], *, writes: bool, within_s: float) -> T:
        """Run `work` in one transaction. Raises TimeoutError after `within_s` seconds.

        The thread measures the time, so a busy server does not make the database look unavailable.
        """
        running = asyncio.run_coroutine_threadsafe(self._transaction(work, writes=writes, within_s=within_s), self._loop)
        return await asyncio.wrap_future(running)

    async def _transaction(self, work: Callable[[sa.Connection], T], *, writes: bool, within_s: float) -> T:
        engine = self._engine if writes else self._reading
        async with asyncio.timeout(within_s), engine.connect() as connection:
            if not writes:
                return await connection.run_sync(work)
            await connection.execution_options(writes=True)
            async with connection.begin():
                return await connection.run_sync(work)

    async def close(self) -> None:
        """Close all connections of this engine and end its thread."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._end(), self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    async def _end(self) -> None:
        """Close the connections, after the transactions that were cancelled have rolled back."""
        if rolling_back := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(rolling_back, timeout=ENDING_S)
        await self._engine.dispose()
