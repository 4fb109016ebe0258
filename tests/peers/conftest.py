from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket as socketlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from media.api import client, wire
from media.transport.fastpath import OFF
from signaling.mediaworkers.embedded import START_TIMEOUT_S
from tests import PATIENCE_S
from tests.mail_server import Mails, running_mail_server
from tests.peers.client import Peer

ROOT = Path(__file__).parents[2]
# Seconds without an event after which a worker counts as dead. A busy machine delays heartbeats, so the time must be long.
EVENTS_S = 30.0


async def eventually(true: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Wait until `true` returns something true. Fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while not true():  # no event announces this state
            await asyncio.sleep(0.01)


class Service:
    """A room on a worker, with the client of the worker's API and all events that the worker has sent."""

    def __init__(self, worker: client.WorkerClient) -> None:
        self.room = f"room-{secrets.token_hex(4)}"
        self.worker = worker
        self.events: list[wire.WorkerEvent] = []
        self.peers: list[Peer] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with contextlib.suppress(client.WorkerUnreachable):
            async for event in self.worker.events(silence_s=EVENTS_S):
                self.events.append(event)

    async def join(self, participant: str, **options: Any) -> Peer:
        peer = await Peer.join(self.worker, self.room, participant, **options)
        self.peers.append(peer)
        return peer

    async def matrix(self, *, epoch: int = 1, **decided: Any) -> None:
        await self.worker.set_matrix(self.room, wire.SetMatrix(epoch=epoch, **decided))

    async def everyone_hears_everyone(self, *names: str) -> None:
        await self.matrix(hears={name: {other: 1.0 for other in names if other != name} for name in names}, writers=list(names))

    def states(self, peer: Peer) -> list[str]:
        return [event.state for event in self.events if isinstance(event, wire.PeerChanged) and event.peer == peer.name]

    async def until_state(self, peer: Peer, state: str, seconds: float = PATIENCE_S) -> None:
        await eventually(lambda: state in self.states(peer)[-1:], seconds)

    async def drops(self) -> dict[str, int]:
        return (await self.worker.stats()).drops

    async def close(self) -> None:
        for peer in self.peers:
            await peer.close()
        with contextlib.suppress(client.WorkerError):
            await self.worker.close_room(self.room, 1)
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self.worker.close()


def answers(path: Path) -> bool:
    """Return whether the worker accepts connections. A worker does so a moment after its socket file appears."""
    with socketlib.socket(socketlib.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0


def start_worker(
    socket: Path, *, own_addresses: bool = False, pure: bool = False, module: Sequence[str] = ("media",)
) -> subprocess.Popen[bytes]:
    """Start a worker process and wait until it accepts connections. The worker ends when this process ends.

    `own_addresses`: whether the worker uses all addresses of the machine, instead of 127.0.0.1 alone. `pure`: whether the worker
    runs without the fast path.
    """
    where = ["--loopback"] if own_addresses else ["--address", "127.0.0.1"]
    command = [sys.executable, "-m", *module, "--socket", str(socket), *where]
    environment = os.environ | ({OFF: "1"} if pure else {})
    process = subprocess.Popen([*command, "--parent", str(os.getpid())], cwd=ROOT, env=environment)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers(socket):
        assert process.poll() is None, "the worker ended at once"
        assert time.monotonic() < deadline, "the worker does not start"
        time.sleep(0.02)
    return process


class SharedWorkers:
    """Two workers, one with and one without the fast path. Tests share them, except tests that end a worker.

    If one of the two has ended, a new worker replaces it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[bool, subprocess.Popen[bytes]] = {}

    def socket(self, *, pure: bool) -> Path:
        socket = self._folder / ("pure.sock" if pure else "worker.sock")
        process = self._running.get(pure)
        if process is None or process.poll() is not None:
            socket.unlink(missing_ok=True)
            self._running[pure] = start_worker(socket, pure=pure)
        return socket

    def end(self) -> None:
        for process in self._running.values():
            process.terminate()
        assert [process.wait(3) for process in self._running.values()] == [0] * len(self._running)


@pytest.fixture(scope="session")
def shared_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedWorkers]:
    workers = SharedWorkers(tmp_path_factory.mktemp("worker"))
    yield workers
    workers.end()


@pytest.fixture
def worker_socket(shared_workers: SharedWorkers) -> Path:
    """Return the socket of the shared worker with the fast path. Each test opens its own room on this worker."""
    return shared_workers.socket(pure=False)


@pytest.fixture
def pure_worker_socket(shared_workers: SharedWorkers) -> Path:
    """Return the socket of the shared worker without the fast path."""
    return shared_workers.socket(pure=True)


@pytest.fixture
async def mails() -> AsyncIterator[Mails]:
    """Run a mail server for the test, and return the `Mails` that arrive there."""
    async with running_mail_server() as server:
        yield server


@pytest.fixture
async def service(worker_socket: Path) -> AsyncIterator[Service]:
    """Open a new room (epoch 1) on the media worker that all tests share."""
    async with _room(worker_socket) as service:
        yield service


@pytest.fixture(params=["worker_socket", "pure_worker_socket"], ids=["fast", "pure"])
async def either_service(request: pytest.FixtureRequest) -> AsyncIterator[Service]:
    """Open a new room (epoch 1). Each test runs twice: on a worker with its fast path, and on a worker without it."""
    async with _room(request.getfixturevalue(request.param)) as service:
        yield service


@contextlib.asynccontextmanager
async def _room(worker_socket: Path) -> AsyncIterator[Service]:
    service = Service(client.WorkerClient(str(worker_socket)))
    try:
        await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
        yield service
    finally:
        await service.close()
