"""A server that is not the leader checks each HTTP request, and forwards it to the leader byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web, web_protocol
from aiohttp.http_parser import HttpRequestParserPy
from aiohttp.test_utils import TestServer

from signaling.cluster.node import TOKEN_HEADER, Leader, Node
from signaling.config.settings import Settings
from signaling.server import app_keys, forwarding
from signaling.server.forwarding import Relay
from tests import PATIENCE_S

TOKEN = "the cluster's own"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # a WebSocket key (RFC 6455, 1.3)


@asynccontextmanager
async def follower(leader: TestServer) -> AsyncIterator[TestServer]:
    """Start a server that forwards to `leader`. A forwarding server needs neither Redis nor a database."""
    nothing: object = None
    node = Node("http://127.0.0.1:1", nothing, nothing, TOKEN, b"")
    node.leader = Leader(id="leader", url=str(leader.make_url("")).rstrip("/"))
    relay = Relay(node)
    app = web.Application(middlewares=[relay.middleware()])
    app[app_keys.NODE], app[app_keys.SETTINGS] = node, Settings()
    try:
        async with TestServer(app) as server:
            yield server
    finally:
        await relay.close()
        await node.close()


class Seen:
    """A leader that records the target (path and query) of each forwarded request.

    The leader requires the cluster's token in each request.
    """

    def __init__(self) -> None:
        self.targets: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        assert request.headers[TOKEN_HEADER] == TOKEN
        self.targets.append(request.raw_path)
        return web.Response(text="passed on")


async def ask(server: TestServer, target: str, method: str = "GET") -> str:
    """Send a request with exactly this target. Return the first line of the response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    line = (await reader.readline()).decode().strip()
    writer.close()
    return line


@pytest.fixture
async def servers() -> AsyncIterator[tuple[TestServer, Seen]]:
    seen = Seen()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", seen.take)
    async with TestServer(app) as leader, follower(leader) as server:
        yield server, seen


@pytest.mark.parametrize(
    "target",
    [
        "/api/me",
        "/api/sessions/s-1/pictures?use=line&audience=all",
        "/api/sessions/a%2Fb/transcript",
        "/api/%ED%95%9C%EA%B8%80?q=%2e%2e/%2e%2e",
        "/api/...",
        "/api/.well-known/..x",
        "/api/a//b",
        "/api/%252e%252e/cluster/leading",
        "/api/a%3Fb",
    ],
)
async def test_forwarded_target_arrives_unchanged(servers: tuple[TestServer, Seen], target: str) -> None:
    server, seen = servers
    assert "200" in await ask(server, target)
    assert seen.targets == [target]


@pytest.mark.parametrize(
    "target",
    [
        "/api/../cluster/leading",
        "/api/%2e%2e/cluster/leading",
        "/api/.%2E/cluster/leading",
        "/api/%2E./cluster/leading",
        "/api/..%2fcluster/leading",
        "/api/..%5ccluster%5cleading",
        "/api/..\\cluster/leading",
        "/api/./../cluster/leading",
        "/api/x/../../cluster/leading?a=b",
        "/api/x/..",
        "/api/.",
        "http://elsewhere.example/api/me",
        "http://127.0.0.1/cluster/leading",
        "//elsewhere.example/api/me",
        "/%2Felsewhere.example/api/me",
        "*",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_ambiguous_target_is_not_forwarded(servers: tuple[TestServer, Seen], target: str, method: str) -> None:
    server, seen = servers
    assert "400" in await ask(server, target, method)
    assert seen.targets == []


async def test_socket_keeps_headers_that_a_proxy_wrote_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies that speak HTTP/2 write all header names in small letters. aiohttp without its C parser leaves them so."""
    monkeypatch.setattr(web_protocol, "HttpRequestParser", HttpRequestParserPy)
    told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def take(request: web.Request) -> web.WebSocketResponse:
        told.put_nowait((request.headers.get("Origin", ""), request.headers.get("Cookie", "")))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/ws", take)
    head = "host: localhost\r\norigin: https://a.example\r\ncookie: a=b\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    head += f"sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n"
    async with TestServer(app) as leader, follower(leader) as other, asyncio.timeout(PATIENCE_S):
        _, writer = await asyncio.open_connection("127.0.0.1", other.port)
        writer.write(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode())
        assert await told.get() == ("https://a.example", "a=b")
        writer.close()


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (403, (403, "wrong_origin", None)),
        (429, (429, "too_many_sockets", "30")),
        (500, (503, "unavailable", "1")),
        (503, (503, "unavailable", "1")),
    ],
)
async def test_refusal_of_a_socket_keeps_its_reason(
    status: int, told: tuple[int, str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "LEADER_WITHIN_S", 0.1)  # no other server will lead

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/ws", refuse)
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}
    async with (
        TestServer(app) as leader,
        follower(leader) as other,
        ClientSession() as http,
        http.get(other.make_url("/ws"), headers=headers) as answer,
    ):
        assert (answer.status, (await answer.json())["reason"], answer.headers.get("Retry-After")) == told
