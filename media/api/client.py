"""What signaling may know of a media worker: its messages, and an HTTP client for them. Nothing else of `media` is public.

Commands are HTTP with msgpack bodies (`Content-Type: application/msgpack`); a refused command answers 4xx with an `Refusal`.
Events come on one WebSocket (`GET /events`): binary frames, each one msgpack `Event`, numbered from 1 without gaps for the life
of the worker process; the first frame after connecting is `Snapshot`. A missed number means: close, connect, read the snapshot.

    PUT    /rooms/{room}                     OpenRoom     → RoomState    (idempotent; a higher epoch restarts the room)
    DELETE /rooms/{room}?epoch=N                          → 204
    POST   /rooms/{room}/peers               AdmitPeer    → Admitted
    DELETE /rooms/{room}/peers/{peer}?epoch=N             → 204
    PUT    /rooms/{room}/matrix              SetMatrix    → 204
    POST   /rooms/{room}/board               BoardIn      → 204   (board traffic of a participant without a data channel)
    GET    /healthz                                       → 200
    GET    /stats                                         → WorkerStats, JSON: counters of its whole life
    GET    /quality                                       → {room: [PeerQuality]}: how everybody's connection fares now
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType
from typing import Literal, NoReturn, Self
from urllib.parse import quote

import aiohttp
import msgspec
from msgspec import Struct

PictureLimit = Literal["low", "paused"]


class OpenRoom(Struct, kw_only=True):
    """`board` is the journal so far: Yjs updates in order (v1 encoding)."""

    epoch: int
    board: list[bytes] = []


class RoomState(Struct, kw_only=True):
    room: str
    epoch: int
    peers: list[PeerState] = []


class PeerState(Struct, kw_only=True):
    peer: str
    participant: str
    state: Literal["connecting", "live", "lost", "gone", "replaced"]


class AdmitPeer(Struct, kw_only=True):
    """Peers that the participant has already are replaced (event `PeerChanged`, state `replaced`) at once; but `former`, if it is
    live or lost, when this one is live. Until then it goes on, or is heard again."""

    epoch: int
    peer: str
    participant: str
    sdp: str
    former: str = ""


class Admitted(Struct, kw_only=True):
    sdp: str


class SetMatrix(Struct, kw_only=True):
    """Who gets what; whole, replacing the former one. Participants not named hear and see nothing.

    hears: listener → {source: gain}, gain in 0..4 (1.0 = as sent).
    sees: viewer → {slot 0..3: (participant, "camera" | "screen")}.
    hold: listeners who get the soft hold tone (mixed with what they hear, if anything).
    writers: participants who may change the board; all others of the room read it.
    by_signaling: participants whose board traffic goes by `BoardIn` / `BoardOut` for want of a data channel.
    record: what is recorded; None: nothing, from this moment on.
    """

    epoch: int
    hears: dict[str, dict[str, float]] = {}
    sees: dict[str, dict[int, tuple[str, str]]] = {}
    hold: list[str] = []
    writers: list[str] = []
    by_signaling: list[str] = []
    record: Record | None = None


class Record(Struct, kw_only=True):
    """`period`: the stretch of consent, from 1; another number is another segment. `participants`: whose sound and picture are
    written. A period that has failed (`RecordingOver`) is not begun again."""

    period: int
    participants: list[str]


class BoardIn(Struct, kw_only=True):
    """One whole board message (as on the `doc` channel, reassembled) from a participant."""

    epoch: int
    participant: str
    data: bytes


class Refusal(Struct, kw_only=True):
    """reason: stale_epoch, no_room, no_peer, bad_request, bad_sdp, full, draining."""

    reason: str
    message: str = ""


class Event(Struct, tag_field="type", kw_only=True):
    n: int


class Snapshot(Event, tag="snapshot"):
    worker: str
    pid: int
    udp: list[tuple[str, int]]
    rooms: list[RoomState] = []


class Heartbeat(Event, tag="heartbeat"):
    """Every 250 ms; three missed mean dead. `draining`: it has been told to end and waits for its rooms to move."""

    rooms: int
    peers: int
    lateness_ms: float = 0.0
    draining: bool = False


class PeerChanged(Event, tag="peer"):
    """`lost`: nothing authenticated heard for 3 s. `gone`: closed by the client, by us, or lost for 30 s."""

    room: str
    epoch: int
    peer: str
    participant: str
    state: Literal["connecting", "live", "lost", "gone", "replaced"]
    reason: str = ""


class SpeakingChanged(Event, tag="speaking"):
    """All who speak now in the room, by level (RFC 6464)."""

    room: str
    epoch: int
    participants: list[str]


class PicturesLimited(Event, tag="pictures"):
    """What a viewer's path does not carry: slot → "low" (a lower layer) or "paused". Slots not named are as they were sent. Told
    again every 5 s while anything is limited."""

    room: str
    epoch: int
    participant: str
    slots: dict[int, PictureLimit]


class BoardChanged(Event, tag="board_update"):
    """A merged Yjs update to be journalled (at most 250 ms after the first of its changes)."""

    room: str
    epoch: int
    update: bytes


class RecordingOver(Event, tag="recording_over"):
    """A segment is closed. reason: "" (as asked), else why it failed: disk_full, write_failed, too_slow, worker_lost,
    not_configured. The room goes on."""

    room: str
    epoch: int
    period: int
    reason: str = ""


class BoardOut(Event, tag="board_out"):
    """One whole board message for a participant without a data channel."""

    room: str
    epoch: int
    participant: str
    data: bytes


class Spread(Struct, kw_only=True):
    """How often a figure was at most each of the `bounds` (and above the last), and the sum of all."""

    bounds: list[float]
    counts: list[int]
    sum: float


class WorkerStats(Struct, kw_only=True):
    """`packets_*`: datagrams on its sockets; `packets_fast`: those taken by the fast path, where there is one. `drops`, `audio`,
    `board`, `traffic`: counters by name, of the worker's whole life; `traffic` is of streams after decryption
    (`up_audio_packets`, `down_video_octets`, `up_audio_lost` …). `lateness_ms`: the worst tick of late."""

    rooms: int
    peers: int
    packets_in: int
    packets_out: int
    packets_fast: int
    fast_path: bool
    drops: dict[str, int]
    audio: dict[str, int]
    board: dict[str, int]
    traffic: dict[str, int]
    spreads: dict[str, Spread]
    lateness_ms: float
    processor_s: float
    memory_bytes: int
    tasks: int
    descriptors: int


class StreamQuality(Struct, kw_only=True):
    """One stream over its last second. `kind`: audio, camera or screen; `layer`: its RID, or "paused", or "". `source`: of what
    goes down, whose it is ("": a mix). Loss and jitter are None while nobody has told of them."""

    kind: str
    bps: int
    layer: str = ""
    source: str = ""
    lost_percent: float | None = None
    jitter_ms: float | None = None


class PeerQuality(Struct, kw_only=True):
    """`address`: where its packets come from. `carries_bps`: estimate of what its line carries down; None: nothing is known.
    `concealed_percent`: of its sound, as far as it is mixed, what was made up for want of packets."""

    participant: str
    state: Literal["connecting", "live", "lost", "gone", "replaced"]
    address: str = ""
    rtt_ms: float | None = None
    carries_bps: int | None = None
    concealed_percent: float | None = None
    up: list[StreamQuality] = []
    down: list[StreamQuality] = []


class Announcement(Struct, kw_only=True):
    """What a worker that is leased says of itself, as JSON under `announcement_key(id)`, for `LEASE_MS`; the set `WORKERS_KEY`
    names all of them. `load`: share of one core that it used lately."""

    id: str
    url: str
    rooms: int
    peers: int
    load: float
    draining: bool = False


WORKERS_KEY = "{sangdam}:media"
LEASE_MS = 2000


def announcement_key(worker: str) -> str:
    return f"{WORKERS_KEY}:{worker}"


WorkerEvent = Snapshot | Heartbeat | PeerChanged | SpeakingChanged | PicturesLimited | BoardChanged | BoardOut | RecordingOver
decode_event = msgspec.msgpack.Decoder(WorkerEvent).decode


MSGPACK = "application/msgpack"
COMMAND_TIMEOUT_S = 5.0
"""A worker answers a command in milliseconds; after this it counts as unreachable."""
EVENT_SILENCE_S = 0.75
"""Three heartbeats (250 ms each) missed: the worker is dead or cut off."""
MAX_FRAME_BYTES = 8 * 1024 * 1024


class WorkerError(Exception):
    """Base of what a `WorkerClient` raises."""


class WorkerRefused(WorkerError):
    """The worker refused a command. `reason` is one of `Refusal.reason`; nothing has changed in the worker."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(f"{reason}: {message}" if message else reason)
        self.reason = reason
        self.message = message


