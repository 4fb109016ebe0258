"""`make bench ARGS=matrix`: measure the time from a command that changes who hears whom to the first changed packet."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np

from media.api import client, wire
from media.mixer.opus import Decoder
from tests.bench.rows import Row, row
from tests.peers.client import Peer
from tests.peers.conftest import Service, start_worker

CHANGES = 40
LOUD, SOFT = 1.0, 0.3
AUDIBLE = 0.1


def rows() -> list[Row]:
    return asyncio.run(_measure())


async def _measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "worker.sock"
        process = start_worker(socket)
        service = Service(client.WorkerClient(str(socket)))
        try:
            await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
            speaker, listener = await service.join("a"), await service.join("b")
            await service.matrix(hears={"b": {"a": LOUD, "c": 1.0}})
            speaker.speak(440)
            await asyncio.sleep(5)
            found = [await _change(service, listener, SOFT if number % 2 == 0 else LOUD) for number in range(CHANGES)]
        finally:
            await service.close()
            process.terminate()
            process.wait(5)
    return [row("matrix_change_ms", "ms", found)]


async def _change(service: Service, listener: Peer, gain: float) -> float:
    """Change the gain of a voice. Return the time in ms until a packet arrives that is more than a tenth louder or softer."""
    decoder = Decoder()
    for payload in listener.heard[-20:]:
        before = _loudness(decoder.decode(payload))
    at = len(listener.heard)
    began = time.perf_counter()
    command = asyncio.create_task(service.matrix(hears={"b": {"a": gain, "c": 1.0}}))
    while True:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        for payload in listener.heard[at:]:
            if abs(_loudness(decoder.decode(payload)) / before - 1) > AUDIBLE:
                await command
                # because of these 13.7 ms, each change comes at a different moment between two ticks of the mixer
                await asyncio.sleep(0.5 + 0.0137)
                return 1000 * (now - began)
        at = len(listener.heard)


def _loudness(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(float) ** 2)))
