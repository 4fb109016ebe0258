"""When Python's collector goes through everything.

Nothing else happens meanwhile: 1.2 s over ten thousand sessions. By its own rules it did so every four seconds while many came or
came back, a third of the server's time. Most of what it looked at had only outlived a moment's work. Here objects are young for
longer, and a full round waits for a calm moment, or until twice as much has come as was there.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable
from typing import Final

from aiohttp import web

YOUNG: Final = 10_000  # net new objects before a look at those alone
MIDDLE: Final = 10  # such looks before one at all that came since the last full round
NEVER: Final = 1_000_000_000
LOOK_S: Final = 2.0
CALM_S: Final = 30.0
"""Of those who were sent away while many came back, the last come so much later."""
LEAST: Final = 200_000
"""New objects that are worth a full round: some 40 MB, were all of them left behind."""


def is_due(new: int, kept: int, *, calm: bool) -> bool:
    """Whether a full round comes now. `new`: objects since the last one, `kept`: those that it kept. When everybody comes back at
    once, as much again is made anew, and hardly anything is left behind in circles (`let_go`)."""
    return new > max(LEAST, 2 * kept) or (calm and new > max(LEAST, kept // 4))


def settle() -> None:
    """What has been loaded is never looked at again; no full round comes by itself from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)


def let_go(request: web.Request, socket: web.WebSocketResponse) -> None:
    """Call when its handler is done with it, or only a full round would free the two and all they carry. aiohttp 3.14 leaves two
    circles: the error that ended the socket holds its traceback, whose frames hold the socket; and the protocol, for the sake of
    heartbeats, a method of it."""
    error = socket.exception()
    while error is not None:
        error.__traceback__ = None
        following, error.__context__ = error.__context__, None
        error = following
    with contextlib.suppress(AttributeError):  # another aiohttp
        request.protocol._data_received_cb = None


async def keep(calm: Callable[[], bool]) -> None:
    """Full rounds when they are due, until cancelled."""
    kept = calm_looks = 0
    while True:
        await asyncio.sleep(LOOK_S)
        new = gc.get_count()[2] * YOUNG * MIDDLE
        calm_looks = calm_looks + 1 if calm() else 0
        if is_due(new, kept, calm=calm_looks * LOOK_S >= CALM_S):
            gc.collect()
            kept = len(gc.get_objects(generation=2))
