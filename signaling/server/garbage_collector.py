"""Choose the moments for full runs of Python's garbage collector.

A full run stops everything else: for 1.2 s with ten thousand sessions. By default, Python made a full run every four seconds
while many clients connected, which took a third of the server's time. Most objects that it visited were short-lived. With this
module, objects stay in the young generation for longer. A full run waits for a calm moment. If no calm moment comes, the full
run is made when twice as many objects are new as survived the last one.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable
from typing import Final

from aiohttp import web

YOUNG: Final = 10_000  # new objects, less freed ones, after which the young generation is collected
MIDDLE: Final = 10  # runs over the young generation after which the middle one is collected
NEVER: Final = 1_000_000_000  # threshold so high that Python never starts a full run by itself
LOOK_S: Final = 2.0  # seconds between two checks whether a full run is due
CALM_S: Final = 30.0
"""Seconds of calm before a full run. When many clients reconnect, the last client returns within less time than that."""
LEAST: Final = 200_000
"""The least number of new objects for a full run: about 40 MB if all of them are garbage."""


def is_due(new: int, kept: int, *, calm: bool) -> bool:
    """Return whether a full run is due.

    `new`: objects made since the last full run. `kept`: objects that survived that run. The limit is twice `kept`, because many
    reconnecting clients make as many new objects, but hardly any garbage in cycles (`let_go`).
    """
    return new > max(LEAST, 2 * kept) or (calm and new > max(LEAST, kept // 4))


def settle() -> None:
    """Exclude all objects loaded so far from collection, and keep Python from starting full runs.

    `sangdam serve` loads with the garbage collector off, which saves a fifth of its processor time. This function turns the
    garbage collector on.
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
    """Make a full run whenever one is due, until cancelled. `calm` returns whether the server is calm now."""
    kept = calm_looks = 0
    while True:
        await asyncio.sleep(LOOK_S)
        new = gc.get_count()[2] * YOUNG * MIDDLE
        calm_looks = calm_looks + 1 if calm() else 0
        if is_due(new, kept, calm=calm_looks * LOOK_S >= CALM_S):
            gc.collect()
            kept = len(gc.get_objects(generation=2))
