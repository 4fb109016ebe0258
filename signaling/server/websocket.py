"""The WebSocket at /ws: authentication, rate limits, and a reason for each refused message. Clients never get a traceback."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

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
from signaling.protocol import client_messages as msg
from signaling.protocol import server_messages as replies
from signaling.protocol import staff_messages as staff_msg
from signaling.protocol.reading import Unreadable
from signaling.protocol.reasons import ErrorReason
from signaling.records import RecordsAway
from signaling.server import app_keys
from signaling.server.connection_limits import Strangers
from signaling.server.garbage_collector import let_go
from signaling.server.http.bodies import address_of
from signaling.server.http.errors import refusal
from signaling.session.model import NotAllowed

log = structlog.get_logger(__name__)

HELLO_TIMEOUT_S = 10.0  # seconds in which a new connection must send its hello
GOODBYE_S = 2.0  # before closing a connection, the server takes at most this many seconds to send `bye` and all earlier messages
SEND_TIMEOUT_S = 10.0  # seconds within which a client must read a message; otherwise the server cuts the connection
PING_S = 10.0  # seconds between two heartbeats of a WebSocket
MAX_MESSAGE_BYTES = 450_000  # largest size of a message; board messages are the largest messages
MESSAGES = {"burst": 400, "per_minute": 6_000}
LINES = {"burst": 100, "per_minute": 300}
# messages that add or change a chat line: a line of the sender, or a line by the system about what the sender did
LIMITED_AS_LINES = (
    msg.SendLine, msg.EditLine, msg.LeaveMessage, msg.InviteGuest, msg.RemoveGuest, msg.SetInterpreter, staff_msg.WrapUp,
)  # fmt: skip
MOST_OFFENCES = 200  # the server closes a connection after more than this many unreadable or too frequent messages in all
AWAY_RETRY_MS = 1000  # ms after which a client may connect again, if the database was unavailable when the client connected
# At most this many WebRTC offers, board messages and peer reports of one client, all together, wait to be handled. The server
# handles them in order, and an offer can take long, because the session's room must open first.
MEDIA_LANE = 64

SENTENCES: dict[ErrorReason, str] = {
    "bad_message": "The server does not understand this message.",
    "not_yours": "You may not do this here.",
    "wrong_state": "This is not possible now.",
    "outcome_needed": "Choose how the conversation ended.",
    "too_many": "Too many messages; slow down.",
    "replaced": "Another tab has taken over.",
    "unknown": "This does not exist any more.",
    "unknown_picture": "This picture may not be shared here.",
    "unknown_line": "This line does not exist here.",
    "empty": "This message is empty.",
    "recording": "This call is being recorded. Say first whether you agree to be recorded.",
    "captions_off": "This conversation can have no captions now.",
    "guests_off": "Guests are not invited here.",
    "too_many_guests": "No more guests can be invited into this conversation.",
    "no_help": "There is no open help request.",
    "no_worker": "The media server is not reachable right now.",
    "bad_sdp": "The server does not understand this offer.",
    "bad_board": "The server does not understand this board message.",
    "listening_off": "Nobody may listen in to this conversation.",
    "speaking_off": "The site does not let operators whisper, or does not let them join.",
    "not_mentioned": "Nobody has mentioned you in this conversation, or it is over.",
    "unknown_colleague": "This colleague is not signed in, or does not work for this site.",
    "staff_lines_only": "Colleagues can be mentioned only in messages that staff alone read.",
    "channel": "This is not possible in this kind of conversation.",
    "too_late": "It is too late for this.",
    "not_pending": "This call is no longer ringing for you.",
    "closed": "The opening hours are over; leave a message instead.",
    "no_contact": "Say how you can be reached.",
    "out_of_hours": "That time is outside the opening hours; choose another.",
    "full": "No place is left; try again later.",
    "not_offered": "Callbacks are not offered here.",
    "form_needed": "The site asks for more before a conversation; begin another session with the form filled in.",
    "ringing": "A counselor is being asked right now.",
    "too_often": "This has been done too often.",
    "busy": "You are in a conversation.",
    "unavailable": "This is not available at the moment. Try again in a few seconds.",
    "failed": "Something went wrong here. Try again.",
    "duplicate": "This request exists already.",
    "stale_fence": "This has changed meanwhile.",
    "stale_epoch": "The room has just moved; connect again.",
    "no_room": "The room has just moved; connect again.",
    "no_peer": "This connection has ended; connect again.",
    "draining": "The media server takes no new rooms; try again.",
    "bad_request": "The media server does not take this.",
}


STRANGERS: web.AppKey[Strangers] = web.AppKey("strangers", Strangers)
_CONTROL = (WSMsgType.PING, WSMsgType.PONG)


def setup(app: web.Application) -> None:
    """Add the route /ws to the application."""
    app[STRANGERS] = Strangers()
    app.router.add_get("/ws", _serve)


async def _serve(request: web.Request) -> web.StreamResponse:
    live, settings = request.app[app_keys.LIVE], request.app[app_keys.SETTINGS]
    if request.headers.get("Origin") not in settings.own_origins:
        live.refused["origin"] += 1
        return refusal(403, "wrong_origin", "This page may not connect here.")
    network = network_of(address_of(request))
    if not request.app[STRANGERS].enter(network):
        live.refused["too_many_sockets"] += 1
        return refusal(429, "too_many_sockets", "Too many connections at once; try again.")
    with ExitStack() as stranger:
        stranger.callback(request.app[STRANGERS].leave, network)
        return await _converse(request, stranger)


async def _converse(request: web.Request, stranger: ExitStack) -> web.WebSocketResponse:
    """Serve one WebSocket.

    `stranger`: until this stack is closed, the WebSocket counts as one whose client has not been let in yet.
    """
    live = request.app[app_keys.LIVE]
    socket = web.WebSocketResponse(heartbeat=PING_S, max_msg_size=MAX_MESSAGE_BYTES, compress=False, autoping=False)
    try:
        await socket.prepare(request)
    except ConnectionError:  # the browser closed the connection before the WebSocket was open
        live.refused["gone"] += 1
        return socket
    try:
        await _Connection(live, request, socket, stranger).run()
    finally:
        let_go(request, socket)
    return socket


class _LeftInQueue(Exception):
    """The client has closed the connection while it waited to be let in."""


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
        # the queue is made for the first message that needs it, because most connections send no such message
        self._media: asyncio.Queue[msg.ClientMessage] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        try:
            if await self._hello() and self.client is not None:
                self.stranger.close()
                writer = asyncio.create_task(self._write(self.client))
                self._tasks.append(writer)
                await self._read(self.client)
                if self.client.closing:  # the server is closing the connection, so give the writer time to send `bye`
                    await asyncio.wait([writer], timeout=GOODBYE_S)
        except TimeoutError:
            self.live.refused["no_hello"] += 1
        finally:
            was_let_in = bool(self._tasks)
            await self._end_tasks()
            if self.client is not None:
                if self.client.page:
                    self.live.pages.detach(self.client)
                else:
                    await asyncio.shield(self.live.presence.detach(self.client))
            if not self._is_cut:
                await self.socket.close(code=1000 if was_let_in else 1008)

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks.clear()  # otherwise the tracebacks of the tasks, which refer to this object, would keep it in memory

    @property
    def _is_cut(self) -> bool:
        """Return whether the WebSocket's connection is closed already."""
        return self.request.transport is None or self.request.transport.is_closing()

    # --- the first message -----------------------------------------------------------------------------------------------

    async def _hello(self) -> bool:
        """Authenticate the client and register its connection.

        If the client is refused, tell it why and return False. Raises TimeoutError when no `hello` arrives in time.
        """
        async with asyncio.timeout(HELLO_TIMEOUT_S):
            frame = await self.socket.receive()
            while frame.type in _CONTROL:
                frame = await self.socket.receive()
        try:
            message = msg.decode_client(frame.data) if frame.type is WSMsgType.TEXT else None
        except Unreadable:
            message = None
        if not isinstance(message, msg.Hello):
            self.live.refused["bad_message"] += 1
            await self._say(replies.Error(reason="bad_message", message="The first message must be hello."))
            return False
        try:
            known = await (self._user(message) if message.token else self._staff(message))
        except Crowded as crowded:
            self.live.refused["crowded"] += 1
            await self._say(replies.Bye(reason="crowded", retry_ms=int(crowded.retry_s * 1000)))
            return False
        except RecordsAway:  # without the database, the client cannot be authenticated
            await self._say(replies.Bye(reason="restart", retry_ms=AWAY_RETRY_MS))
            return False
        except _LeftInQueue:
            self.live.refused["gone"] += 1
            return False
        if known:
            return True
        self.live.refused["hello"] += 1
        await self._say(replies.Bye(reason="token" if message.token else "signed_out"))
        return False

    async def _user(self, hello: msg.Hello) -> bool:
        if (found := self.live.guests.by_token(hello.token)) is not None:
            session, guest = found
            async with self._turn(urgent=True):
                if self.live.guests.by_token(hello.token) is None:  # the guest was removed while this connection waited
                    return False
                self.client = Client(tab=hello.tab, right=session.session.invitations[guest].token_hash)
                await self.live.presence.attach_guest(self.client, session, guest)
            return True
        entry = await self.live.stored.by_token(hello.token)
        if entry is None:
            return False
        async with self._turn(urgent=entry.id in self.live.index.running):
            # while this connection waited, another device might have taken the session over, or the session was erased
            entry = await self.live.stored.by_token(hello.token)
            if entry is None:
                return False
            self.client = Client(tab=hello.tab, right=entry.token_hash)
            if hello.page:
                self.live.pages.attach(self.client, entry)
            else:
                await self.live.presence.attach_user(self.client, entry)
        return True

    async def _staff(self, hello: msg.Hello) -> bool:
        if self.request.headers.get("Origin") not in self.request.app[app_keys.SETTINGS].staff_origins:
            return False
        record = await self.request.app[app_keys.IDENTITY].who(self.request, self.live.now())
        if record is None:
            return False
        async with self._turn(urgent=True):
            self.client = Client(
                tab=hello.tab,
                right=right_of(self.request),
                staff=record,
                locale=hello.locale,
                desk=hello.desk,
                was_ready=hello.ready,
            )
            await self.live.presence.attach_staff(self.client, record)
        return True

    @asynccontextmanager
    async def _turn(self, *, urgent: bool) -> AsyncIterator[None]:
        """Wait in the queue of returning clients.

        Raises Crowded if the wait is too long, and _LeftInQueue if the client has left.

        A page that hears nothing for some seconds gives its connection up, and connects again. The given-up connections leave the
        queue. Otherwise the server would serve such a page several times, and the pages behind it would wait even longer.
        """
        try:
            async with self.live.admission.returning(urgent=urgent):
                if self._is_cut:
                    raise _LeftInQueue
                yield
        except Crowded:
            if self._is_cut:  # the client has disconnected, so it cannot be told that the server is full
                raise _LeftInQueue from None
            raise

    async def _say(self, message: msgspec.Struct) -> None:
        await self.socket.send_frame(replies.encode(message), WSMsgType.TEXT)

    # --- messages from the client ----------------------------------------------------------------------------------------

    async def _read(self, client: Client) -> None:
        async for frame in self.socket:
            if client.closing or self._offences > MOST_OFFENCES:
                return
            await self._take(client, frame)
            # Without this pause, the loop would handle all frames that have arrived, so a client that sends many frames would
            # delay all other clients.
            await asyncio.sleep(0)

    async def _take(self, client: Client, frame: WSMessage) -> None:
        if frame.type in _CONTROL:
            await self._control(client, frame)
            return
        if frame.type is not WSMsgType.TEXT:
            self._refuse(client, "bad_message", None)
            return
        try:
            message = msg.decode_client(frame.data)
        except Unreadable as error:
            self._refuse(client, "bad_message", _id_of(frame.data), f" {error}")
            return
        if not self._within_limits(message):
            self._refuse(client, "too_many", getattr(message, "id", None))
        elif isinstance(message, msg.Offer | msg.BoardMessage | msg.PeerReport):
            self._to_media_lane(client, message)
        else:
            await self._handle(client, message)

    async def _control(self, client: Client, frame: WSMessage) -> None:
        """Answer a ping frame of the WebSocket. Pings count towards the limit of messages, because answering them costs time."""
        if frame.type is not WSMsgType.PING:
            return
        if self._messages.take("", time.monotonic_ns() // 1_000_000):
            await self.socket.pong(frame.data)
        else:
            self._refuse(client, "too_many", None)

    def _within_limits(self, message: msg.ClientMessage) -> bool:
        now = time.monotonic_ns() // 1_000_000
        allowed = self._messages.take("", now)
        if allowed and isinstance(message, LIMITED_AS_LINES):
            allowed = self._lines.take("", now)
        return allowed

    def _to_media_lane(self, client: Client, message: msg.Offer | msg.BoardMessage | msg.PeerReport) -> None:
        """Queue a message that might have to wait for the session's room, so that chat lines need not wait behind this message.

        WebRTC offers and board messages wait for the room. A report about a peer connection is queued, too, because it must be
        handled after earlier offers.
        """
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
            client.acted_at = self.live.now()
        try:
            await handle(self.live, client, message)
        except (Unavailable, RecordsAway):
            self.live.refused["unavailable"] += 1
            client.send(_error("unavailable", request_id, session))
        except REFUSALS as refused:
            reason = refused.reason if isinstance(refused, NotAllowed) else "unknown"
            self.live.refused[reason] += 1
            detail = refused.detail if isinstance(refused, NotAllowed) else ""
            client.send(_error(reason, request_id, session, detail=detail))
        except Exception:
            log.exception("message failed", kind=type(message).__name__, session=session)
            client.send(_error("failed", request_id, session))

    def _refuse(self, client: Client, reason: ErrorReason, request_id: int | None, why: str = "") -> None:
        self._offences += 1
        self.live.refused[reason] += 1
        client.send(_error(reason, request_id, why=why))
        if self._offences > MOST_OFFENCES:
            client.bye("too_many", retry_ms=5000)

    # --- messages to the client ------------------------------------------------------------------------------------------

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


def _error(reason: ErrorReason, request_id: int | None, session: str = "", why: str = "", detail: str = "") -> replies.Error:
    sentence = SENTENCES[reason] + why
    sentence = f"{sentence.removesuffix('.')}: {detail}." if detail else sentence
    return replies.Error(reason=reason, message=sentence, id=request_id, session=session)


_ID = re.compile(r'"id"\s*:\s*(-?[0-9]{1,18})\s*[,}]')


def _id_of(text: str) -> int | None:
    """Return the request id in an unreadable message, or None. The server puts this id into its `error` message to the sender.

    Inside a JSON string, quotes have a backslash before them, so no string can look like an id.
    """
    found = _ID.search(text)
    return int(found[1]) if found else None
