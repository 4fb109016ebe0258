"""Group reads: all questions that are asked while the database answers one query share the next query.

When a thousand consoles reconnect at the same time, a query for each of them would take longer than any other step of the
reconnecting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Found = TypeVar("Found")


class Together(Generic[Key, Found]):
    """Answers questions about single keys by queries about several keys.

    `read(keys)` runs one query, and returns what was found for each key. A query never begins before the question that it
    answers was asked, so answers are as fresh as those of separate queries. A query has at most `most` keys.
    """

    def __init__(self, read: Callable[[Collection[Key]], Awaitable[Mapping[Key, Found]]], most: int) -> None:
        self._read = read
        self._most = most
        self._asked: list[tuple[Key, asyncio.Future[Found | None]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def ask(self, key: Key) -> Found | None:
        """Return what was found for this key, or None. Raise the exceptions of `read`."""
        answer: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        self._asked.append((key, answer))
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_all())
        return await answer

    async def _read_all(self) -> None:
        while self._asked:
            together, self._asked = self._asked[: self._most], self._asked[self._most :]
            try:
                await self._answer([(key, answer) for key, answer in together if not answer.done()])
            finally:
                for _, answer in together:
                    answer.cancel()  # if this task is cancelled, the callers who wait for these answers are cancelled, too

    async def _answer(self, together: list[tuple[Key, asyncio.Future[Found | None]]]) -> None:
        if not together:
            return
        try:
            found = await self._read({key for key, _ in together})
        except Exception as error:
            for _, answer in together:
                if not answer.done():
                    answer.set_exception(error)
            return
        for key, answer in together:
            if not answer.done():
                answer.set_result(found.get(key))
