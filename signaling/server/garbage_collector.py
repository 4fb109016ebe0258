"""Choose the moments for full runs of Python's garbage collector.

A full run stops the whole server while it lasts: for 1.2 s in a test with ten thousand sessions. In that test, Python's standard
thresholds caused a full run every four seconds while many clients connected. These runs took a third of the server's time. Most
of the visited objects would have become free without a full run. With this module, objects stay in the young generation for
longer. A full run waits until the server has been calm for `CALM_S`: no client waits to be let in, and the event loop hardly
lags. If the server stays busy, a full run begins only when the number of new objects is twice the number of objects that survived
the last full run.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable
from typing import Final

from aiohttp import web

YOUNG: Final = 10_000  # Python collects the young generation when this many more objects were made than freed since the last time
MIDDLE: Final = 10  # number of runs over the young generation after which Python also collects the middle generation
NEVER: Final = 1_000_000_000  # threshold so high that Python never starts a full run by itself
LOOK_S: Final = 2.0  # seconds between two checks whether a full run is due
CALM_S: Final = 30.0
"""Seconds for which the server must be calm before a full run. Even a reconnect of very many clients takes less time."""
LEAST: Final = 200_000
"""A full run needs at least this many new objects: about 40 MB if all of them are garbage."""


def is_due(new: int, kept: int, *, calm: bool) -> bool:
    """Return whether a full run is due.

    `new`: about how many objects were made since the last full run. `kept`: objects that survived that run. A full run is due
    when `new` exceeds both `LEAST` and a second limit. While the server is calm, this limit is a quarter of `kept`. While the
    server is busy, the limit is twice `kept`.

    The limit for a busy server is so high because many reconnecting clients make many new objects, but hardly any garbage that
    needs a full run: `let_go` breaks the reference cycles of closed WebSockets.
    """
    return new > max(LEAST, 2 * kept) or (calm and new > max(LEAST, kept // 4))


def settle() -> None:
    """Exclude all objects that exist now from collection, and keep Python from starting full runs.

    `sangdam serve` loads with the garbage collector off, which saves a fifth of the processor time for loading. This function
    turns the garbage collector on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    gc.enable()


def let_go(request: web.Request, socket: web.WebSocketResponse) -> None:
    """Break the reference cycles of a WebSocket whose handler is done, so that it is freed without a full collection.

    aiohttp 3.14 leaves two cycles. First, the error that ended the socket refers to a traceback, and the traceback's frames refer
    to the socket. Second, aiohttp's protocol object of the connection refers to a method of the socket (for heartbeats).
    """
    error = socket.exception()
    while error is not None:
        error.__traceback__ = None
        following, error.__context__ = error.__context__, None
        error = following
    with contextlib.suppress(AttributeError):  # another version of aiohttp might not have this attribute
        request.protocol._data_received_cb = None


async def keep(calm: Callable[[], bool]) -> None:
    """Make a full run whenever a full run is due (`is_due`), until cancelled. `calm` returns whether the server is calm now."""
    kept = calm_looks = 0
    while True:
        await asyncio.sleep(LOOK_S)
        new = gc.get_count()[2] * YOUNG * MIDDLE
        calm_looks = calm_looks + 1 if calm() else 0
        if is_due(new, kept, calm=calm_looks * LOOK_S >= CALM_S):
            gc.collect()
            kept = len(gc.get_objects(generation=2))
