"""Truncated or malformed requests are counted and logged in one line, without a traceback."""

from __future__ import annotations

import asyncio
import logging

import pytest

from signaling.server import app_keys
from signaling.server.http.mangled import TELL_EVERY_S, Mangled

from .conftest import ORIGIN, Desk

HEAD = f"POST /api/sessions HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\n"
EXPECTING = HEAD + "Expect: 100-continue\r\n"  # the response shows that the handler has started
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


async def said(desk: Desk, request: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.http.port)
    writer.write(request.encode("latin-1"))
    await writer.drain()
    async with asyncio.timeout(10):
        answer = await reader.read(500)
    writer.close()
    return answer


async def test_two_hundred_cut_requests_write_no_traceback(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for number in range(200):
            assert b"100 Continue" in await said(desk, CUT[number % 2])
        async with asyncio.timeout(20):
            while desk.app[app_keys.COUNTS]["http.cut"] < 200:
                await asyncio.sleep(0.01)
    assert not [record for record in caplog.records if record.exc_info]
    assert desk.app[app_keys.COUNTS]["http.internal"] == 0


@pytest.mark.parametrize("request_text", MANGLED)
async def test_malformed_request_is_refused_without_a_traceback(
    desk: Desk, caplog: pytest.LogCaptureFixture, request_text: str
) -> None:
    with caplog.at_level(logging.INFO):
        answer = await said(desk, request_text)
    status, _, head = answer.partition(b"\r\n")
    assert status.split()[1] == b"400"
    assert b"aiohttp" not in head
    assert b"Python" not in head
    assert not [record for record in caplog.records if record.exc_info]


def test_thousand_malformed_requests_log_one_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    from collections import Counter

    counts, clock = Counter[str](), [0.0]
    mangled = Mangled(counts, lambda: clock[0])
    theirs = logging.makeLogRecord({"exc_info": (ConnectionResetError, ConnectionResetError(), None)})
    ours = logging.makeLogRecord({"exc_info": (KeyError, KeyError(), None)})
    told = []
    mangled.tell = told.append  # type: ignore[method-assign]  # captures its output
    for number in range(1000):
        clock[0] = number * TELL_EVERY_S / 1000
        assert not mangled.filter(theirs)
    clock[0] = TELL_EVERY_S
    assert not mangled.filter(theirs)
    assert told == [1, 1000]
    assert counts["http.mangled"] == 1001
    assert mangled.filter(ours)
    assert mangled.filter(logging.makeLogRecord({"exc_info": None}))
