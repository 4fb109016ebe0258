"""While the database is unavailable, no write is lost, and writes keep their order. The number of waiting writes is bounded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from signaling.live import pending_writes as owing
from signaling.live.pending_writes import Owed
from signaling.records import Overtaken, RecordsAway, reach
from signaling.records.reach import Reach


class Database:
    """Takes the place of `Records`. `written`: each write that has succeeded, and whether it was marked as a repetition."""

    def __init__(self) -> None:
        self.reach = Reach(self._touch)
        self.insist = self.reach.insist
        self.is_there = True
        self.written: list[tuple[str, bool]] = []
        self.refusal: Exception | None = None

    async def _touch(self) -> None:
        async with self.reach.answering(None):
            if not self.is_there:
                raise OSError

    def write(self, what: str) -> Any:
        async def write(again: bool) -> None:
            async with self.reach.answering(None):
                if not self.is_there:
                    raise OSError
                if self.refusal:
                    raise self.refusal
                self.written.append((what, again))

        return write


@pytest.fixture
async def database(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    monkeypatch.setattr(reach, "PAUSES_S", (0.01,))
    database = Database()
    yield database
    await database.reach.close()


@pytest.fixture
def counts() -> Counter[str]:
    return Counter()


@pytest.fixture
async def owed(database: Database, counts: Counter[str]) -> AsyncIterator[Owed]:
    owed = Owed(database, lambda reason: counts.update([reason]))  # `Database` has all parts of `Records` that `Owed` uses
    running = asyncio.create_task(owed.run())
    yield owed
    running.cancel()


async def test_write_is_done_at_once_if_the_database_answers(owed: Owed, database: Database) -> None:
    await owed.now_or_later("s-1", database.write("state"), "state")
    assert database.written == [("state", False)]
    assert not owed


async def test_pending_writes_keep_order_and_the_newest_state(owed: Owed, database: Database) -> None:
    database.is_there = False
    for what, whole in (("state 1", "state"), ("rang", ""), ("accepted", ""), ("state 2", "state")):
        await owed.now_or_later("s-1", database.write(what), whole)
    await owed.now_or_later("s-2", database.write("another's state"), "state")
    assert database.written == []
    database.is_there = True
    await owed.now_or_later("s-1", database.write("left"))  # this write does not overtake the pending ones
    await owed.settled(1.0)
    assert database.written == [(what, True) for what in ("state 2", "rang", "accepted", "another's state", "left")]


async def test_pending_events_are_bounded_and_states_are_all_kept(
    owed: Owed, database: Database, counts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owing, "MOST", 4)
    monkeypatch.setattr(owing, "CROWDED", 2)
    database.is_there = False
    for number in range(6):
        await owed.now_or_later("s-1", database.write(f"event {number}"))
        assert owed.crowded == (number > 0)
    await owed.now_or_later("s-1", database.write("state"), "state")
    assert counts["owed_full"] == 2
    database.is_there = True
    await owed.settled(1.0)
    assert [what for what, _ in database.written] == ["event 0", "event 1", "event 2", "event 3", "state"]


async def test_pending_write_is_dropped_if_another_server_took_over(owed: Owed, database: Database) -> None:
    database.is_there = False
    await owed.now_or_later("s-1", database.write("state"), "state")
    database.refusal = Overtaken()
    database.is_there = True
    await owed.settled(1.0)
    assert not owed
    assert database.written == []


async def test_refused_write_does_not_block_the_rest(owed: Owed, database: Database) -> None:
    async def wrong(again: bool) -> None:
        raise ValueError if again else RecordsAway

    await owed.now_or_later("s-1", wrong)
    await owed.now_or_later("s-1", database.write("state"), "state")
    await owed.settled(1.0)
    assert database.written == [("state", True)]
