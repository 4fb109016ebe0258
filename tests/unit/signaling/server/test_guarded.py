"""The server ends HTTP requests that stay unfinished. The tests use a real server with short deadlines."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count

import pytest
import structlog
import uvloop
from aiohttp import web

from signaling.server import guarded
from signaling.server.connection_limits import Limits
from signaling.server.guarded import Guard, Guarded, GuardedSite, marks_served
from signaling.server.http.bodies import read_bytes
from signaling.server.turns import RESUMED_A_TURN
from tests import PATIENCE_S

LIMITS = Limits(most=8, each_address=4, each_address_served=6, asking_s=0.3, idle_s=0.5)
ASKED = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Place:
    port: int
    guard: Guard

    async def connect(self, first: bytes = b"", address: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))
        writer.write(first)
        await writer.drain()
        return reader, writer

    async def answered(self, address: str = "127.0.0.1") -> bytes:
        reader, writer = await self.connect(ASKED, address)
        head = await reader.readuntil(b"\r\n")
        writer.close()
        return head


@asynccontextmanager
async def serving(limits: Limits, trusted: str = "", more: Iterable[web.RouteDef] = ()) -> AsyncIterator[Place]:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def takes(request: web.Request) -> web.Response:
        await read_bytes(request, 10_000)
        return web.Response(text="taken")

    async def large(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 50_000_000)

    async def waits(request: web.Request) -> web.Response:
        await asyncio.sleep(1.5)
        return web.Response(text="waited")

    app = web.Application(middlewares=[marks_served])
    app.add_routes(
        [web.get("/hello", hello), web.post("/takes", takes), web.get("/large", large), web.get("/waits", waits), *more]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    guard = Guard(Counter(), lambda address: address == trusted, limits)
    site = GuardedSite(guard, runner, "127.0.0.1", 0, 64)
    await site.start()
    watching = asyncio.create_task(guard.watch())
    try:
        yield Place(runner.addresses[0][1], guard)
    finally:
        watching.cancel()
        await runner.cleanup()


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    monkeypatch.setattr(guarded, "SWEEP_S", 0.05)
    async with serving(LIMITS) as made:
        yield made


async def ended(reader: asyncio.StreamReader, within_s: float) -> bytes:
    """Return everything received until the server closes the connection.

    Fail if the server does not close the connection within `within_s`.
    """
    async with asyncio.timeout(within_s):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


@pytest.mark.parametrize("first", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
async def test_request_without_an_end_is_closed(place: Place, first: bytes) -> None:
    reader, _ = await place.connect(first)
    assert await ended(reader, 2) == b""
    assert place.guard.refused["request_timeout"] == 1
    assert len(place.guard.connections) == 0


async def test_endless_headers_are_cut_off(place: Place) -> None:
    reader, writer = await place.connect(b"GET / HTTP/1.1\r\nHost: x\r\n")

    async def more() -> None:
        for number in count():
            writer.write(b"X-%d: y\r\n" % number)
            await asyncio.sleep(0.02)

    sending = asyncio.create_task(more())
    assert await ended(reader, 2) == b""
    assert place.guard.refused["request_timeout"] == 1
    sending.cancel()


async def test_idle_connection_is_closed_soon(place: Place) -> None:
    reader, _ = await place.connect(ASKED)
    assert (await ended(reader, 3)).startswith(b"HTTP/1.1 200")
    assert place.guard.refused["idle"] == 1


@pytest.mark.parametrize(
    "body", [b"Content-Length: 100\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"], ids=["missing", "chunked"]
)
async def test_missing_body_closes_the_connection(place: Place, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.server.http.bodies.BODY_WITHIN_S", 0.3)
    monkeypatch.setattr(guarded, "LINGER_S", 0.2)
    reader, _ = await place.connect(b"POST /takes HTTP/1.1\r\nHost: x\r\n" + body)
    await ended(reader, 4)


async def test_unread_body_closes_the_connection(place: Place) -> None:
    reader, _ = await place.connect(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert (await ended(reader, 5)).startswith(b"HTTP/1.1 404")


async def test_client_that_does_not_read_the_response_is_cut_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "STALLED_S", 0.5)
    monkeypatch.setattr(guarded, "LOOK_S", 0.1)
    _, writer = await place.connect(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    while not place.guard.refused["stalled"]:
        await asyncio.sleep(0.05)
    writer.close()


async def test_slow_response_is_not_cut_off(place: Place) -> None:
    reader, _ = await place.connect(b"GET /waits HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (await ended(reader, 5)).endswith(b"waited")


async def test_one_connection_carries_many_requests(place: Place) -> None:
    reader, writer = await place.connect()
    for _ in range(6):
        writer.write(ASKED)
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.2)


async def test_one_address_leaves_room_for_others(place: Place) -> None:
    silent = [await place.connect(address="127.0.0.2") for _ in range(20)]
    assert (await place.answered()).startswith(b"HTTP/1.1 200")
    assert (await place.answered("127.0.0.2")).startswith(b"HTTP/1.1 200")
    assert len(place.guard.connections) <= 8
    for _, writer in silent:
        writer.close()


async def test_many_addresses_leave_room_for_one_more(place: Place) -> None:
    silent = [await place.connect(address=f"127.0.0.{number}") for number in range(2, 40)]
    assert (await place.answered()).startswith(b"HTTP/1.1 200")
    for _, writer in silent:
        writer.close()


async def test_own_proxy_is_not_limited_like_other_addresses() -> None:
    async with serving(Limits(most=50, each_address=4, idle_s=0.2), trusted="127.0.0.9") as place:
        kept = [await place.connect(ASKED, "127.0.0.9") for _ in range(20)]
        assert place.guard.refused["connection_limit"] == 0
        assert len(place.guard.connections) == 20
        for _, writer in kept:
            writer.close()


async def test_log_warns_before_descriptors_run_out(place: Place) -> None:
    with structlog.testing.capture_logs() as logs:
        silent = [await place.connect(address=f"127.0.0.{number}") for number in range(2, 10)]
        while not logs:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)  # during this time, the server counts its file descriptors several more times
    assert ["descriptors nearly used up" in entry["event"] for entry in logs] == [True], "once a minute"
    for _, writer in silent:
        writer.close()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"POST /takes HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{", "cut_off"),
        (b"GET /hello HTTP/9.9\r\n\r\n", "no_http"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 9000 + b"\r\n\r\n", "no_http"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", "no_http"),
    ],
)
async def test_requests_broken_by_strangers_are_counted_not_logged(
    place: Place, said: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        _, writer = await place.connect(said)
        await asyncio.sleep(0.05)
        writer.transport.abort()
    while place.guard.refused[reason] < 5:
        await asyncio.sleep(0.02)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


UPLOADS, MOST_READ = 40, 256 * 1024  # `MOST_READ`: the event loop reads at most this many bytes of a connection at once
UPLOADED = 2 * 1024 * 1024


def send_all(port: int, start: threading.Barrier) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        start.wait()
        client.sendall(b"POST /reads HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % UPLOADED + bytes(UPLOADED))
        assert client.recv(100).startswith(b"HTTP/1.1 200")


async def read_in_each_turn(patch: pytest.MonkeyPatch) -> list[int]:
    """Upload much over many connections at once. Return the number of bytes that the server read in each turn.

    A turn is one pass of the event loop.
    """
    turn, in_turn, receive = 0, Counter[int](), Guarded.data_received

    def data_received(connection: Guarded, data: bytes) -> None:
        in_turn[turn] += len(data)
        receive(connection, data)

    patch.setattr(Guarded, "data_received", data_received)

    async def reads(request: web.Request) -> web.Response:
        while await request.content.readany():
            pass
        return web.Response()

    async def turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(turns())
    loop, start = asyncio.get_running_loop(), threading.Barrier(UPLOADS)
    async with serving(Limits(), more=[web.post("/reads", reads)]) as place:
        with ThreadPoolExecutor(UPLOADS) as clients:
            await asyncio.gather(*(loop.run_in_executor(clients, send_all, place.port, start) for _ in range(UPLOADS)))
    counting.cancel()
    assert in_turn.total() > UPLOADS * UPLOADED
    return list(in_turn.values())


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "the server's own loop"])
def test_many_large_uploads_are_read_a_few_in_a_turn(
    run: Callable[[Coroutine[None, None, list[int]]], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_turn = run(read_in_each_turn(monkeypatch))
    # Until the connections' buffers are full for the first time, all connections read in the same turns. This phase lasts longer
    # on a busy machine.
    much = [count for count in in_turn if count > 2 * RESUMED_A_TURN * MOST_READ]
    assert sum(much) < sum(in_turn) / 2


async def test_request_behind_a_large_upload_on_the_same_connection_is_answered() -> None:
    async def reads(request: web.Request) -> web.Response:
        await asyncio.sleep(0.05)  # meanwhile, the server's buffer gets full, so the server reads nothing from the connection
        count = 0
        while part := await request.content.readany():
            count += len(part)
        return web.Response(text=str(count))

    upload = b"POST /reads HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % UPLOADED + bytes(UPLOADED)
    async with serving(Limits(), more=[web.post("/reads", reads)]) as place:
        reader, writer = await place.connect()
        for _ in range(3):
            writer.write(upload + ASKED)
            async with asyncio.timeout(PATIENCE_S):
                assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
                await reader.readuntil(str(UPLOADED).encode())
                await reader.readuntil(b"hello")
        writer.close()


async def test_upload_that_is_cut_while_its_buffer_is_full_leaves_no_error() -> None:
    begun = asyncio.Event()

    async def reads(request: web.Request) -> web.Response:
        while await request.content.readany():
            begun.set()
            await asyncio.sleep(0.01)
        return web.Response()

    async with serving(Limits(), more=[web.post("/reads", reads)]) as place:
        _, writer = await place.connect()
        writer.write(b"POST /reads HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (2 * UPLOADED) + bytes(UPLOADED))
        await begun.wait()
        with structlog.testing.capture_logs() as logs:
            writer.transport.abort()
            async with asyncio.timeout(PATIENCE_S):
                while len(place.guard.connections):
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
    assert not logs


def test_client_that_reads_nothing_is_cut_off_under_uvloop() -> None:
    async def cut() -> int:
        async with serving(Limits()) as place:
            reader, writer = await place.connect(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(PATIENCE_S):
                while not (served := place.guard.connections.answered()) or not served[0].unsent_bytes():
                    await asyncio.sleep(0.01)
                unsent = served[0].unsent_bytes()
                place.guard.close(served[0], "stalled")
                with suppress(ConnectionError):
                    assert len(await reader.read()) < 50_000_000
            writer.close()
            return unsent

    assert uvloop.run(cut()) > 1_000_000


def small_socket(port: int) -> socket.socket:
    """Return a connection with a small receive buffer, so that the server must wait until the test reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    client.connect(("127.0.0.1", port))
    client.setblocking(False)
    return client


