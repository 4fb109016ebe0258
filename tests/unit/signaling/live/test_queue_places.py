"""Waiting users are told their places in rounds."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from signaling.live.queue_places import Places


class Store:
    """A matcher whose first question fails, while the others have no answer yet."""

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
    await places.round()  # the first round only begins the pass
    with pytest.raises(ExceptionGroup):
        await places.round()
    assert (sorted(store.asked), store.open) == (["r-1", "r-2", "r-3"], set())
