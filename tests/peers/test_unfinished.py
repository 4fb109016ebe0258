"""The whole server, limited to few file descriptors, among clients that never finish their HTTP requests."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.bench.abuse.attacks import UNFINISHED
from tests.browser.service import Service, running

DESCRIPTORS = 256


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(tmp_path, "--log-level", "info", within_s=60) as started:
        yield started


async def begin(service: Service, first: bytes, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port, local_addr=(address, 0))
    writer.write(first)
    await writer.drain()
    return reader, writer


async def is_open(reader: asyncio.StreamReader) -> bool:
    try:
        while True:
            async with asyncio.timeout(0.05):
                if not await reader.read(4096):
                    return False
    except TimeoutError:
        return True
    except ConnectionError:
        return False


async def test_six_kinds_of_unfinished_requests_end_within_half_a_minute(service: Service) -> None:
    begun = [await begin(service, first, "127.0.0.2") for first in UNFINISHED for _ in range(8)]
    begun_s = time.monotonic()
    while any([await is_open(reader) for reader, _ in begun]):
        assert time.monotonic() - begun_s < 30
        await asyncio.sleep(0.5)
    for _, writer in begun:
        writer.close()


async def start_with(service: Service, descriptors: int) -> None:
    with service.log.open("ab") as log:
        service.process = await asyncio.create_subprocess_exec(
            *(
                "bash",
                "-c",
                f'ulimit -n {descriptors}; exec "$@"',
                "-",
                sys.executable,
                "-m",
                "signaling.cli.main",
                "serve",
                "--demo",
            ),
            *("--port", str(service.port), "--shop-port", str(service.shop_port), "--udp-port", str(service.udp_port)),
            *("--workers", "1", "--data-dir", str(service.data_dir), "--log-level", "info", "--most-lag-ms", "60000"),
            stdout=log,
            stderr=log,
        )
    await service.ready(60)


async def test_few_descriptors_still_admit_others_and_log_a_warning(tmp_path: Path) -> None:
    service = Service(tmp_path)
    try:
        await start_with(service, DESCRIPTORS)
        silent = [await begin(service, b"GET / HT", f"127.0.0.{2 + number % 20}") for number in range(2 * DESCRIPTORS)]
        async with aiohttp.ClientSession(service.url, timeout=aiohttp.ClientTimeout(total=5)) as http:
            for _ in range(20):
                async with http.get("/healthz", headers={"Connection": "close"}) as answer:
                    assert answer.status == 200
        await asyncio.sleep(1.5)
        assert "descriptors nearly used up" in service.log.read_text()
        for _, writer in silent:
            writer.close()
    finally:
        await service.stop()
