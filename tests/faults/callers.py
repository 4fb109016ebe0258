"""People who behave as their browsers do.

After a disconnect, a person's WebSocket reconnects with backoff: to the same server if that server sent `bye`, otherwise to the
next server. When the call's room is opened anew (its epoch rises), the person opens a new peer connection while the old one still
carries sound. Each person keeps chat lines until they are acknowledged, and has a copy of the board.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import secrets
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pycrdt import Doc, Map

from media.api.wire import AdmitPeer, Admitted
from media.board.room import Fragmenter, Reassembler
from tests.faults.ears import Ear, Mouth
from tests.peers.test_board import unvar, var

LADDER_S = (0.0, 0.3, 1.2, 2.7)
DIAL_S = 2.0
REPLY_S = 8.0
OVERLAP_S = 1.0  # seconds during which both the old peer connection and the new one are open
RESEND_S = 1.5
_UPDATES = (1, 2)


def ladder_s(attempt: int) -> float:
    return LADDER_S[min(attempt, len(LADDER_S) - 1)] * (1 + 0.3 * random.random())


class Refused(Exception):
    """An error with which the server replied. The exception's text is the reason of the refusal."""


class Board:
    """A participant's copy of the board, kept in sync over the present peer connection."""

    def __init__(self) -> None:
        self.doc: Doc[Map[object]] = Doc()
        self.strokes = self.doc.get("elements", type=Map)
        self._peer: Mouth | None = None

    def attach(self, peer: Mouth) -> None:
        self._peer, reassembler = peer, Reassembler()

        def message(fragment: bytes) -> None:
            whole = reassembler.feed(fragment)
            if whole is None:
                return
            if whole[1] in _UPDATES:
                self.doc.apply_update(unvar(whole[2:]))
            else:
                self._send(bytes([0, 1]) + var(self.doc.get_update(unvar(whole[2:]))))
                # also ask the worker for the board again, as browsers do: if the worker did not know this peer yet when the
                # earlier request came, it has dropped that request
                self._ask()

        for fragment in peer.documents:  # handle the board messages that arrived before this board was attached to the peer
            message(fragment)
        peer.doc.on("message", message)
        peer.doc.on("open", self._ask)
        if peer.doc.readyState == "open":
            self._ask()

    def _ask(self) -> None:
        self._send(bytes([0, 0]) + var(self.doc.get_state()))

    def draw(self, name: str) -> None:
        before = self.doc.get_state()
        self.strokes[name] = "x" * 200
        self._send(bytes([0, 2]) + var(self.doc.get_update(before)))

    def _send(self, message: bytes) -> None:
        """Send a board message, or drop it while the data channel is closed, because the next sync contains the same update."""
        if self._peer is not None and self._peer.doc.readyState == "open":
            with suppress(ConnectionError):
                for fragment in Fragmenter().cut(message):
                    self._peer.doc.send(fragment)

    def names(self) -> set[str]:
        return set(self.strokes.to_py() or {})


