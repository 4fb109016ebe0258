"""Event loop of a worker, in which the fast path forwards offloaded voices and videos without waking Python.

asyncio's event loop accepts a custom selector; uvloop does not. In both event loops, waking Python takes more time than all other
work for a relayed packet.
"""

from __future__ import annotations

import asyncio
import math
import select
import selectors

from media.transport.fastpath import Fastpath


class Selector(selectors.EpollSelector):
    """Selector that waits in the fast path.

    Sockets of the fast path are registered like all others. The readers of these sockets get the datagrams that Python must
    handle.
    """

    def __init__(self, fastpath: Fastpath) -> None:
        super().__init__()
        self._fastpath = fastpath

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for ready descriptors, at most `timeout` seconds."""
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
    """Return an asyncio event loop that waits in the fast path."""
    return asyncio.SelectorEventLoop(Selector(fastpath))
