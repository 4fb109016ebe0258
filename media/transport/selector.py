"""What a worker's event loop waits in: while only lent voices come, the fast path moves them without waking Python.

asyncio's own loop takes a selector, uvloop does not; a wake-up of either costs more than all that is done for a packet of a
relayed voice.
"""

from __future__ import annotations

import asyncio
import math
import select
import selectors

from media.transport.fastpath import Fastpath


class Selector(selectors.EpollSelector):
    """Sockets that the fast path uses are registered like all others; their readers find what it has left with it."""

    def __init__(self, fastpath: Fastpath) -> None:
        super().__init__()
        self._fastpath = fastpath

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self._fastpath.is_open:
            return super().select(timeout)
        milliseconds = -1 if timeout is None else max(0, math.ceil(timeout * 1000))
        known, ready = self.get_map(), []
        for descriptor, events in self._fastpath.wait(self.fileno(), milliseconds):
            key = known.get(descriptor)
            if key is None:
                continue
            readable = selectors.EVENT_READ if events & ~select.EPOLLOUT else 0
            writable = selectors.EVENT_WRITE if events & ~select.EPOLLIN else 0
            ready.append((key, key.events & (readable | writable)))
        return ready


def new_event_loop(fastpath: Fastpath) -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(Selector(fastpath))
