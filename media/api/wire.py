"""What signaling and a media worker say to each other: commands, their answers, events, and announcements in Redis."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

MSGPACK = "application/msgpack"
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


WorkerEvent = Snapshot | Heartbeat | PeerChanged | SpeakingChanged | PicturesLimited | BoardChanged | BoardOut | RecordingOver
decode_event = msgspec.msgpack.Decoder(WorkerEvent).decode
