"""The server supervises media workers, which are simulated here.

The tests check which worker serves, when a worker counts as dead, and which worker replaces a dead one.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from media.api import wire as media
from media.api.client import WorkerUnreachable
from signaling.config import ports
from signaling.config.settings import Settings
from signaling.mediaworkers import embedded, interface, liveness
from signaling.mediaworkers.embedded import Worker, Workers
from tests import PATIENCE_S
from tests.ports import free_ports


class FakeProcess:
    _pids = iter(range(10_000_000, 20_000_000))  # ids that no process of this machine has

    def __init__(self) -> None:
        self.pid = next(self._pids)
        self.returncode: int | None = None
        self._gone = asyncio.Event()

    def kill(self) -> None:
        self.end(-9)

    def send_signal(self, number: int) -> None:
        self.end(-number)

    def end(self, status: int) -> None:
        if self.returncode is None:
            self.returncode = status
            self._gone.set()

    async def wait(self) -> int:
        await self._gone.wait()
        return self.returncode or 0


class FakeClient:
    """Takes the place of the server's connection to a worker, including the worker's event stream.

    Items put into `coming` arrive as events; None breaks the stream.
    """

    def __init__(self) -> None:
        self.coming: asyncio.Queue[media.WorkerEvent | None] = asyncio.Queue()
        self.streams = 0
        self.answers = True
        self.opened: list[str] = []

    async def health(self) -> None:
        if not self.answers:
            raise WorkerUnreachable("not yet")

    async def close(self) -> None:
        pass

    async def rooms(self) -> list[media.RoomState]:
        return [media.RoomState(room=room, epoch=1) for room in self.opened]

    async def close_room(self, room: str, epoch: int) -> None:
        self.opened.remove(room)

    async def events(self, silence_s: float = 0.0) -> AsyncGenerator[media.WorkerEvent, None]:
        self.streams += 1
        yield media.Snapshot(n=0, worker="w", pid=1, udp=[])
        while (event := await self.coming.get()) is not None:
            yield event
        raise WorkerUnreachable("broken")

    def beat(self, *, draining: bool = False) -> None:
        self.coming.put_nowait(media.Heartbeat(n=1, rooms=0, peers=3, draining=draining))


class FakeWorkers(Workers):
    """Supervises workers that start no process. `forked`: all workers ever made."""

    def __init__(self, wanted: int) -> None:
        super().__init__(Settings(workers=wanted, udp_port=free_ports(wanted + 1)))
        self.forked: list[Worker] = []
        self.lost: list[list[str]] = []
        self.events: list[media.WorkerEvent] = []

    async def _fork(self, number: int) -> Worker:
        worker = Worker(number, FakeProcess(), FakeClient())
        self.forked.append(worker)
        return worker

    async def on_event(self, event: media.WorkerEvent) -> None:
        self.events.append(event)
        if isinstance(event, media.SpeakingChanged):
            raise TypeError("the records fail")

    async def on_dead(self, rooms: list[str]) -> None:
        self.lost.append(sorted(rooms))

    async def up(self) -> None:
        await self.start(self.on_event, self.on_dead)
        await turn()


async def turn() -> None:
    """Let every task that is ready run until it waits."""
    for _ in range(50):
        await asyncio.sleep(0)


def stand_in(worker: Worker | None) -> tuple[FakeProcess, FakeClient]:
    assert worker is not None
    process: Any = worker.process
    client: Any = worker.client
    return process, client


@pytest.fixture
async def pair(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeWorkers]:
    """Start one worker and its idle replacement.

    If a worker dies, another one is started without delay.
    """
    monkeypatch.setattr(embedded, "SETTLE_S", 0.0)
    monkeypatch.setattr(liveness, "PAUSES_S", (0.0,))
    found = FakeWorkers(1)
    await found.up()
    yield found
    await found.close()


async def test_spare_worker_stands_by(pair: FakeWorkers) -> None:
    assert [item.state for item in pair.items()] == ["live", "spare"]
    assert pair.place("s-1") is pair.forked[0]
    assert pair.place("s-1") is pair.forked[0]


async def test_spare_takes_over_the_rooms_of_a_dead_worker_at_once(pair: FakeWorkers) -> None:
    for room in ("s-1", "s-2"):
        pair.place(room)
    stand_in(pair.forked[0])[0].end(-9)
    await turn()
    assert pair.lost == [["s-1", "s-2"]]
    assert pair.place("s-1") is pair.forked[1]
    await turn()
    assert [item.state for item in pair.items()] == ["spare", "live"], "and there is a new spare"


async def test_successor_waits_for_the_port_to_be_free(pair: FakeWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "LOOK_S", 0.01)
    port = pair._settings.udp_port
    with capture_logs() as logs, socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", port))
        stand_in(pair.forked[0])[0].end(-9)
        await asyncio.sleep(0.1)
        assert len(pair.forked) == 2, "no process starts in vain"
        stand_in(pair.forked[1])[0].end(-9)
        await turn()
        assert pair.forked[2].number == 1, "the other worker's successor does not wait for it"
    named = [entry["remedy"] for entry in logs if entry["event"].startswith("port taken")]
    assert len(named) == 1, "named once"
    assert f"UDP port {port} is taken" in named[0]
    async with asyncio.timeout(PATIENCE_S):
        while len(pair.forked) < 4:
            await asyncio.sleep(0.01)
    assert pair.forked[3].number == 0


async def test_ending_worker_keeps_its_rooms_until_they_have_moved(pair: FakeWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interface, "MOVED_S", 0.05)
    first = pair.place("s-1")
    process, client = stand_in(first)
    client.opened.append("s-1")
    client.beat(draining=True)
    await turn()
    assert pair.lost == [["s-1"]]
    assert pair.place("s-1") is pair.place("s-2") is pair.forked[1], "and gets no new ones"
    assert client.opened == ["s-1"]
    assert [item.state for item in pair.items()] == ["draining", "live"]
    async with asyncio.timeout(PATIENCE_S):
        while client.opened:
            await asyncio.sleep(0.01)
    process.end(0)
    await turn()
    assert [item.state for item in pair.items()] == ["spare", "live"]
    assert pair.lost == [["s-1"], []]


async def test_rooms_return_however_often_workers_die(pair: FakeWorkers) -> None:
    for _ in range(6):
        worker = pair.place("s-1")
        stand_in(worker)[0].end(-9)
        await turn()
        assert pair.place("s-1") not in (None, worker)


async def test_next_worker_to_answer_serves_if_there_is_no_spare(pair: FakeWorkers) -> None:
    for worker in list(pair.forked):
        stand_in(worker)[0].end(-9)
    await turn()
    assert len(pair.lost) == 2
    assert pair.place("s-1") is pair.forked[2]


async def test_new_room_goes_to_the_worker_with_fewest_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    found = FakeWorkers(2)
    await found.up()
    placed = [found.place(f"s-{number}") for number in range(4)]
    assert [worker.number for worker in placed if worker] == [0, 1, 0, 1]
    found.forget("s-0")
    assert found.place("s-9") is found.forked[0]
    await found.close()
    assert all(worker.process.returncode is not None for worker in found.forked), "they end with their parent"


async def test_broken_event_stream_is_reopened(pair: FakeWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "POLL_S", 0.0)
    _, client = stand_in(pair.forked[0])
    client.coming.put_nowait(None)
    await turn()
    assert client.streams == 2
    assert pair.lost == []


async def test_error_in_an_event_handler_does_not_end_the_worker(pair: FakeWorkers) -> None:
    _, client = stand_in(pair.forked[0])
    client.coming.put_nowait(media.SpeakingChanged(n=1, room="s-1", epoch=1, participants=[]))
    client.beat()
    await turn()
    assert pair.lost == []
    assert pair.items()[0].peers == 3


async def test_silent_worker_is_killed_and_its_rooms_move(pair: FakeWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker has not ended, but does not answer, as if SIGSTOP had frozen it."""
    pair.place("s-1")
    process, client = stand_in(pair.forked[0])
    client.beat()
    await turn()
    for _ in range(100):
        pair.forked[0].silence.tick(liveness.TICK_S)
    async with asyncio.timeout(2):
        while not pair.lost:  # wait until the next tick of the watchdog
            await asyncio.sleep(0.01)
    assert process.returncode == -9
    assert pair.lost == [["s-1"]]


async def test_worker_that_ends_before_answering_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    found = FakeWorkers(1)
    await found.begin()
    process, client = stand_in(found.forked[0])
    client.answers = False
    process.end(1)
    with pytest.raises(ExceptionGroup) as error:
        await found.start(found.on_event, found.on_dead)
    assert "ended at once" in str(error.value.exceptions[0])
    await found.close()
