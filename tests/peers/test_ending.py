"""SIGTERM ends a server within ten seconds, whatever the server is doing.

This also holds while the server starts, and while Redis or PostgreSQL does not answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from signaling.config.settings import Settings
from tests.cluster import seed
from tests.peers.conftest import eventually
from tests.peers.live_house import Service
from tests.ports import free_port, free_ports
from tests.postgres_server import PostgresServer, running_postgres

START_S = 60.0
END_S = 10.0  # container engines kill a program that has not ended after this time


class Server:
    """`sangdam serve` in a process of its own, with its log."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.settings = Settings(port=free_port(), shop_port=free_port(), data_dir=folder / "data")
        command = [sys.executable, "-m", "signaling.cli.main", "serve", "--port", str(self.settings.port)]
        command += [
            "--data-dir",
            str(self.settings.data_dir),
            "--workers",
            "1",
            "--spares",
            "0",
            "--most-lag-ms",
            "60000",
            "--udp-port",
            str(free_ports(1)),
        ]
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([*command, "--log-level", "info", *options], stdout=log, stderr=subprocess.STDOUT)

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def until(self, true: Callable[[], object]) -> None:
        await eventually(lambda: true() or self.process.poll() is not None, START_S)
        assert self.process.poll() is None, self.log

    async def ends(self) -> int:
        """Send SIGTERM. Return the exit status. Fail unless the process ends in time."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = await asyncio.to_thread(self.process.wait, END_S)
        assert time.monotonic() - began < END_S
        return status


@asynccontextmanager
async def started(folder: Path, *options: str) -> AsyncIterator[Server]:
    server = Server(folder, *options)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


@contextlib.contextmanager
def silent_store() -> Iterator[tuple[int, Callable[[], bool]]]:
    """Listen on a port without ever answering. Return the port, and a function that says whether somebody has connected."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        taken: list[socket.socket] = []

        def asked() -> bool:
            with contextlib.suppress(BlockingIOError):
                taken.append(listening.accept()[0])
            return bool(taken)

        yield listening.getsockname()[1], asked
        for each in taken:
            each.close()


@pytest.fixture
async def postgres() -> AsyncIterator[PostgresServer]:
    with running_postgres() as server:
        yield server


async def test_server_ends_while_its_database_is_silent(tmp_path: Path) -> None:
    with silent_store() as (port, asked):
        async with started(tmp_path, "--database", f"postgresql+asyncpg://sangdam@127.0.0.1:{port}/desk") as server:
            await server.until(asked)
            assert await server.ends() == 0


async def test_server_ends_while_its_database_is_away(tmp_path: Path) -> None:
    async with started(tmp_path, "--database", f"postgresql+asyncpg://sangdam@127.0.0.1:{free_port()}/desk") as server:
        await server.until(lambda: "waiting for the database" in server.log)
        assert await server.ends() == 0


async def test_server_ends_while_it_reads_its_sessions(tmp_path: Path, postgres: PostgresServer) -> None:
    await seed(postgres.url, Settings(data_dir=tmp_path))
    holder = await asyncpg.connect(postgres.url.replace("+asyncpg", ""))
    await holder.execute("BEGIN")
    await holder.execute("LOCK TABLE session IN ACCESS EXCLUSIVE MODE")
    async with started(tmp_path, "--database", postgres.url) as server:
        await server.until(lambda: "records out of reach" in server.log)
        assert await server.ends() == 0
    await holder.close()


async def test_server_ends_while_redis_is_silent(tmp_path: Path, postgres: PostgresServer) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 40)
    with silent_store() as (port, asked):
        options = ("--database", postgres.url, "--redis", f"redis://127.0.0.1:{port}/0", "--secret-file", str(secret))
        async with started(tmp_path, *options) as server:
            await server.until(asked)
            await server.until(lambda: "serving" in server.log)
            assert await server.ends() == 0


async def test_server_in_use_ends_while_its_database_hangs(tmp_path: Path, postgres: PostgresServer) -> None:
    async with started(tmp_path, "--database", postgres.url) as server, aiohttp.ClientSession() as http:
        await server.until(lambda: "serving" in server.log)
        await seed(postgres.url, server.settings)
        service = Service(server.settings, None, http)  # type: ignore[arg-type]  # its application is in another process
        counselor, user = await service.staff("jimin"), await service.user("text")
        _, writer = await asyncio.open_connection("127.0.0.1", server.settings.port)
        writer.write(b"POST /api/codes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf a body")
        await user.say("enter")
        ring = await counselor.get("ring")
        postgres.freeze()
        try:
            await counselor.ask(type="accept", reservation=ring["reservation"])
            assert await server.ends() == 0
        finally:
            postgres.thaw()
        assert "pending writes were not stored" in server.log, "the state of the accepted session could not be written"
        writer.close()
