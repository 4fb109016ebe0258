"""Each console gets its view of the queue, although the server builds these views in several turns of the event loop."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from signaling.live import staff_boards
from signaling.live.connections import Client, Hub
from signaling.live.staff_boards import Boards
from signaling.protocol.server_messages import Queue
from signaling.records.types import StaffRecord

GROUPS = 6


@pytest.fixture
def boards() -> Any:
    """Return the `Boards` for the consoles of twelve counselors, two at each of `GROUPS` sites.

    Every queue that the boards send to a console has the length `boards.more`.
    """
    made = cast(Any, object.__new__(Boards))
    made._hub, made._frames, made._behind = Hub(), {}, []
    made.sessions = SimpleNamespace(changed=False)
    made._index = SimpleNamespace(callbacks={})
    made.more = 1
    made._queue = lambda record, locale: Queue(waiting=[], more=made.more, callbacks=[], messages=[])
    for number in range(2 * GROUPS):
        member = StaffRecord(id=f"s{number}", login=f"s{number}", name="", role="counselor", sites=[f"shop-{number % GROUPS}"])
        made._hub.add(Client(tab="t", staff=member))
    return made


def lengths(boards: Any) -> list[int]:
    """Return the length of the newest queue that each console got."""
    return [msgspec.json.decode(client._queue[-1])["more"] for client in boards._hub.staff_clients()]


async def test_other_work_runs_between_the_queues_of_two_groups(boards: Any) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    working = asyncio.create_task(others())
    await boards.push()
    working.cancel()
    assert lengths(boards) == [1] * 2 * GROUPS
    assert turns >= GROUPS


async def test_change_during_a_push_reaches_consoles_served_before(boards: Any) -> None:
    first = asyncio.create_task(boards.push())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    boards.more = 2
    await boards.push()
    await first
    assert lengths(boards) == [2] * 2 * GROUPS


async def test_change_reaches_all_although_a_round_has_a_limit(boards: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff_boards, "QUEUE_BYTES_A_ROUND", 100)
    await boards.push()
    assert boards._behind, "the limit ends the first round"
    boards.more = 2
    rounds = 0
    while boards._behind and rounds < 4 * GROUPS:
        await boards.push()
        rounds += 1
    assert lengths(boards) == [2] * 2 * GROUPS
