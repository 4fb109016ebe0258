"""Attacks that need no account. Each attack runs at full speed in a separate process.

    python -m tests.bench.abuse.attacks KIND PORT SHOP_PORT SECONDS

PORT is the server's port, and SHOP_PORT is the port of the demo shop. The process prints the number of HTTP requests (or
connections) that it made. Attackers use the addresses 127.0.0.2 to 127.0.0.5; honest users use 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Any

import aiohttp
from PIL import Image

ADDRESSES = [f"127.0.0.{number}" for number in range(2, 6)]
SITE = {"site": "demo-shop", "category": "cameras", "language": "ko"}
UNFINISHED = [
    b"",
    b"GET / HT",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    b"POST /api/codes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    b"POST /api/codes HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
]
GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"FOO\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\n\r\n",
    b"\0" * 9000,
]
CUT = (
    b"POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:%d\r\n"
    b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
)


class Attack:
    def __init__(self, port: int, shop_port: int) -> None:
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self.origin = f"http://localhost:{port}"
        self.shop = f"http://127.0.0.1:{shop_port}"
        self.made = 0
        self._turn = count()

    def client(self, address: str) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(local_addr=(address, 0), limit=0)
        return aiohttp.ClientSession(self.base, connector=connector, timeout=aiohttp.ClientTimeout(total=60))

    async def forever(self, step: Callable[[aiohttp.ClientSession], Awaitable[None]], at_once: int) -> None:
        """Run `at_once` copies of `step` in parallel. Each copy repeats the step without end.

        The copies are spread over the attackers' addresses.
        """

        async def one(http: aiohttp.ClientSession) -> None:
            while True:
                with suppress(aiohttp.ClientError, ConnectionError, TimeoutError, OSError, KeyError):
                    await step(http)
                await asyncio.sleep(0)

        clients = [self.client(address) for address in ADDRESSES]
        try:
            await asyncio.gather(*(one(clients[number % len(clients)]) for number in range(at_once)))
        finally:
            for client in clients:
                await client.close()

    async def post(
        self, http: aiohttp.ClientSession, path: str, origin: str, token: str = "", json: Any = None, data: bytes | None = None
    ) -> dict[str, Any]:
        self.made += 1
        headers = {"Origin": origin} | ({"Authorization": f"Bearer {token}"} if token else {})
        async with http.post(path, headers=headers, json=json, data=data) as answer:
            return dict(await answer.json())

    async def session(self, http: aiohttp.ClientSession) -> tuple[str, str]:
        code = await self.post(http, "/api/codes", self.shop, json=SITE)
        made = await self.post(http, "/api/sessions", self.origin, json={"code": code["code"], "channel": "text"})
        return str(made["session"]), str(made["token"])

    # --- attacks ------------------------------------------------------------------------------------------------

    async def pictures(self) -> None:
        """Upload the image whose decoding costs the server most, in 96 parallel uploads from eight sessions."""
        data = costly_picture()
        clients = [self.client(address) for address in ADDRESSES]
        sessions: list[tuple[str, str]] = []

        async def one(number: int) -> None:
            session, token = sessions[number % len(sessions)]
            while True:
                with suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
                    path = f"/api/sessions/{session}/pictures"
                    await self.post(clients[number % len(clients)], path, self.origin, token, data=data)

        try:
            sessions += [await self.session(clients[number % len(clients)]) for number in range(8)]
            await asyncio.gather(*(one(number) for number in range(96)))
        finally:
            for client in clients:
                await client.close()

    async def sessions(self) -> None:
        async def step(http: aiohttp.ClientSession) -> None:
            await self.session(http)

        await self.forever(step, 32)

    async def codes(self) -> None:
        async def step(http: aiohttp.ClientSession) -> None:
            await self.post(http, "/api/codes", self.shop, json=SITE)

        await self.forever(step, 32)

    async def signing_in(self) -> None:
        async def step(http: aiohttp.ClientSession) -> None:
            login = f"nobody-{next(self._turn)}"
            origin = f"http://counselor.localhost:{self.port}"
            await self.post(http, "/api/sign-in", origin, json={"login": login, "password": "wrong-password"})

        await self.forever(step, 32)

    async def waiting(self) -> None:
        """Create sessions, put each of them into the queue, and disconnect. Each leaves a waiting request in the matcher."""

        async def step(http: aiohttp.ClientSession) -> None:
            session, token = await self.session(http)
            async with http.ws_connect("/ws", headers={"Origin": self.origin}) as socket:
                await socket.send_json({"type": "hello", "tab": "t", "token": token})
                await socket.send_json({"type": "enter", "session": session, "channel": "text", "id": 1})
                for _ in range(3):
                    await socket.receive(5)

        await self.forever(step, 32)

    async def sockets(self) -> None:
        """Open WebSockets. Send nonsense in place of the hello on about half of them, and nothing on the others."""

        async def step(http: aiohttp.ClientSession) -> None:
            self.made += 1
            async with http.ws_connect("/ws", headers={"Origin": self.origin}) as socket:
                if random.random() < 0.5:
                    await socket.send_str("[" * 5000)
                await socket.receive(15)

        await self.forever(step, 1000)

    async def messages(self) -> None:
        """Send chat lines, pings and nonsense on eight WebSockets, as fast as each WebSocket accepts them."""

        async def step(http: aiohttp.ClientSession) -> None:
            session, token = await self.session(http)
            async with http.ws_connect("/ws", headers={"Origin": self.origin}) as socket:
                await socket.send_json({"type": "hello", "tab": "t", "token": token})
                for number in range(5000):
                    self.made += 1
                    line = {"type": "line", "session": session, "line": f"l-{number}", "text": "x" * 3000}
                    await socket.send_json((line, {"type": "ping", "id": number}, {"type": "nonsense"})[number % 3])

        await self.forever(step, 8)

    async def half(self) -> None:
        """Send incomplete HTTP requests, and then one byte every 2 s, so that no request ever ends."""
        await self._raw(400, lambda: random.choice(UNFINISHED), drip=True)

    async def cut(self) -> None:
        """Send HTTP requests that break off in the middle of their body."""
        await self._raw(64, lambda: CUT % self.port + b"{" * 200, drip=False)

    async def garbage(self) -> None:
        await self._raw(64, lambda: random.choice(GARBAGE), drip=False)

    async def _raw(self, at_once: int, first: Callable[[], bytes], *, drip: bool) -> None:
        async def one(number: int) -> None:
            address = ADDRESSES[number % len(ADDRESSES)]
            while True:
                with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))
                    self.made += 1
                    writer.write(first())
                    try:
                        await writer.drain()
                        while drip and not reader.at_eof():
                            await asyncio.sleep(2)
                            writer.write(b"x")
                            await writer.drain()
                        if not drip:
                            async with asyncio.timeout(0.05):
                                await reader.read(100)
                    finally:
                        writer.transport.abort()

        await asyncio.gather(*(one(number) for number in range(at_once)))


KINDS = ("pictures", "sessions", "codes", "signing_in", "waiting", "sockets", "messages", "half", "cut", "garbage")


def costly_picture() -> bytes:
    """Return a PNG of 50 megapixels (grey and alpha), padded to 8 MiB."""
    out = io.BytesIO()
    Image.new("LA", (8000, 6250), (90, 128)).save(out, "PNG", compress_level=1)
    data = out.getvalue()
    padding = random.Random(1).randbytes(8 * 1024 * 1024 - len(data) - 12)
    chunk = struct.pack(">I", len(padding)) + b"prIv" + padding + struct.pack(">I", zlib.crc32(b"prIv" + padding))
    return data[:33] + chunk + data[33:]


async def main(kind: str, port: int, shop_port: int, seconds: float) -> None:
    attack = Attack(port, shop_port)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await getattr(attack, kind)()
    print(attack.made, flush=True)


if __name__ == "__main__":
    os.nice(10)  # attacks run at low priority here, because in reality they do not run on the machines of honest users
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
