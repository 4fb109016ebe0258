"""Count how many callers go on in one turn of the event loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import Any


async def most_in_a_turn(calls: Iterable[Awaitable[Any]]) -> int:
    """Await all calls at the same time. Return the largest number of calls that ended in one turn of the event loop."""
    turn = 0
    went_on: Counter[int] = Counter()

    async def count() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def one(call: Awaitable[Any]) -> None:
        await call
        went_on[turn] += 1

    counting = asyncio.create_task(count())
    await asyncio.gather(*map(one, calls))
    counting.cancel()
    with suppress(asyncio.CancelledError):
        await counting
    return max(went_on.values())
