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
    GET    /stats                                         → JSON of counters (packets, drops by reason, rooms, peers, encodes …)
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct


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
    """Admitting a participant who has a peer already replaces that peer (event `PeerChanged`, state `replaced`)."""

    epoch: int
    peer: str
    participant: str
    sdp: str


class Admitted(Struct, kw_only=True):
    sdp: str


class SetMatrix(Struct, kw_only=True):
    """Who gets what; whole, replacing the former one. Participants not named hear and see nothing.

    hears: listener → {source: gain}, gain in 0..4 (1.0 = as sent).
    sees: viewer → {slot 0..3: (participant, "camera" | "screen")}.
    hold: listeners who get the soft hold tone (mixed with what they hear, if anything).
    writers: participants who may change the board; all others of the room read it.
    by_signaling: participants whose board traffic goes by `BoardIn` / `BoardOut` for want of a data channel.
    """

    epoch: int
    hears: dict[str, dict[str, float]] = {}
    sees: dict[str, dict[int, tuple[str, str]]] = {}
    hold: list[str] = []
    writers: list[str] = []
    by_signaling: list[str] = []


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
    """Every 250 ms; three missed mean dead."""

    rooms: int
    peers: int
    lateness_ms: float = 0.0


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


class BoardChanged(Event, tag="board_update"):
    """A merged Yjs update to be journalled (at most 250 ms after the first of its changes)."""

    room: str
    epoch: int
    update: bytes


class BoardOut(Event, tag="board_out"):
    """One whole board message for a participant without a data channel."""

    room: str
    epoch: int
    participant: str
    data: bytes


WorkerEvent = Snapshot | Heartbeat | PeerChanged | SpeakingChanged | BoardChanged | BoardOut
decode_event = msgspec.msgpack.Decoder(WorkerEvent).decode