@dataclass(kw_only=True)
class Caller:
    """A person, identified by `hello`, `origin` and `cookie`.

    `pongs`: when each answer to a ping arrived (the event loop's clock). A person sends pings only if `watched` is set. `moves`:
    the room's epoch each time this person joined the room.
    """

    http: aiohttp.ClientSession
    doors: list[str]
    origin: str
    hello: dict[str, Any]
    hz: int
    ear: Ear
    cookie: str = ""
    accepts: bool = False
    watched: bool = False
    ping_s: float = 0.05
    session: dict[str, Any] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    over: str = ""
    pongs: list[float] = field(default_factory=list)
    moves: list[int] = field(default_factory=list)
    rings: list[dict[str, Any]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    board: Board = field(default_factory=Board)
    peers: list[Mouth] = field(default_factory=list)
    outbox: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._door, self._told = 0, False
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Condition()
        self._wanted = 0
        self._joining: asyncio.Task[None] | None = None
        self._tasks = [asyncio.create_task(self._come_back_for_ever()), asyncio.create_task(self._ping())]

    async def close(self) -> None:
        tasks = [*self._tasks, *([self._joining] if self._joining else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._ws is not None:
            await self._ws.close()
        peers, self.peers = self.peers, []
        await asyncio.gather(*(peer.close() for peer in peers), return_exceptions=True)

    # --- the WebSocket ------------------------------------------------------------------------------------------------

    async def _come_back_for_ever(self) -> None:
        self._attempt = 0
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._live()
            self._ws = None
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(ConnectionError())
            self._replies.clear()
            # like a load balancer: leave a server that failed, but try a server again that sent `bye`, because it can soon
            # serve again
            self._door += not self._told
            await asyncio.sleep(ladder_s(self._attempt))
            self._attempt += 1

    async def _live(self) -> None:
        headers = {"Origin": self.origin} | ({"Cookie": self.cookie} if self.cookie else {})
        url = self.doors[self._door % len(self.doors)] + "/ws"
        self._told = False
        async with asyncio.timeout(DIAL_S):
            ws = await self.http.ws_connect(url, headers=headers, max_msg_size=0, timeout=aiohttp.ClientWSTimeout(ws_close=0.5))
        async with ws:
            await ws.send_str(json.dumps({"type": "hello", **self.hello}))
            async for frame in ws:
                message = json.loads(frame.data)
                if message["type"] == "welcome":
                    self._ws, self._attempt = ws, 0
                    for line in list(self.outbox.values()):
                        await ws.send_str(json.dumps(line))
                await self._received(message)

    async def _received(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        self.seen[kind] += 1
        if kind == "pong":
            self.pongs.append(asyncio.get_running_loop().time())
        elif kind == "ack":
            self.outbox.pop(message["line"], None)
        elif kind == "session":
            self.session = message["session"]
            self._follow()
        elif kind == "bye":
            self._told = True
        elif kind == "session_over":
            self.over = message["reason"]
        elif kind == "ring":
            self.rings.append(message)
            if self.accepts:
                await self._send(type="accept", id=next(self._ids), reservation=message["reservation"])
        elif kind == "error":
            self.refused[message["reason"]] += 1
        reply = self._replies.pop(message.get("id") or 0, None)
        if reply is not None and not reply.done():
            reply.set_result(message)
        async with self._news:
            self._news.notify_all()

    async def _send(self, **message: Any) -> None:
        if self._ws is None:
            raise ConnectionError
        await self._ws.send_str(json.dumps(message))

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send a request over the WebSocket and return the reply. Raise Refused, ConnectionError or TimeoutError."""
        number = next(self._ids)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        await self._send(id=number, **message)
        async with asyncio.timeout(REPLY_S):
            found = await reply
        if found["type"] == "error":
            raise Refused(found["reason"])
        return found

    async def say(self, kind: str, **rest: Any) -> dict[str, Any]:
        return await self.ask(type=kind, session=self.session["id"], **rest)

    async def until(self, so: Any, seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(so)

    def served_since(self, at: float) -> bool:
        return bool(self.pongs) and self.pongs[-1] >= at

    def served_gap(self, since: float, until: float) -> float:
        """Return the longest time in s without an answer to a ping, between the two given times."""
        times = [since, *(at for at in self.pongs if since <= at <= until), until]
        return max(later - earlier for earlier, later in itertools.pairwise(times))

    async def comes_by(self, doors: list[str]) -> None:
        """Close the WebSocket and reconnect. Try the servers in the order of `doors`."""
        self.doors, self._door, self._attempt = doors, -1, 0
        welcomes = self.seen["welcome"]
        if self._ws is not None:
            await self._ws.close()
        await self.until(lambda: self.seen["welcome"] > welcomes)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self.ping_s)
            if self.watched:
                with suppress(ConnectionError, aiohttp.ClientError):
                    await self._send(type="ping")

    # --- lines --------------------------------------------------------------------------------------------------------

    async def write(self, text: str) -> None:
        name = f"c-{secrets.token_hex(6)}"
        self.outbox[name] = {"type": "line", "session": self.session["id"], "line": name, "text": text}
        with suppress(ConnectionError, aiohttp.ClientError):
            await self._send(**self.outbox[name])

    async def delivered(self, seconds: float = 30.0) -> int:
        """Resend unacknowledged chat lines until none remains or `seconds` have passed. Return how many remain.

        The pauses between resends grow. If they did not, a busy server that acknowledges late would get so many lines a second
        that it would refuse them.
        """
        loop = asyncio.get_running_loop()
        until, pause_s = loop.time() + seconds, RESEND_S
        while self.outbox and loop.time() < until:
            for line in list(self.outbox.values()):
                with suppress(ConnectionError, aiohttp.ClientError):
                    await self._send(**line)
            with suppress(TimeoutError):
                await self.until(lambda: not self.outbox, pause_s)
            pause_s *= 2
        return len(self.outbox)

    # --- the media room -----------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        room = self.session.get("room") or {}
        if room.get("media") and room["epoch"] > self._wanted and self.session["state"] == "active":
            self._wanted = room["epoch"]
            if self._joining is not None:
                self._joining.cancel()
            self._joining = asyncio.create_task(self._join(room["epoch"]))

    async def _join(self, epoch: int) -> None:
        for attempt in itertools.count():
            try:
                # `self` stands in for the `WorkerClient` that `Mouth.join` expects: `Mouth.join` calls only the method `admit`
                peer = await Mouth.join(self, self.session["id"], self.session["you"])
            except (Refused, ConnectionError, TimeoutError, aiohttp.ClientError, AssertionError):
                await asyncio.sleep(max(0.05, ladder_s(attempt)))
                continue
            break
        peer.ear = self.ear
        former, self.peers = self.peers, [*self.peers, peer]
        self.board.attach(peer)
        self.moves.append(epoch)
        await self._leave(former)

    async def _leave(self, former: list[Mouth]) -> None:
        await asyncio.sleep(OVERLAP_S)
        for peer in former:
            self.peers.remove(peer)
        await asyncio.gather(*(peer.close() for peer in former), return_exceptions=True)

    async def admit(self, room: str, command: AdmitPeer) -> Admitted:
        """Send the WebRTC offer of `command` over the WebSocket, as a browser does. Return the worker's SDP answer."""
        answer = await self.say("offer", sdp=command.sdp)
        return Admitted(sdp=answer["sdp"])

    def sing(self, ms: int) -> None:
        for peer in self.peers:
            if peer._dtls._tx_srtp is not None:
                peer.sing(self.hz, ms)

    def worker_port(self) -> int:
        """Return the UDP port of the worker to which this person is connected."""
        return self.peers[-1].target[1]
