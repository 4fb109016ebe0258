"""All rooms of a worker share one clock. The clock calls `Room.tick` of each room as often as the room needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from media.api import wire
from media.mixer import TICK_STEP_S
from media.worker.room import RESTING_STEPS, Room
from media.worker.worker import Where, Worker


class Busy(Room):
    """A room that never rests.

    In its first `flows` ticks, and when it closes, this room asks for a tick at a time that has long passed. A real room does the
    same when a passthrough ends.
    """

    def __init__(self, worker: Worker, flows: int) -> None:
        super().__init__("busy", 1, [], worker, round(worker.now() / TICK_STEP_S))
        self._flows = flows

    @property
    def rests(self) -> bool:
        return False

    def tick(self, now: float) -> None:
        super().tick(now)
        if self._flows:
            self._flows -= 1
            self._outside.hurry(0)

    def close(self) -> None:
        self._outside.hurry(0)
        super().close()


def ticks(worker: Worker) -> int:
    return sum(worker.totals.spreads["tick_late_ms"].counts)


async def opened(flows: int) -> Worker:
    worker = Worker("w", Where(["127.0.0.1"]))
    await worker.open()
    worker.rooms["busy"] = Busy(worker, flows)
    worker.hurry(0)
    return worker


async def ticks_within(seconds: float, *workers: Worker) -> list[int]:
    before = [ticks(worker) for worker in workers]
    await asyncio.sleep(seconds)
    return [ticks(worker) - former for worker, former in zip(workers, before, strict=True)]


async def test_worker_keeps_one_clock_under_pressure() -> None:
    workers = [await opened(flows=8), await opened(flows=0)]
    await asyncio.sleep(0.3)
    hurried, fresh = await ticks_within(0.5, *workers)
    for worker in workers:
        await worker.close()
    assert 0 < hurried < 2 * fresh


async def test_closed_worker_does_not_tick() -> None:
    """A closed worker does not tick, even if a room asks for a tick while the worker closes this room."""
    worker = await opened(flows=0)
    await worker.close()
    assert await ticks_within(RESTING_STEPS * TICK_STEP_S + 0.1, worker) == [0]


async def beats(worker: Worker, count: int) -> list[float]:
    """Return the times of the next `count` heartbeats."""
    subscriber, came = worker.hub.subscribe(), []
    while len(came) < count:
        frame = await subscriber.get()
        if frame is not None and isinstance(wire.decode_event(frame), wire.Heartbeat):
            came.append(worker.now())
    return came


async def test_heartbeat_shares_the_wake_up_of_a_ticking_room() -> None:
    worker = Worker("w", Where(["127.0.0.1"]))
    await worker.open()
    worker.open_room("resting", wire.OpenRoom(epoch=1))
    await beats(worker, 1)
    before = ticks(worker)
    await beats(worker, 5)
    taken = ticks(worker) - before
    await worker.close()
    assert taken < 9  # ticks; there would be eleven if the worker woke for each heartbeat separately


async def test_frequent_room_ticks_do_not_add_heartbeats() -> None:
    worker = await opened(flows=0)
    first, *_, last = await beats(worker, 5)
    await worker.close()
    assert last - first > 4 * 0.15


class Counted(Room):
    ticks = 0

    def tick(self, now: float) -> None:
        super().tick(now)
        self.ticks += 1


@pytest.fixture
def crowded() -> Iterator[Worker]:
    worker = Worker("w", Where([]))
    worker.rooms = {f"r{n}": Counted(f"r{n}", 1, [], worker, n % RESTING_STEPS) for n in range(1000)}
    yield worker
    for room in worker.rooms.values():
        room.close()


@pytest.mark.slow
def test_late_clock_does_not_starve_idle_rooms(crowded: Worker) -> None:
    """The worker misses every second step of its clock. Rooms that are due in a missed step must tick in a later one."""
    for step in range(0, round(10 / TICK_STEP_S), 2):
        for room in crowded._due_rooms(step):
            room.tick(step * TICK_STEP_S)
    assert min(room.ticks for room in crowded.rooms.values()) >= 20
