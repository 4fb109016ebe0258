"""HTTP client of a media worker. The messages are in `wire.py`.

Commands are HTTP requests with msgpack bodies (`Content-Type: application/msgpack`). If the worker refuses a command, the
response is 4xx with a `Refusal`. Events come on one WebSocket (`GET /events`). Each binary frame is one `Event` in msgpack. The
events of a worker process are numbered from 1 without gaps. The first frame after connecting is a `Snapshot`. A client that
notices a gap in the numbers closes the WebSocket, connects again and reads the new snapshot.

    PUT    /rooms/{room}                     OpenRoom     → RoomState    (idempotent; a higher epoch restarts the room)
    DELETE /rooms/{room}?epoch=N                          → 204
    POST   /rooms/{room}/peers               AdmitPeer    → Admitted
    DELETE /rooms/{room}/peers/{peer}?epoch=N             → 204
    PUT    /rooms/{room}/matrix              SetMatrix    → 204
    POST   /rooms/{room}/board               BoardIn      → 204   (board traffic of a participant without a data channel)
    GET    /healthz                                       → 200
    GET    /stats                                         → WorkerStats, as JSON: counters since the worker's start
    GET    /quality                                       → {room: [PeerQuality]}: the quality of each participant's connection
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType
from typing import NoReturn, Self
from urllib.parse import quote

import aiohttp
import msgspec
from msgspec import Struct

from media.api.wire import (
    MSGPACK,
    AdmitPeer,
    Admitted,
    BoardIn,
    OpenRoom,
    PeerQuality,
    Refusal,
    RefusalReason,
    RoomState,
    SetMatrix,
    Snapshot,
    WorkerEvent,
    WorkerStats,
    decode_event,
)

COMMAND_TIMEOUT_S = 5.0
"""If no answer to a command comes within this many seconds, the worker counts as unreachable. Usually the answer comes within
milliseconds."""
EVENT_SILENCE_S = 0.75
"""After this many seconds without an event, a worker counts as dead or cut off. Its heartbeats come every 250 ms."""
MAX_FRAME_BYTES = 8 * 1024 * 1024  # a frame of the event stream has at most this many bytes


class WorkerError(Exception):
    """Base class of the exceptions that `WorkerClient` raises."""


class WorkerRefused(WorkerError):
    """The worker refused a command. Nothing has changed in the worker."""

    def __init__(self, reason: RefusalReason, message: str = "") -> None:
        super().__init__(f"{reason}: {message}" if message else reason)
        self.reason = reason
        self.message = message


class WorkerUnreachable(WorkerError):
    """The worker gave no answer in time or failed (5xx), or its event stream broke, fell silent or left out an event.

    If a command raised this exception, nobody knows whether the worker has carried out the command.
    """


class WorkerClient:
    """HTTP client of one worker. Use the client in the event loop that made it, and close it at the end.

    `base`: path of the worker's Unix socket, or the worker's URL (`http://host:port`). `secret`: bearer token of each request; ""
    sends no token. If a command fails, its method raises `WorkerRefused` or `WorkerUnreachable`.
    """

    def __init__(self, base: str, secret: str = "") -> None:
        by_tcp = base.startswith(("http://", "https://"))
        self._base = base.rstrip("/") if by_tcp else "http://worker"
        self._session = aiohttp.ClientSession(
            connector=None if by_tcp else aiohttp.UnixConnector(path=base),
            headers={"Authorization": f"Bearer {secret}"} if secret else {},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections to the worker."""
        await self._session.close()

    async def open_room(self, room: str, command: OpenRoom) -> RoomState:
        """Open a room and return its state. If the room is open already, only a command with a higher epoch restarts it.

        An *epoch* counts how often the room was opened.
        """
        return msgspec.msgpack.decode(await self._send("PUT", _room(room), command), type=RoomState)

    async def close_room(self, room: str, epoch: int) -> None:
        """Close a room of the worker, and end all peers in the room."""
        await self._send("DELETE", _room(room), epoch=epoch)

    async def admit(self, room: str, command: AdmitPeer) -> Admitted:
        """Add a peer to a room. Return the SDP answer."""
        return msgspec.msgpack.decode(await self._send("POST", f"{_room(room)}/peers", command), type=Admitted)

    async def close_peer(self, room: str, peer: str, epoch: int) -> None:
        """End one peer of a room."""
        await self._send("DELETE", f"{_room(room)}/peers/{quote(peer, safe='')}", epoch=epoch)

    async def set_matrix(self, room: str, command: SetMatrix) -> None:
        """Replace the room's matrix: who hears and sees whom, and who is allowed to write on the board."""
        await self._send("PUT", f"{_room(room)}/matrix", command)

    async def board_in(self, room: str, command: BoardIn) -> None:
        """Send the worker a board message of a participant without a data channel."""
        await self._send("POST", f"{_room(room)}/board", command)

    async def rooms(self) -> list[RoomState]:
        """Return the rooms that are open now, from the snapshot of a new event stream."""
        async with aclosing(self.events()) as events:
            async for event in events:
                if isinstance(event, Snapshot):
                    return event.rooms
        return []

    async def health(self) -> None:
        """Wait until the worker answers. Raise `WorkerUnreachable` when the worker does not answer."""
        await self._send("GET", "/healthz")

    async def stats(self) -> WorkerStats:
        """Return the worker's counters since its start."""
        return msgspec.json.decode(await self._send("GET", "/stats"), type=WorkerStats)

    async def quality(self) -> dict[str, list[PeerQuality]]:
        """Return the quality of each participant's connection, by room."""
        return msgspec.msgpack.decode(await self._send("GET", "/quality"), type=dict[str, list[PeerQuality]])

    async def events(self, silence_s: float = EVENT_SILENCE_S) -> AsyncGenerator[WorkerEvent, None]:
        """Yield the `Snapshot`, and then every event in order, without end.

        Raise `WorkerUnreachable` when the stream breaks, leaves out an event, or is silent for `silence_s` seconds. Before the
        `Snapshot`, the stream is allowed to be silent for `COMMAND_TIMEOUT_S`.
        """
        if self._session.closed:
            raise WorkerUnreachable("closed")
        try:
            async with self._session.ws_connect(
                f"{self._base}/events", timeout=aiohttp.ClientWSTimeout(ws_close=1.0), max_msg_size=MAX_FRAME_BYTES
            ) as socket:
                number: int | None = None
                while True:
                    frame = await socket.receive(timeout=silence_s if number is not None else COMMAND_TIMEOUT_S)
                    if frame.type is not aiohttp.WSMsgType.BINARY:
                        raise WorkerUnreachable("event stream closed")
                    event = decode_event(frame.data)
                    if number is not None and event.n != number + 1:
                        raise WorkerUnreachable("event stream missed a number")
                    number = event.n
                    yield event
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.MsgspecError) as error:
            raise WorkerUnreachable(type(error).__name__) from error

    async def _send(self, method: str, path: str, command: Struct | None = None, epoch: int | None = None) -> bytes:
        if self._session.closed:
            raise WorkerUnreachable("closed")
        try:
            async with self._session.request(
                method,
                self._base + path,
                params={} if epoch is None else {"epoch": str(epoch)},
                data=None if command is None else msgspec.msgpack.encode(command),
                headers={"Content-Type": MSGPACK},
                timeout=aiohttp.ClientTimeout(total=COMMAND_TIMEOUT_S),
            ) as response:
                body = await response.read()
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise WorkerUnreachable(type(error).__name__) from error
        if status >= 400:
            _raise_refusal(status, body)
        return body


def _room(room: str) -> str:
    return f"/rooms/{quote(room, safe='')}"


def _raise_refusal(status: int, body: bytes) -> NoReturn:
    if status >= 500:
        raise WorkerUnreachable(f"worker answered {status}")
    try:
        refusal = msgspec.msgpack.decode(body, type=Refusal)
    except msgspec.MsgspecError:
        raise WorkerRefused("bad_request", f"status {status}") from None
    raise WorkerRefused(refusal.reason, refusal.message)
