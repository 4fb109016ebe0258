"""A server that is not the leader checks each HTTP request, and forwards it to the leader byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from signaling.cluster.node import TOKEN_HEADER, Leader, Node
from signaling.config.settings import Settings
from signaling.server import app_keys
from signaling.server.forwarding import Relay

TOKEN = "the cluster's own"


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
