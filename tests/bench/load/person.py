"""One browser tab under load, which behaves like the pages.

A tab sends hello, a ping every 5 s, and, once per connection, a request for chat lines. After a disconnect the tab reconnects
with backoff.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import msgspec
import numpy as np

from tests.bench.load.wire import Socket

PING_S = 5.0
SLICES = 50  # the ping interval has this many equal parts; each tab sends its pings in one of them
SILENT_S = 12.0
LADDER_S = (0.0, 0.3, 1.2, 2.7)
JITTER = 0.3
TALK_S = 8.0
TALK_LINES = 4

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


@dataclass
class Seen:
    """Figures that the load generator has gathered since it last received the command `look`, which reads them."""

    messages: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    places: int = 0
    pings_ms: list[float] = field(default_factory=list)
    lines_ms: list[float] = field(default_factory=list)
    byes: Counter[str] = field(default_factory=Counter)
    gone: Counter[int] = field(default_factory=Counter)


class Tab:
    """A tab. Call `open()` once.

    `here`: whether the server has welcomed the tab and sent it the full state.
    """

    def __init__(self, port: int, seen: Seen, headers: dict[str, str], hello: dict[str, Any]) -> None:
        self.port, self.seen = port, seen
        self.headers, self.hello = headers, encode({"type": "hello", **hello})
        self.slot = random.randrange(SLICES)
        self.here = False
        self.wanted = True
        self.back_at_s = 0.0
        self._socket: Socket | None = None
        self._attempt = 0
        self._retry_s = 0.0
        self._heard_s = 0.0
        self._pinged: tuple[int, float] = (0, 0.0)
        self._next_id = 0
        self._dialling: asyncio.Task[None] | None = None
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}

    # --- coming and going --------------------------------------------------------------------------------------------

    def open(self) -> None:
        self._dialling = asyncio.create_task(self._dial())

    async def _dial(self) -> None:
        socket = Socket(self.headers, self._opened, self._said, lambda status: self._lost(socket, status))
        self._socket, self._heard_s = socket, monotonic()
        try:
            await asyncio.get_running_loop().create_connection(lambda: socket, "127.0.0.1", self.port)
        except OSError:
            self._lost(socket, -1)

    def _opened(self) -> None:
        self.say(self.hello)

    def _lost(self, socket: Socket, status: int) -> None:
        if socket is not self._socket:
            return
        self._socket, self.here = None, False
        for reply in self._replies.values():
            reply.cancel()
        self._replies.clear()
        self.seen.gone[status] += 1
        if not self.wanted:
            return
        step = LADDER_S[min(self._attempt, len(LADDER_S) - 1)]
        wait = max(self._retry_s, step) * (1 + JITTER * random.random())
        self._attempt, self._retry_s = self._attempt + 1, 0.0
        asyncio.get_running_loop().call_later(wait, self.open)

    def cut(self) -> None:
        """Break the connection as a network failure would. The tab notices the closed socket and reconnects."""
        if self._socket is not None:
            self._socket.abort()

    def leave(self) -> None:
        self.wanted = False
        self.cut()

    def tick(self, now_s: float) -> None:
        """Send a ping, or reconnect if the server has been silent for too long.

        The load generator calls this method every `PING_S`.
        """
        if self._socket is not None and now_s - self._heard_s > SILENT_S:
            socket = self._socket
            self._lost(socket, -2)
            socket.abort()
        elif self.here:
            self._next_id += 1
            self._pinged = (self._next_id, now_s)
            self.say(b'{"type":"ping","id":%d}' % self._next_id)

    # --- talking -----------------------------------------------------------------------------------------------------

    def say(self, text: bytes) -> None:
        if self._socket is not None:
            self._socket.say(text)

    async def ask(self, kind: str, **rest: Any) -> dict[str, Any]:
        """Send a request over the WebSocket and return the server's reply. Raise CancelledError if the connection ends first."""
        self._next_id += 1
        number = self._next_id
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        self.say(encode({"type": kind, "id": number, **rest}))
        return await reply

    def _said(self, text: bytes) -> None:
        self._heard_s = monotonic()
        self.seen.bytes += len(text)
        kind = text[9 : text.index(b'"', 9)].decode()  # {"type":"…
        self.seen.messages[kind] += 1
        if kind == "pong":
            self._pong(decode(text))
        elif kind == "queue":
            return  # most of the many messages to consoles need no decoding in this bench
        else:
            self._message(kind, decode(text))

    def _pong(self, message: dict[str, Any]) -> None:
        number, sent_s = self._pinged
        if message.get("id") == number:
            self.seen.pings_ms.append((monotonic() - sent_s) * 1000)

    def _message(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "welcome":
            self._attempt = 0
        elif kind == "bye":
            self.seen.byes[message["reason"]] += 1
            self._retry_s = (message.get("retry_ms") or 0) / 1000
        reply = self._replies.pop(message.get("id", 0), None)
        if reply is not None and not reply.done():
            reply.set_result(message)
        self.received(kind, message)

    def received(self, kind: str, message: dict[str, Any]) -> None:
        raise NotImplementedError

    def is_back(self) -> None:
        self.here = True
        self.back_at_s = monotonic()


class User(Tab):
    """A user who enters the queue as soon as they are connected, talks for `TALK_S`, and leaves."""

    def __init__(self, port: int, seen: Seen, headers: dict[str, str], session: str, token: str) -> None:
        super().__init__(port, seen, headers, {"tab": f"t-{session}", "token": token})
        self.session = session
        self.state = ""
        self.place = 0
        self._asked_lines = False

    def received(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "welcome":
            self._asked_lines = False
        elif kind == "session":
            self._view(message["session"])
        elif kind == "waiting":
            self._waiting(message["waiting"])
        elif kind == "line" and message["line"]["text"].startswith("at "):
            self.seen.lines_ms.append((monotonic() - float(message["line"]["text"][3:])) * 1000)

    def _view(self, view: dict[str, Any]) -> None:
        self.state = view["state"]
        if self.state in ("after", "closed"):
            self.leave()
            return
        if view["waiting"]:
            self._waiting(view["waiting"])
        if not self._asked_lines:
            self._asked_lines = True
            self._next_id += 1
            self.say(encode({"type": "lines", "session": self.session, "before": 0, "id": self._next_id}))
            self.is_back()
        if self.state == "preparing" and self.place == 0:
            self.place = -1
            self.say(encode({"type": "enter", "session": self.session, "channel": "text", "id": 1_000_000}))

    def _waiting(self, waiting: dict[str, Any]) -> None:
        self.seen.places += 1
        self.place = waiting["place"]


class Console(Tab):
    """A counselor's console.

    If `works` is set, the console accepts a user's request, writes a few chat lines, ends the session, and accepts the next user.
    """

    def __init__(self, port: int, seen: Seen, headers: dict[str, str], number: int, *, works: bool) -> None:
        super().__init__(port, seen, headers, {"tab": f"t-c{number}", "locale": "en"})
        self.works = works
        self.served = 0
        self._talk: asyncio.Task[None] | None = None

    def received(self, kind: str, message: dict[str, Any]) -> None:
        if kind == "welcome":
            self.is_back()
            if self.works and message["staff"]["state"] in ("away", "wrap_up"):
                self.say(encode({"type": "state", "state": "available", "id": 1_000_000}))
        elif kind == "ring" and self.works:
            self._talk = asyncio.create_task(self._converse(message["reservation"], message["session"]))

    async def _converse(self, reservation: str, session: str) -> None:
        try:
            if (await self.ask("accept", reservation=reservation))["type"] == "error":
                return
            for number in range(TALK_LINES):
                await asyncio.sleep(TALK_S / TALK_LINES * (0.5 + random.random()))
                await self.ask("line", session=session, line=f"l-{number}", text=f"at {monotonic()}")
            await self.ask("leave", session=session)
            await self.ask("wrap_up", session=session, notes="", outcome="")
            self.served += 1
        except asyncio.CancelledError:
            return  # the connection broke in the middle of a session


def spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    p50, p99, most = np.percentile(values, [50, 99, 100])
    return {"count": len(values), "p50": round(float(p50), 2), "p99": round(float(p99), 2), "max": round(float(most), 2)}
