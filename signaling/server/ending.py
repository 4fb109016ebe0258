"""The end of a server. SIGINT and SIGTERM end the server at any time, also while it starts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """Raised by `Stop.before`: the server was told to end before the work was done."""


class Stop:
    """The order to end this server.

    The order comes from SIGINT or SIGTERM, or is given because another server of the cluster is the leader now.
    """

    def __init__(self, on_stop: Callable[[], None] | None = None) -> None:
        """Handle SIGINT and SIGTERM in the running event loop. `on_stop`: called once, when the server begins to end."""
        self._told = asyncio.Event()
        self._on_stop = on_stop
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._tell)

    def _tell(self) -> None:
        if self._on_stop is not None and not self._told.is_set():
            self._on_stop()
        self._told.set()

    async def before(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of `work`. If the server is told to end before `work` is done, cancel the work and raise Stopped."""
        stopped, working = asyncio.create_task(self._told.wait()), asyncio.create_task(work)
        await asyncio.wait({stopped, working}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
        if working.cancelled():
            raise Stopped
        return working.result()

    async def or_event(self, event: asyncio.Event | None) -> None:
        """Wait until the server is told to end or `event` is set, whichever comes first.

        In both cases, the server then counts as told to end.
        """
        waits = [asyncio.create_task(each.wait()) for each in (self._told, event) if each is not None]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self._tell()