class WorkerUnreachable(WorkerError):
    """No (timely) answer, or a broken, silent or gapped event stream. The command may or may not have been carried out."""


class WorkerClient:
    """HTTP client of one worker; use it in the event loop that made it and `close()` it.

    base: path of the worker's Unix socket, or its URL (`http://host:port`); secret: sent as bearer token ("" sends none).
    Every command raises `WorkerRefused` or `WorkerUnreachable`.
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
        await self._session.close()

    async def open_room(self, room: str, command: OpenRoom) -> RoomState:
        return msgspec.msgpack.decode(await self._send("PUT", _room(room), command), type=RoomState)

    async def close_room(self, room: str, epoch: int) -> None:
        await self._send("DELETE", _room(room), epoch=epoch)

    async def admit(self, room: str, command: AdmitPeer) -> Admitted:
        return msgspec.msgpack.decode(await self._send("POST", f"{_room(room)}/peers", command), type=Admitted)

    async def close_peer(self, room: str, peer: str, epoch: int) -> None:
        await self._send("DELETE", f"{_room(room)}/peers/{quote(peer, safe='')}", epoch=epoch)

    async def set_matrix(self, room: str, command: SetMatrix) -> None:
        await self._send("PUT", f"{_room(room)}/matrix", command)

    async def board_in(self, room: str, command: BoardIn) -> None:
        await self._send("POST", f"{_room(room)}/board", command)

    async def rooms(self) -> list[RoomState]:
        """All that are open now: the first word of a new event stream."""
        async with aclosing(self.events()) as events:
            async for event in events:
                if isinstance(event, Snapshot):
                    return event.rooms
        return []

    async def health(self) -> None:
        """Returns when the worker answers; raises `WorkerUnreachable` when it does not."""
        await self._send("GET", "/healthz")

    async def stats(self) -> WorkerStats:
        return msgspec.json.decode(await self._send("GET", "/stats"), type=WorkerStats)

    async def quality(self) -> dict[str, list[PeerQuality]]:
        return msgspec.msgpack.decode(await self._send("GET", "/quality"), type=dict[str, list[PeerQuality]])

    async def events(self, silence_s: float = EVENT_SILENCE_S) -> AsyncGenerator[WorkerEvent, None]:
        """Yields the `Snapshot`, then every event in order. Never ends by itself: raises `WorkerUnreachable` when the stream
        breaks, stays silent for `silence_s` (three heartbeats, unless the caller keeps a watch of its own), or misses a
        number."""
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
