"""Questions that are asked while a query runs share the next query."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from signaling.records.together import Together


class Table:
    """A slow table. `release` lets the running query end. A query returns the values from the time when it began."""

    def __init__(self) -> None:
        self.values = {"a": 1, "b": 2}
        self.queries: list[list[str]] = []
        self.release = asyncio.Event()
        self.error: Exception | None = None

    async def read(self, keys: Collection[str]) -> dict[str, int]:
        found = {key: self.values[key] for key in keys if key in self.values}
        self.queries.append(sorted(keys))
        await self.release.wait()
        if self.error:
            raise self.error
        return found


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_questions_during_a_query_share_the_next_one() -> None:
    table = Table()
    together = Together(table.read, 3)
    first = asyncio.create_task(together.ask("a"))
    await turns()
    table.values["a"] = 10
    others = [asyncio.create_task(together.ask(key)) for key in ("a", "b", "a", "c")]
    await turns()
    assert table.queries == [["a"]], "the later questions wait, because this query may not know what has changed meanwhile"
    table.release.set()
    assert [await first, *await asyncio.gather(*others)] == [1, 10, 2, 10, None]
    assert table.queries == [["a"], ["a", "b"], ["c"]]


async def test_error_of_a_query_reaches_those_who_asked() -> None:
    table = Table()
    together = Together(table.read, 9)
    table.error = ValueError("away")
    table.release.set()
    assert {type(each) for each in await asyncio.gather(together.ask("a"), together.ask("b"), return_exceptions=True)} == {
        ValueError
    }
    table.error = None
    assert await together.ask("b") == 2


async def test_cancelled_question_disturbs_no_other() -> None:
    table = Table()
    together = Together(table.read, 9)
    running = asyncio.create_task(together.ask("a"))
    await turns()
    gone, waits = asyncio.create_task(together.ask("b")), asyncio.create_task(together.ask("a"))
    await turns()
    running.cancel()
    gone.cancel()
    table.release.set()
    assert await waits == 1
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert table.queries == [["a"], ["a"]]
