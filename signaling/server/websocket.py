"""The WebSocket at /ws: who connects, how much they may send, and a reason for everything refused. No traceback goes out."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import ExitStack

import msgspec
import structlog
from aiohttp import WSMessage, WSMsgType, web

from matcher.types import Unavailable
from signaling.access.admission import Crowded
from signaling.access.identity import right_of
from signaling.access.rate_limits import Buckets, network_of
from signaling.live import Live
from signaling.live.commands import REFUSALS, handle
from signaling.live.connections import Client
from signaling.protocol import messages as msg
from signaling.protocol.reading import Unreadable
from signaling.records import RecordsAway
from signaling.server import app_keys
from signaling.server.connection_limits import Strangers
from signaling.server.garbage_collector import let_go
from signaling.server.http.bodies import address_of
from signaling.session.model import NotAllowed

log = structlog.get_logger(__name__)

HELLO_TIMEOUT_S = 10.0
GOODBYE_S = 2.0  # for what was queued before `bye`, and `bye` itself
SEND_TIMEOUT_S = 10.0  # a peer that takes nothing for so long is cut off
PING_S = 10.0
MAX_MESSAGE_BYTES = 450_000  # the largest is a board message
MESSAGES = {"burst": 400, "per_minute": 6_000}
LINES = {"burst": 100, "per_minute": 300}
MOST_OFFENCES = 200
AWAY_RETRY_MS = 1000
MEDIA_LANE = 64  # offers and board messages waiting for their room; more are refused

SENTENCES = {
    "bad_message": "This message is not understood.",
    "not_yours": "This is not yours to do here.",
    "wrong_state": "This is not possible now.",
    "too_many": "Too many messages; slow down.",
    "replaced": "Another tab has taken over.",
    "unknown": "There is no such thing any more.",
    "unknown_picture": "This picture may not be shared here.",
    "empty": "There is nothing in this line.",
    "recording": "This call is being recorded: say first whether you may be.",
    "no_help": "There is no help to do this with.",
    "no_worker": "The media server is not reachable right now.",
    "bad_sdp": "This offer is not understood.",
    "bad_board": "This board message is not understood.",
    "listening_off": "Nobody may listen in to this conversation.",
    "channel": "This conversation has another channel.",
    "too_late": "It is too late for this.",
    "not_pending": "This call is no longer ringing for you.",
    "closed": "The opening hours are over; leave a message instead.",
    "no_contact": "Say how you can be reached.",
    "out_of_hours": "That is out of hours; choose another time.",
    "full": "No more callbacks can be taken; leave a message instead.",
    "not_offered": "Callbacks are not offered here.",
    "ringing": "A counselor is being asked right now.",
    "too_often": "That has been done too often.",
    "busy": "You are in a conversation.",
    "unavailable": "This is out of reach for a moment. Try again in a few seconds.",
    "failed": "Something went wrong here. Try again.",
}


STRANGERS: web.AppKey[Strangers] = web.AppKey("strangers", Strangers)
_CONTROL = (WSMsgType.PING, WSMsgType.PONG)


def setup(app: web.Application) -> None:
    app[STRANGERS] = Strangers()
    app.router.add_get("/ws", _serve)


async def _serve(request: web.Request) -> web.StreamResponse:
    live, settings = request.app[app_keys.LIVE], request.app[app_keys.SETTINGS]
    if request.headers.get("Origin") not in settings.own_origins:
        live.house.refused["origin"] += 1
        return web.json_response({"reason": "wrong_origin", "message": "This page may not connect here."}, status=403)
    network = network_of(address_of(request))
    if not request.app[STRANGERS].enter(network):
        live.house.refused["too_many_sockets"] += 1
        return web.json_response(
            {"reason": "too_many_sockets", "message": "Too many connections at once; try again."}, status=429
        )
    with ExitStack() as stranger:
        stranger.callback(request.app[STRANGERS].leave, network)
        return await _converse(request, stranger)


async def _converse(request: web.Request, stranger: ExitStack) -> web.WebSocketResponse:
    """`stranger` is closed when the client has said who it is."""
    live = request.app[app_keys.LIVE]
    socket = web.WebSocketResponse(heartbeat=PING_S, max_msg_size=MAX_MESSAGE_BYTES, compress=False, autoping=False)
    try:
        await socket.prepare(request)
    except ConnectionError:  # gone before it was answered: a browser that had waited long enough
        live.house.refused["gone"] += 1
        return socket
    try:
        await _Connection(live, request, socket, stranger).run()
    finally:
        let_go(request, socket)
    return socket


class _Connection:
    def __init__(self, live: Live, request: web.Request, socket: web.WebSocketResponse, stranger: ExitStack) -> None:
        self.live = live
        self.request = request
        self.socket = socket
        self.stranger = stranger
        self.client: Client | None = None
        self._messages = Buckets(burst=MESSAGES["burst"], per_minute=MESSAGES["per_minute"], most_keys=1)
        self._lines = Buckets(burst=LINES["burst"], per_minute=LINES["per_minute"], most_keys=1)
        self._offences = 0
        self._media: asyncio.Queue[msg.ClientMessage] | None = None  # from the first on: most who wait never send any
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        try:
            if await self._hello() and self.client is not None:
                self.stranger.close()
                writer = asyncio.create_task(self._write(self.client))
                self._tasks.append(writer)
                await self._read(self.client)
                if self.client.closing:  # it has been told why, and is to hear it
                    await asyncio.wait([writer], timeout=GOODBYE_S)
        except TimeoutError:
            self.live.house.refused["no_hello"] += 1
        finally:
            was_let_in = bool(self._tasks)
            await self._end_tasks()
            if self.client is not None:
                await asyncio.shield(self.live.detach(self.client))
            if not self._is_cut:
                await self.socket.close(code=1000 if was_let_in else 1008)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()  # their tracebacks hold this object

    @property
    def _is_cut(self) -> bool:
        """There is nobody left to say goodbye to."""
        return self.request.transport is None or self.request.transport.is_closing()

    # --- hello -----------------------------------------------------------------------------------------------------------

    async def _hello(self) -> bool:
        """Attaches the client; False when it was refused (and told why)."""
        async with asyncio.timeout(HELLO_TIMEOUT_S):
            frame = await self.socket.receive()
            while frame.type in _CONTROL:
                frame = await self.socket.receive()
        try:
            message = msg.decode_client(frame.data) if frame.type is WSMsgType.TEXT else None
        except Unreadable:
            message = None
        if not isinstance(message, msg.Hello):
            self.live.house.refused["bad_message"] += 1
            await self._say(msg.Error(reason="bad_message", message="The first message is hello."))
            return False
        try:
            known = await (self._user(message) if message.token else self._staff(message))
        except Crowded as crowded:
            self.live.house.refused["crowded"] += 1
            await self._say(msg.Bye(reason="crowded", retry_ms=int(crowded.retry_s * 1000)))
            return False
        except RecordsAway:  # nobody can say who this is
            await self._say(msg.Bye(reason="restart", retry_ms=AWAY_RETRY_MS))
            return False
        if known:
            return True
        self.live.house.refused["hello"] += 1
        await self._say(msg.Bye(reason="token" if message.token else "signed_out"))
        return False

    async def _user(self, hello: msg.Hello) -> bool:
        entry = await self.live.by_token(hello.token)
        if entry is None:
            return False
        async with self.live.admission.returning(urgent=entry.id in self.live.house.index.running):
            self.client = Client(tab=hello.tab, right=entry.token_hash)
            await self.live.attach_user(self.client, entry)
        return True

    async def _staff(self, hello: msg.Hello) -> bool:
        if self.request.headers.get("Origin") not in self.request.app[app_keys.SETTINGS].staff_origins:
            return False
        record = await self.request.app[app_keys.IDENTITY].who(self.request, self.live.house.now())
        if record is None:
            return False
        async with self.live.admission.returning(urgent=True):
            self.client = Client(tab=hello.tab, right=right_of(self.request), staff=record, locale=hello.locale)
            await self.live.attach_staff(self.client, record)
        return True

    async def _say(self, message: msgspec.Struct) -> None:
        await self.socket.send_frame(msg.encode(message), WSMsgType.TEXT)

    # --- in --------------------------------------------------------------------------------------------------------------

    async def _read(self, client: Client) -> None:
        async for frame in self.socket:
            if client.closing or self._offences > MOST_OFFENCES:
                return
            if frame.type in _CONTROL:
                await self._control(client, frame)
                continue
            if frame.type is not WSMsgType.TEXT:
                self._refuse(client, "bad_message", None)
                continue
            try:
                message = msg.decode_client(frame.data)
            except Unreadable as error:
                self._refuse(client, "bad_message", _id_of(frame.data), f" {error}")
                continue
            if not self._within_limits(message):
                self._refuse(client, "too_many", getattr(message, "id", None))
            elif isinstance(message, msg.Offer | msg.BoardMessage | msg.PeerReport):
                self._to_media_lane(client, message)
            else:
                await self._handle(client, message)

    async def _control(self, client: Client, frame: WSMessage) -> None:
        """Answer a ping. Each answer is work, so that pings count as messages do."""
        if frame.type is not WSMsgType.PING:
            return
        if self._messages.take("", time.monotonic_ns() // 1_000_000):
            await self.socket.pong(frame.data)
        else:
            self._refuse(client, "too_many", None)

    def _within_limits(self, message: msg.ClientMessage) -> bool:
        now = time.monotonic_ns() // 1_000_000
        allowed = self._messages.take("", now)
        if allowed and isinstance(message, msg.SendLine | msg.LeaveMessage | msg.WrapUp):
            allowed = self._lines.take("", now)
        return allowed

    def _to_media_lane(self, client: Client, message: msg.Offer | msg.BoardMessage | msg.PeerReport) -> None:
        """Offers and board messages may wait for their room, and what a peer reports is of the offers before it; lines sent
        meanwhile do not wait for them."""
        if self._media is None:
            self._media = asyncio.Queue(MEDIA_LANE)
            self._tasks.append(asyncio.create_task(self._media_lane(client, self._media)))
        try:
            self._media.put_nowait(message)
        except asyncio.QueueFull:
            self._refuse(client, "too_many", getattr(message, "id", None))

    async def _media_lane(self, client: Client, waiting: asyncio.Queue[msg.ClientMessage]) -> None:
        while True:
            await self._handle(client, await waiting.get())

    async def _handle(self, client: Client, message: msg.ClientMessage) -> None:
        request_id, session = getattr(message, "id", None), getattr(message, "session", "")
        if not isinstance(message, msg.Ping):
            client.acted_at = self.live.house.now()
        try:
            await handle(self.live, client, message)
        except (Unavailable, RecordsAway):
            self.live.house.refused["unavailable"] += 1
            client.send(_error("unavailable", request_id, session))
        except REFUSALS as refused:
            reason = refused.reason if isinstance(refused, NotAllowed) else "unknown"
            self.live.house.refused[reason] += 1
            detail = refused.detail if isinstance(refused, NotAllowed) else ""
            client.send(_error(reason, request_id, session, detail=detail))
        except Exception:
            log.exception("message failed", kind=type(message).__name__, session=session)
            client.send(_error("failed", request_id, session))

    def _refuse(self, client: Client, reason: str, request_id: int | None, why: str = "") -> None:
        self._offences += 1
        self.live.house.refused[reason] += 1
        client.send(_error(reason, request_id, why=why))
        if self._offences > MOST_OFFENCES:
            client.bye("too_many", retry_ms=5000)

    # --- out -------------------------------------------------------------------------------------------------------------

    async def _write(self, client: Client) -> None:
        while (frame := await client.next()) is not None:
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self.socket.send_frame(frame, WSMsgType.TEXT)
            except (TimeoutError, ConnectionError):
                if self.request.transport is not None:
                    self.request.transport.abort()
                return
        await self.socket.close()


def _error(reason: str, request_id: int | None, session: str = "", why: str = "", detail: str = "") -> msg.Error:
    sentence = SENTENCES.get(reason, "This is not possible now.") + why
    sentence = f"{sentence.removesuffix('.')}: {detail}." if detail else sentence
    return msg.Error(reason=reason, message=sentence, id=request_id, session=session)


_ID = re.compile(r'"id"\s*:\s*(-?[0-9]{1,18})\s*[,}]')


def _id_of(text: str) -> int | None:
    """The request id of a message that is not understood, so that its sender need not wait for a reply. A quote within a text
    stands behind a backslash, so that no text passes for an id."""
    found = _ID.search(text)
    return int(found[1]) if found else None
