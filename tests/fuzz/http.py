"""Fuzz every route of the real app over a socket. A request that causes a server error is a fault.

A case (one input from the fuzzer) begins with three bytes: its kind, a route and a person. A text for the path, a query, a body
and a header follow, each after its length. In a case of kind 0, all bytes after the kind are a raw HTTP request. No media worker
runs, so the server refuses requests that need a worker.
"""

from __future__ import annotations

import asyncio
import functools
import json
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import argon2
from aiohttp import web

from signaling.access import identity, rate_limits
from signaling.config.settings import Settings
from signaling.protocol.staff_views import WorkerItem
from signaling.server import app_keys
from signaling.server.app import build_app

ANSWER_S = 10.0
# How long to wait for the response to a raw request, in s. If the request is incomplete, there is no response.
UNFINISHED_S = 0.05
SPENT = 200  # After this many cases, all people sign in again, because a case can sign somebody out or erase a session.
_SAFE = "%/?&=+;:@!$'()*,~"
_CONTROLS = bytes(range(32)) + b"\x7f"
_HOLES = ("{id}", "{session}", "{segment}", "{site}", "{category}", "{track}", "{path}")


class NoWorkers:
    """Stands in for a server's media workers, and starts none."""

    outlive = False

    async def begin(self) -> None: ...
    async def start(self, on_event: object, on_dead: object) -> None: ...
    async def close(self) -> None: ...
    async def heard(self, timeout_s: float) -> None: ...
    async def settle(self) -> None: ...
    def usable(self) -> list[Any]:
        return []

    def place(self, room: str, region: str = "") -> None:
        return None

    def forget(self, room: str) -> None: ...
    def kept(self, room: str) -> int:
        return 0

    def items(self) -> list[WorkerItem]:
        return []


class House:
    def __init__(self, app: web.Application, port: int) -> None:
        self.app = app
        self.port = port
        self.settings = app[app_keys.SETTINGS]
        self.routes = sorted({(r.method, r.resource.canonical) for r in app.router.routes() if r.resource})
        self.people: list[dict[str, str]] = []
        self.session = ""
        self.cases = 0

    async def come(self) -> None:
        """Sign in an operator and a counselor, and create a user's session.

        Set `people` to the headers with which each person sends requests.
        """
        url, own, staff = f"http://127.0.0.1:{self.port}", self.settings.url, self.settings.staff_url("counselor")
        async with aiohttp.ClientSession() as http:

            async def post(path: str, body: object, origin: str) -> tuple[dict[str, Any], str]:
                async with http.post(url + path, json=body, headers={"Origin": origin}) as reply:
                    assert reply.status == 200, await reply.text()
                    return await reply.json(), reply.headers.get("Set-Cookie", "").partition(";")[0]

            place = {"site": "demo-shop", "category": "cameras", "language": "ko"}
            code, _ = await post("/api/codes", place, self.settings.shop_url)
            made, _ = await post("/api/sessions", {"code": code["code"], "channel": "text"}, own)
            cookies = [(await post("/api/sign-in", {"login": n, "password": f"{n}-demo"}, staff))[1] for n in ("ops", "jimin")]
        self.session = made["session"]
        self.people = [
            {"Origin": own},
            {"Origin": self.settings.shop_url},
            {"Origin": own, "Authorization": f"Bearer {made['token']}"},
            *({"Origin": staff, "Cookie": cookie} for cookie in cookies),
        ]

    async def ask(self, data: bytes) -> None:
        if self.cases % SPENT == 0:
            await self.come()
        self.cases += 1
        request, patience = (data[1:], UNFINISHED_S) if data[:1] == b"\0" else (self._request(data), ANSWER_S)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            async with asyncio.timeout(patience):
                status = (await reader.readline()).split()
        except (TimeoutError, ConnectionError):
            assert patience == UNFINISHED_S or not isinstance(request, bytes), "no answer"
            status = []
        writer.close()
        assert len(status) < 2 or status[1] < b"500", (request, status)
        assert self.app[app_keys.COUNTS]["http.internal"] == 0, request

    def _request(self, data: bytes) -> bytes:
        method, path = self.routes[data[1] % len(self.routes)] if len(data) > 1 else self.routes[0]
        who = self.people[data[2] % len(self.people)] if len(data) > 2 else {}
        given, query, body, header = (*_parts(data[3:]), b"", b"", b"", b"")[:4]
        for hole in _HOLES:
            path = path.replace(hole, quote(given, safe=_SAFE) if given else self.session)
        lines = [f"{'GET' if method == '*' else method} {path}?{quote(query, safe=_SAFE)} HTTP/1.1", "Host: localhost"]
        lines += [f"{name}: {value}" for name, value in who.items()]
        if header:
            lines.append("X-Forwarded-For: " + header.translate(None, _CONTROLS).decode("latin-1"))
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        return "\r\n".join(lines).encode("latin-1") + body


def _parts(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 2 <= len(data) and len(found) < 4:
        size = int.from_bytes(data[at : at + 2], "big")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@functools.cache
def _house() -> House:
    identity._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    rate_limits.Buckets.take = lambda *_: True  # fuzzing tests the code behind the rate limits
    folder = Path(tempfile.mkdtemp(prefix="fuzz-http-"))

    async def open_it() -> House:
        app = await build_app(Settings(demo=True, data_dir=folder, most_lag_ms=60_000), NoWorkers())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return House(app, runner.addresses[0][1])

    return _loop().run_until_complete(open_it())


def fuzz_http(data: bytes) -> None:
    _loop().run_until_complete(_house().ask(data))


def seeds() -> list[bytes]:
    """Return a case for each of the first 48 routes and each of the five people, and two cases with raw requests.

    Query and body of each case are valid on some route.
    """
    trail = [{"kind": "page", "label": "M5", "at": 1, "url": "https://shop.example/m5", "dwell_s": 4}]
    bodies = [
        {"site": "demo-shop", "category": "cameras", "language": "ko"},
        {"code": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InNob3AtMSJ9.e30.AA", "channel": "text", "locale": "ko",
         "supplement": {"page_title": "M5", "product": {"id": "m5", "name": "M5"}, "trail": trail, "user_name": "민아"}},
        {"invite": "eyJhbGciOiJIUzI1NiIsInR5cCI6Imludml0ZStqd3QifQ.e30.AA"},
        {"login": "ops", "password": "ops-demo"},
        {"hours": {"timezone": "Asia/Seoul", "week": {"mon": ["09:00-12:00"]}, "days": {"12-25": []}}},
    ]  # fmt: skip
    queries = (b"site=demo-shop&category=cameras&lang=ko_KR", b"q=m5&state=closed&site=demo-shop&from=0&to=9&page=1&lang=ko",
               b"use=line&audience=all", b"")  # fmt: skip
    found = [
        bytes([1, route, who]) + b"".join(len(part).to_bytes(2, "big") + part for part in (b"", query, text, b"192.0.2.1"))
        for route in range(48)
        for who, query, text in zip(range(5), [*queries, b""], (json.dumps(body).encode() for body in bodies), strict=True)
    ]
    return [
        *found,
        b"\0GET /?a=%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\0POST /api/codes HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n[[[[[[[[[",
    ]
