"""Run one attack after the other, while honest users use the server. The result is each figure's worst value over all attacks."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import numpy as np

from tests.bench.abuse.attacks import KINDS, SITE
from tests.bench.rows import Row
from tests.browser.service import Service, running

SECONDS = 12.0
REST_S = 2.0
LOOK_S = 0.05
MIB = 1024 * 1024


@dataclass
class Seen:
    kind: str
    requests: int = 0
    log_bytes: int = 0
    most_bytes: int = 0
    waits_s: list[float] = field(default_factory=list)

    @property
    def p99_s(self) -> float:
        return float(np.percentile(self.waits_s, 99))

    @property
    def bytes_a_request(self) -> float:
        return self.log_bytes / max(1, self.requests)

    def __str__(self) -> str:
        median, most = float(np.median(self.waits_s)), max(self.waits_s)
        return (
            f"  {self.kind:12} {self.requests:7} requests, honest waits {median:.3f} s (p99 {self.p99_s:.3f}, most {most:.3f}),"
            f" {self.most_bytes / MIB:.0f} MiB, {self.bytes_a_request:.0f} bytes of log a request"
        )


class Honest:
    """Honest users: one user who is in a session, and new users who arrive. Records how long each step of these users takes."""

    def __init__(self, service: Service, seen: Seen) -> None:
        self.service, self.seen = service, seen
        self.http = aiohttp.ClientSession(f"http://127.0.0.1:{service.port}", timeout=aiohttp.ClientTimeout(total=30))

    async def run(self) -> None:
        async with self.http, asyncio.TaskGroup() as group:
            group.create_task(self._repeat(self._opens_the_panel, 0.1))
            group.create_task(self._repeat(self._comes_and_goes, 2.0))
            group.create_task(self._talks())

    async def _repeat(self, step: Any, every_s: float) -> None:
        while True:
            await self._timed(step())
            await asyncio.sleep(every_s)

    async def _timed(self, work: Any) -> Any:
        begun_s = monotonic()
        try:
            return await work
        finally:
            self.seen.waits_s.append(monotonic() - begun_s)

    async def _opens_the_panel(self) -> None:
        async with self.http.get("/api/panel", params={"site": SITE["site"], "category": SITE["category"]}) as answer:
            await answer.read()
            assert answer.status == 200, answer.status

    async def _begins(self) -> tuple[str, aiohttp.ClientWebSocketResponse]:
        """Create a session for a new user. Return the session's id and the WebSocket, after the server's welcome.

        Retry while the server refuses the user.
        """
        while (begun := await self._tries()) is None:
            await asyncio.sleep(0.2)
        return begun

    async def _tries(self) -> tuple[str, aiohttp.ClientWebSocketResponse] | None:
        origin = f"http://localhost:{self.service.port}"
        async with self.http.post("/api/codes", json=SITE, headers={"Origin": self.service.shop}) as answer:
            code = await answer.json()
        body = {"code": code.get("code", ""), "channel": "text"}
        async with self.http.post("/api/sessions", json=body, headers={"Origin": origin}) as answer:
            made = await answer.json()
        if "token" not in made:
            return None
        socket = await self.http.ws_connect("/ws", headers={"Origin": origin})
        await socket.send_json({"type": "hello", "tab": "t", "token": made["token"]})
        while (await socket.receive_json(timeout=30))["type"] != "welcome":
            pass
        return made["session"], socket

    async def _comes_and_goes(self) -> None:
        _, socket = await self._begins()
        await socket.close()

    async def _talks(self) -> None:
        session, socket = await self._begins()
        await socket.send_json({"type": "enter", "session": session, "channel": "text", "id": 1})
        number = 1
        while True:
            number += 1
            await self._timed(self._asks(socket, number))
            await asyncio.sleep(0.1)

    async def _asks(self, socket: aiohttp.ClientWebSocketResponse, number: int) -> None:
        await socket.send_json({"type": "ping", "id": number})
        while (await socket.receive_json(timeout=30)).get("id") != number:
            pass


def rows() -> Iterator[Row]:
    """Print how long honest users wait, and the server's memory and log size, during each attack.

    Yield a row for each figure, with the figure's worst value over all attacks.
    """
    found = asyncio.run(_all())
    for each in found:
        print(each, flush=True)
    yield _worst("abuse_honest_wait_p99_s", "s", [each.p99_s for each in found])
    yield _worst("abuse_peak_rss_mib", "MiB", [each.most_bytes / MIB for each in found])
    yield _worst("abuse_log_bytes_per_request", "bytes", [each.bytes_a_request for each in found])


def _worst(name: str, unit: str, values: list[float]) -> Row:
    return Row(name, round(max(values), 4), unit, len(values), round(min(values), 4), round(max(values), 4))


async def _all() -> list[Seen]:
    found = []
    for kind in KINDS:  # each attack gets a new server, so that earlier attacks do not influence its figures
        with tempfile.TemporaryDirectory() as folder:
            async with running(Path(folder), "--log-level", "info", "--most-lag-ms", "500", within_s=60) as service:
                found.append(await _measure(service, kind))
    return found


async def _measure(service: Service, kind: str) -> Seen:
    seen = Seen(kind)
    log_before = service.log.stat().st_size
    async with _in_background(Honest(service, seen).run(), _weigh(service, seen)):
        await asyncio.sleep(REST_S)
        seen.waits_s.clear()
        attacker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.abuse.attacks", kind, str(service.port), str(service.shop_port), str(SECONDS)),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await attacker.communicate()
        seen.requests = int(said)
    seen.log_bytes = service.log.stat().st_size - log_before
    return seen


@asynccontextmanager
async def _in_background(*works: Any) -> AsyncIterator[None]:
    """Run these tasks until the `async with` block ends. If a task fails, the block raises the error at its end."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _weigh(service: Service, seen: Seen) -> None:
    """Record the peak memory of the server and its image decoders. Media workers do not count, because no attack reaches one."""
    assert service.process is not None
    while True:
        pids = [service.process.pid, *_picture_processes(service.process.pid)]
        seen.most_bytes = max(seen.most_bytes, sum(_resident_bytes(pid) for pid in pids))
        await asyncio.sleep(LOOK_S)


def _picture_processes(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in map(int, children) if b"signaling" in _command(child)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # the process has just ended
        return b""


def _resident_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0)
