"""Choose the moments for full runs of Python's garbage collector.

A full run stops everything else: for 1.2 s in a test with ten thousand sessions. In that test, Python's standard thresholds
caused a full run every four seconds while many clients connected. These runs took a third of the server's time. Most of the
visited objects would have become free without a full run. With this module, objects stay in the young generation for longer. A
full run waits until the server has been calm for `CALM_S`. If the server is not calm for so long, a full run begins when twice as
many objects are new as survived the last run.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable
from typing import Final

from aiohttp import web

YOUNG: Final = 10_000  # number of new objects, minus that of freed objects, at which Python collects the young generation
MIDDLE: Final = 10  # runs over the young generation after which Python also collects the middle one
NEVER: Final = 1_000_000_000  # threshold so high that Python never starts a full run by itself
LOOK_S: Final = 2.0  # seconds between two checks whether a full run is due
CALM_S: Final = 30.0
"""Seconds for which the server must be calm before a full run. When many clients reconnect, the last one returns sooner."""
LEAST: Final = 200_000
"""A full run needs at least this many new objects: about 40 MB if all of them are garbage."""


def is_due(new: int, kept: int, *, calm: bool) -> bool:
    """Return whether a full run is due.

    `new`: about how many objects were made since the last full run. `kept`: objects that survived that run. The limit is a
    quarter of `kept` while the server is calm, otherwise twice `kept`. Many reconnecting clients make that many new objects, but
    hardly any garbage in cycles (`let_go`).
    """
    return new > max(LEAST, 2 * kept) or (calm and new > max(LEAST, kept // 4))


def settle() -> None:
    """Exclude all objects loaded so far from collection, and keep Python from starting full runs.

    `sangdam serve` loads with the garbage collector off, which saves a fifth of the processor time for loading. This function
    turns the garbage collector on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    gc.enable()


def let_go(request: web.Request, socket: web.WebSocketResponse) -> None:
    """Break the reference cycles of a WebSocket whose handler is done, so that no full run is needed to free it.

    aiohttp 3.14 leaves two cycles. The error that ended the socket holds its traceback, whose frames hold the socket. The
    protocol holds a method of the socket for heartbeats.
    """
    error = socket.exception()
    while error is not None:
        error.__traceback__ = None
        following, error.__context__ = error.__context__, None
        error = following
    with contextlib.suppress(AttributeError):  # another version of aiohttp may lack this attribute
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
