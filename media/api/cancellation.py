"""Replacement for Python 3.11's `asyncio.wait_for`, which loses a cancellation.

Python 3.12 has fixed this fault (https://github.com/python/cpython/issues/86296). In 3.11, a task can be cancelled in the same
iteration of the event loop in which its `wait_for` is done. The task then gets the result, and the cancellation is lost. The task
continues to run, and code that waits for the task's end waits forever. aiortc calls `wait_for` for each datagram of a handshake,
and redis-py calls it for each command. Delete this file when Python 3.11 is no longer supported.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


def keep_cancellations() -> None:
    """Give this process the `asyncio.wait_for` of Python 3.12. Call this function before the event loop starts."""
    if sys.version_info < (3, 12):
        asyncio.wait_for = wait_for  # type: ignore[assignment]  # typeshed's also takes a generator, which nobody passes


async def wait_for(awaitable: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109 - the signature is asyncio's
    """Return the result of `awaitable`. After `timeout` seconds (None: never), cancel `awaitable` and raise TimeoutError."""
    async with asyncio.timeout(timeout):
        return await awaitable
