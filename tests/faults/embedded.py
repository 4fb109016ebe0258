"""One server with embedded workers. A worker gets SIGTERM, and moves its rooms to another worker before it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvloop

from tests.cluster import Server
from tests.faults.figures import Figure, figure
from tests.faults.stage import staged, until, worker_at
from tests.faults.workers import Writers
from tests.peers.live_house import settings_for

RUNS, CALLS = 6, 4
ENDS_S = 15.0


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def drained(folder: Path) -> list[Figure]:
    settings = settings_for(folder)
    command = [sys.executable, "-m", "signaling.cli.main", "serve", "--demo", "--workers", "1", "--data-dir", str(folder)]
    command += ["--port", str(settings.port), "--shop-port", str(settings.shop_port), "--udp-port", str(settings.udp_port)]
    server = Server(settings.port, [*command, "--trust-proxy"], folder / "log")
    server.start()
    gaps, lost, ended = [], [], []
    try:
        await until(lambda: server.ready().get("ok"), 40.0, "the server is ready")
        async with staged(settings, [f"http://127.0.0.1:{settings.port}"], settings.database_url, calls=CALLS, ms=20) as here:
            for _ in range(RUNS):
                await until(_spare(settings.udp_port), 30.0, "there is a spare")
                await asyncio.sleep(1.0)
                await here.forget()
                ports = {call.user.worker_port() for call in here.calls}
                pid, began = worker_at(ports.pop()), asyncio.get_running_loop().time()
                async with Writers(here.calls[0]) as writers:
                    os.kill(pid, signal.SIGTERM)
                    await until(lambda p=pid: not _alive(p), ENDS_S, "it has ended")
                    now = asyncio.get_running_loop().time()
                    await asyncio.sleep(1.0)
                await here.all_hear()
                ended.append(now - began)
                gaps += [person.ear.gap(began - 0.5, now + 1.0) for call in here.calls for person in call.people]
                lost.append(float(await writers.lost_lines(here) + await writers.lost_strokes()))
    finally:
        with suppress(ProcessLookupError):
            await asyncio.to_thread(server.end, signal.SIGTERM)
    return [
        figure("drain_audio_gap_s", "s", gaps),
        figure("drain_lost_lines", "lines", lost),
        figure("drain_ends_after_s", "s", ended),
    ]


def _spare(udp_port: int) -> Callable[[], bool]:
    """Return a function that tells whether the worker and its idle replacement have bound their ports."""

    def both() -> bool:
        with suppress(ValueError):
            return worker_at(udp_port) != worker_at(udp_port + 1)
        return False

    return both


def rows() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="sangdam-embedded-") as folder:
        return uvloop.run(drained(Path(folder)))
