from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media import client
from tests.peers.client import Peer

ROOT = Path(__file__).parents[2]
READY_S = 10.0


class Service:
    """A worker process of our own, its client, and all the events it told."""

    def __init__(self, process: asyncio.subprocess.Process, worker: client.WorkerClient) -> None:
        self.process = process
        self.worker = worker
        self.events: list[client.WorkerEvent] = []
        self.peers: list[Peer] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with contextlib.suppress(client.WorkerUnreachable):
            async for event in self.worker.events():
                self.events.append(event)

    async def join(self, participant: str, room: str = "room", **options: object) -> Peer:
        peer = await Peer.join(self.worker, room, participant, **options)  # type: ignore[arg-type]
        self.peers.append(peer)
        return peer

    async def everyone_hears_everyone(self, *names: str, epoch: int = 1) -> None:
        hears = {name: {other: 1.0 for other in names if other != name} for name in names}
        await self.worker.set_matrix("room", client.SetMatrix(epoch=epoch, hears=hears, writers=list(names)))

    def states(self, peer: Peer) -> list[str]:
        return [event.state for event in self.events if isinstance(event, client.PeerChanged) and event.peer == peer.name]

    async def until_state(self, peer: Peer, state: str, seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while state not in self.states(peer)[-1:]:
                await asyncio.sleep(0.01)

    async def drops(self) -> dict[str, int]:
        found: dict[str, int] = (await self.worker.stats())["drops"]
        return found

    async def close(self) -> None:
        for peer in self.peers:
            await peer.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self.worker.close()
        if self.process.returncode is None:
            self.process.terminate()
            async with asyncio.timeout(3):
                await self.process.wait()


async def start(folder: Path) -> Service:
    path = folder / "worker.sock"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media", "--socket", str(path), "--address", "127.0.0.1", "--parent", str(os.getpid()), cwd=ROOT
    )
    worker = client.WorkerClient(str(path))
    async with asyncio.timeout(READY_S):
        while True:
            with contextlib.suppress(client.WorkerUnreachable):
                await worker.health()
                break
            await asyncio.sleep(0.05)
    return Service(process, worker)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A worker with one room, `room`, at epoch 1."""
    service = await start(tmp_path)
    try:
        await service.worker.open_room("room", client.OpenRoom(epoch=1))
        yield service
    finally:
        await service.close()