def test_client_that_reads_slowly_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "SWEEP_S", 0.05)
    monkeypatch.setattr(guarded, "LOOK_S", 0.1)
    monkeypatch.setattr(guarded, "STALLED_S", 0.8)

    async def reads_slowly() -> Counter[str]:
        loop = asyncio.get_running_loop()
        async with serving(Limits()) as place:
            with small_socket(place.port) as client:
                await loop.sock_sendall(client, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
                for _ in range(40):
                    await asyncio.sleep(0.05)
                    assert await loop.sock_recv(client, 8192)
            return place.guard.refused

    assert uvloop.run(reads_slowly())["stalled"] == 0


def test_end_of_a_response_reaches_a_client_that_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "SWEEP_S", 0.05)

    async def answers(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        return web.Response(body=b"x" * 60_000)

    async def pauses() -> int:
        loop, got = asyncio.get_running_loop(), b""
        async with serving(Limits(idle_s=0.2), more=[web.get("/answers", answers)]) as place:
            with small_socket(place.port) as client:
                await loop.sock_sendall(client, b"GET /answers HTTP/1.1\r\nHost: x\r\n\r\n")
                await asyncio.sleep(1)  # five times `idle_s`; the server closes a connection that has been idle for `idle_s`
                while part := await loop.sock_recv(client, 8192):
                    got += part
        return len(got.partition(b"\r\n\r\n")[2])

    assert uvloop.run(pauses()) == 60_000
