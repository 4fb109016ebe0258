"""Start the measured server and the processes that play people. Pin all of them to cores, measure them, and end them."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.bench.load.seed import Seeded, seed
from tests.ports import free_port, free_ports

SERVER_CORE, LOAD_CORE = 0, 1
READY_S = 40.0
COMMAND_S = 200.0
ROOT = Path(__file__).parents[3]


class Player:
    """A process that plays people. Such a process reads commands as lines of JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, module: str, *arguments: str) -> Self:
        command = [sys.executable, "-m", module, *arguments]
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe, limit=1 << 20))

    async def do(self, what: str, **rest: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **rest}).encode() + b"\n")
        async with asyncio.timeout(COMMAND_S):
            answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        if "failed" in answer:
            raise RuntimeError(f"{what}: {answer['failed']}")
        return answer

    async def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class House:
    """Async context: a server with the data of `seed.py` on one core, load generator and calls on the other core."""

    crowd: Player
    calls: Player
    seeded: Seeded

    def __init__(
        self,
        folder: Path,
        *,
        counselors: int,
        calls: int,
        options: tuple[str, ...] = (),
        shared: tuple[str, ...] = (),
        database: str = "",
    ) -> None:
        """Prepare the server's options.

        `shared`: options for the servers and the media machine of a cluster; empty for one server.
        """
        self.folder, self.counselors, self.callers = folder, counselors, calls
        self.port = free_port()
        self.database = database or f"sqlite+aiosqlite:///{folder / 'records.sqlite'}"
        self.options = (*options, *shared, "--database", self.database)
        self.shared = shared
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            self.seeded = await seed(self.database, self.counselors, self.callers)
            known = self.folder / "seeded.json"
            known.write_text(json.dumps(asdict(self.seeded)))
            if self.shared:
                media = ("media", *self.shared, "--loopback", "--port", str(free_port()), "--udp-port", str(free_port()))
                await self._start(*media, "--workers", "1")
            await self._serve()
            for name in ("crowd", "calls"):
                player = await Player.start(f"tests.bench.load.{name}", str(self.port), str(LOAD_CORE), str(known))
                self._stack.push_async_callback(player.end)
                setattr(self, name, player)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _serve(self) -> None:
        """Start the server with the demo, because the demo's media workers use loopback."""
        command = ["serve", "--demo", "--port", str(self.port), "--shop-port", str(free_port()), "--udp-port", str(free_ports(2))]
        command += ["--data-dir", str(self.folder), "--workers", "1", "--trust-proxy", *self.options]
        self._server = await self._start(*command)
        async with asyncio.timeout(READY_S), aiohttp.ClientSession() as http:
            while not await self._ready(http):
                await asyncio.sleep(0.2)

    async def _start(self, *command: str) -> asyncio.subprocess.Process:
        pinned = ["taskset", "--cpu-list", str(SERVER_CORE), sys.executable, "-m", "signaling.cli.main", *command]
        with (self.folder / "server.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(*pinned, cwd=ROOT, stdout=log, stderr=log)
        self._stack.push_async_callback(_end, process)
        return process

    async def _ready(self, http: aiohttp.ClientSession) -> bool:
        if self._server.returncode is not None:
            raise RuntimeError(self.log())
        try:
            async with http.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    @property
    def pid(self) -> int:
        return self._server.pid

    def cpu_s(self) -> float:
        """Return the processor time that all threads of the server have used since its start, in s."""
        threads = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def memory_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(20):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
