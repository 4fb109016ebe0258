"""The real service, on free ports and with a new data folder. The tests run the same command as people do."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.browser.forks import SHOW, SKIP, Fork, fork
from tests.ports import free_port, free_ports

UDP_PORTS = 2
"""Number of UDP ports of the service: one for the media worker, and one for its idle replacement. The port of a worker that
dies goes to the next new worker.
"""

ENDS_S = 30.0  # Longest time in s that tests wait for a service to end. On a quiet machine, it takes less than a second.


@dataclass
class Service:
    data_dir: Path
    port: int = field(default_factory=free_port)
    shop_port: int = field(default_factory=free_port)
    udp_port: int = field(default_factory=lambda: free_ports(UDP_PORTS))
    extra: tuple[str, ...] = ()
    demo: bool = True  # False: an empty installation, as before `sangdam init`.
    # Whether the service runs in a fork of a process that has loaded all modules (`forks.py`), instead of a new process.
    forked: bool = False
    program: Path | None = None  # the folder from which a service that is not forked loads its program; None: this checkout
    process: Fork | asyncio.subprocess.Process | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.data_dir / "serve.log"

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def shop(self) -> str:
        return f"http://127.0.0.1:{self.shop_port}"

    def host(self, name: str) -> str:
        return f"http://{name}.localhost:{self.port}"

    async def start(self, within_s: float = 60) -> None:
        words = [
            "serve",
            *(("--demo", "--shop-port", str(self.shop_port)) if self.demo else ("--host", "127.0.0.1")),
            *("--port", str(self.port), "--udp-port", str(self.udp_port)),
            *("--workers", "1", "--data-dir", str(self.data_dir)),
            *("--most-lag-ms", "60000", *self.extra),  # the server must not refuse people because the machine is busy
        ]
        self.process = fork(self.log, words) if self.forked else await self._program(words)
        await self.ready(within_s)

    async def _program(self, words: list[str]) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            command = (sys.executable, "-m", "signaling.cli.main", *words)
            environment = {**os.environ, "NO_COLOR": "1"}
            return await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, env=environment, cwd=self.program)

    async def ready(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        async with aiohttp.ClientSession() as http:
            while time.monotonic() < deadline:
                assert self.process is not None
                assert self.process.returncode is None, self.log.read_text()[-4000:]
                try:
                    async with http.get(f"http://127.0.0.1:{self.port}/healthz") as reply:
                        if reply.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.1)
        raise AssertionError(f"not ready after {seconds} s:\n{self.log.read_text()[-4000:]}")

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        process, self.process = self.process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        try:
            async with asyncio.timeout(ENDS_S):
                await process.wait()
        except TimeoutError:
            if isinstance(process, Fork):
                process.send_signal(SHOW)
                await asyncio.sleep(1)
            process.kill()  # a server that went on running would slow all later tests
            raise AssertionError(f"still running {ENDS_S:.0f} s after {how.name}:\n{self.log.read_text()[-20_000:]}") from None

    def skip(self) -> None:
        """Move a forked service's clock forward by `SKIP_S` seconds. The service then does everything that has become due."""
        assert isinstance(self.process, Fork)
        self.process.send_signal(SKIP)

    async def serving(self) -> int:
        """Return the process id of the media worker in which a room is open. The other workers are idle."""
        for pid in self.workers():
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            connector = aiohttp.UnixConnector(words[words.index("--socket") + 1])
            async with aiohttp.ClientSession(connector=connector) as http, http.get("http://worker/stats") as reply:
                if (await reply.json())["rooms"]:
                    return pid
        raise AssertionError("no worker holds a room")

    def workers(self) -> list[int]:
        """Return the process ids of the service's media workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [pid for pid in map(int, children) if b"media" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@asynccontextmanager
async def running(
    data_dir: Path, *extra: str, within_s: float = 60, demo: bool = True, forked: bool = False
) -> AsyncIterator[Service]:
    service = Service(data_dir, extra=extra, demo=demo, forked=forked)
    try:
        await service.start(within_s)
        yield service
    finally:
        await service.stop()


class Backstage:
    """Starts the service of the next test while a test runs.

    These services have no idle replacement of their media worker, because the start of a replacement would slow the test.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        self.upcoming: asyncio.Task[Service] | None = None
        self.leaving: set[asyncio.Task[None]] = set()

    async def enter(self) -> Service:
        upcoming, self.upcoming = self.upcoming, None
        service = await (upcoming or self._prepare())
        self.upcoming = asyncio.create_task(self._prepare(after_s=4))
        return service

    def leave(self, service: Service) -> None:
        task = asyncio.create_task(service.stop())
        self.leaving.add(task)

    async def close(self) -> None:
        """End all services. Fail if a service does not end after SIGTERM."""
        if self.upcoming is not None:
            self.leave(await self.upcoming)
        await asyncio.gather(*self.leaving)

    async def _prepare(self, after_s: float = 0) -> Service:
        # a test needs the whole processor in its first seconds, so the next service starts only after `after_s`
        await asyncio.sleep(after_s)
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        service = Service(folder, extra=("--spares", "0"), forked=True)
        await service.start()
        return service


async def sangdam(service: Service, *words: str) -> str:
    """Run the command `sangdam` against the running service. Return its output."""
    command = [sys.executable, "-m", "signaling.cli.main", *words, "--data-dir", str(service.data_dir)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()
