"""At intervals, the server asks the matcher for the queue places of several waiting users, in parallel."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from signaling.live.queue_places import Places


class Store:
    """Takes the place of the matcher.

    When the server asks for the queue places of three requests, the answer for `r-1` is an error, and the other two
    get no answer.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open: set[str] = set()

    async def place(self, request: str, _now: int) -> None:
        self.asked.append(request)
        self.open.add(request)
        try:
            while len(self.asked) < 3:
                await asyncio.sleep(0)
            if request == "r-1":
                raise ValueError(request)
            await asyncio.Event().wait()
        finally:
            self.open.remove(request)


async def test_failed_round_leaves_no_question_open() -> None:
    store = Store()
    names = ("r-1", "r-2", "r-3")
    waiting = {name: SimpleNamespace(id=name, session=SimpleNamespace(state="waiting", request=name)) for name in names}
    index = SimpleNamespace(waiting=waiting)
    places = Places(sessions=cast(Any, None), store=cast(Any, store), index=cast(Any, index), now=lambda: 1)
    await places.round()  # this first call asks nothing: it only lists the users about whom the next call asks
    with pytest.raises(ExceptionGroup):
        await places.round()
    assert (sorted(store.asked), store.open) == (["r-1", "r-2", "r-3"], set())
