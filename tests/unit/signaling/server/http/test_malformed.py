"""Truncated or malformed HTTP requests are refused and counted. The server writes no traceback for them into the log."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

import pytest

from signaling.server import app_keys
from signaling.server.guarded import Guard, GuardedSite
from tests import PATIENCE_S

from .conftest import ORIGIN, Desk

HEAD = f"POST /api/sessions HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\n"
EXPECTING = HEAD + "Expect: 100-continue\r\n"  # the server's "100 Continue" shows that the handler has started
CUT = (EXPECTING + "Content-Length: 100\r\n\r\nabc", EXPECTING + "Transfer-Encoding: chunked\r\n\r\n5\r\nab")
MANGLED = (
    HEAD + "Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    HEAD + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde",
    HEAD + "Content-Encoding: br\r\nContent-Length: 5\r\n\r\nabcde",
    HEAD + "Content-Length: -1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost x\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n",
    "GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /nohost HTTP/1.1\r\n\r\n",
    "\x16\x03\x01 nonsense\r\n\r\n",
)


@pytest.fixture
async def port(desk: Desk) -> int:
    """Return a port of the service on which a `Guard` limits the connections, as in production."""
    assert desk.http.server.runner is not None
    site = GuardedSite(Guard(Counter(), lambda _: True), desk.http.server.runner, "127.0.0.1", 0, 64)
    await site.start()
    return int(desk.http.server.runner.addresses[-1][1])


async def said(port: int, request: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode("latin-1"))
    await writer.drain()
    async with asyncio.timeout(PATIENCE_S):
        answer = await reader.read(500)
    writer.close()
    return answer


async def test_two_hundred_cut_requests_write_no_traceback(desk: Desk, port: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for number in range(200):
            assert b"100 Continue" in await said(port, CUT[number % 2])
        async with asyncio.timeout(PATIENCE_S):
            while desk.app[app_keys.COUNTS]["http.cut"] < 200:
                await asyncio.sleep(0.01)
    assert not [record for record in caplog.records if record.exc_info]
    assert desk.app[app_keys.COUNTS]["http.internal"] == 0


@pytest.mark.parametrize("request_text", MANGLED)
async def test_malformed_request_is_refused_without_a_traceback(
    port: int, caplog: pytest.LogCaptureFixture, request_text: str
) -> None:
    with caplog.at_level(logging.INFO):
        answer = await said(port, request_text)
    status, _, head = answer.partition(b"\r\n")
    assert status.split()[1] == b"400"
    assert b"aiohttp" not in head
    assert b"Python" not in head
    assert not [record for record in caplog.records if record.exc_info]
