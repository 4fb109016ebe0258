"""Measure the cost of recording: processor time of worker and recorder for a room with two voices, with and without recording."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from media.api import client, wire
from tests.bench.rows import Row, row
from tests.peers.client import Peer

ROOMS = 8
SECONDS = 6.0
RUNS = 3
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def spent(pids: list[int]) -> list[float]:
    """Return the processor time that each process uses during the next `SECONDS`, in percent of a core."""
    before, began = [cpu_s(pid) for pid in pids], time.monotonic()
    await asyncio.sleep(SECONDS)
    passed = time.monotonic() - began
    return [100 * (cpu_s(pid) - spent_before) / passed for pid, spent_before in zip(pids, before, strict=True)]


async def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        socket = Path(scratch) / "worker.sock"
        command = ["-m", "media", "--socket", str(socket), "--address", "127.0.0.1", "--recordings", f"{scratch}/recordings"]
        process = await asyncio.create_subprocess_exec(sys.executable, *command, "--parent", str(os.getpid()))
        while not socket.exists():
            await asyncio.sleep(0.05)
        worker = client.WorkerClient(str(socket))
        try:
            return await _rooms(worker, process.pid)
        finally:
            await worker.close()
            process.terminate()
            await process.wait()


async def _rooms(worker: client.WorkerClient, pid: int) -> list[Row]:
    hears = {"u": {"c": 1.0}, "c": {"u": 1.0}}
    peers: list[Peer] = []
    for number in range(ROOMS):
        await worker.open_room(f"r-{number}", wire.OpenRoom(epoch=1))
        await worker.set_matrix(f"r-{number}", wire.SetMatrix(epoch=1, hears=hears))
        for who in ("u", "c"):
            peers.append(await Peer.join(worker, f"r-{number}", who))
            peers[-1].speak(700)
    plain: list[float] = []
    recorded: list[float] = []
    writing: list[float] = []
    for run in range(RUNS):
        plain.append((await spent([pid]))[0] / ROOMS)
        for number in range(ROOMS):
            record = wire.Record(period=run + 1, participants=["u", "c"])
            await worker.set_matrix(f"r-{number}", wire.SetMatrix(epoch=1, hears=hears, record=record))
        await asyncio.sleep(1.5)  # during this time, the recorder process starts
        [recorder] = children(pid)
        with_tap, wrote = await spent([pid, recorder])
        recorded.append(with_tap / ROOMS)
        writing.append(wrote / ROOMS)
        for number in range(ROOMS):
            await worker.set_matrix(f"r-{number}", wire.SetMatrix(epoch=1, hears=hears))
    for peer in peers:
        await peer.close()
    return [
        row("relay2_unrecorded_cpu_percent_per_room", "%", plain),
        row("relay2_recorded_cpu_percent_per_room", "%", recorded),
        row("recorder_cpu_percent_per_room", "%", writing),
    ]


def rows() -> list[Row]:
    return asyncio.run(measure())
