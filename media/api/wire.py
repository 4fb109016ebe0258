"""Messages between signaling and a media worker: commands, replies and events."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

MSGPACK = "application/msgpack"
PictureLimit = Literal["low", "paused"]


class OpenRoom(Struct, kw_only=True):
    """Open a room. `board`: the journal of the room's board (all Yjs updates in order, v1 encoding)."""

    epoch: int
    board: list[bytes] = []


class RoomState(Struct, kw_only=True):
    """State of an open room. `captions`: whether captions are made in the room."""

    room: str
    epoch: int
    peers: list[PeerState] = []
    captions: bool = False


class PeerState(Struct, kw_only=True):
    """State of one peer of a room. `state`: as in `PeerChanged`."""

    peer: str
    participant: str
    state: Literal["connecting", "live", "lost", "gone", "replaced"]


class AdmitPeer(Struct, kw_only=True):
    """Add a peer to a room.

    The new peer replaces the participant's other peers at once (event `PeerChanged`, state `replaced`). There is one exception:
    if the peer `former` has the state `live` or `lost`, it stays until the new peer is live, because `former` can recover.
    """

    epoch: int
    peer: str
    participant: str
    sdp: str
    former: str = ""


class Admitted(Struct, kw_only=True):
    """SDP answer for a peer that was added to a room."""

    sdp: str


class SetMatrix(Struct, kw_only=True):
    """Replace the whole matrix: who hears and sees whom, and who is allowed to write on the board.

    Participants who are not named in `hears` hear nothing, and those who are not named in `sees` see nothing.

    - hears: listener → {source: gain}, gain in 0..4 (1.0 = as sent).
    - sees: viewer → {slot 0..7: (participant, "camera" | "screen")}. A slot is a video section that the viewer's browser
      receives.
    - hold: listeners who get the soft hold tone. If they also hear somebody, the tone is mixed with these voices.
    - writers: participants who are allowed to change the board. All others in the room can only read the board.
    - by_signaling: participants without a data channel. `BoardIn` and `BoardOut` carry their board messages.
    - record: the recording from now on. None: nothing is recorded.
    - captions: the captions from now on. None: no voice is sent to the captions process.
    """

    epoch: int
    hears: dict[str, dict[str, float]] = {}
    sees: dict[str, dict[int, tuple[str, str]]] = {}
    hold: list[str] = []
    writers: list[str] = []
    by_signaling: list[str] = []
    record: Record | None = None
    captions: Captions | None = None


class Captions(Struct, kw_only=True):
    """The captions that are being made in a room. `language`: the session's language, which people probably speak.

    `participants`: the people whose voices are sent to the captions process. A voice that nobody hears is never sent there.
    `kept`: whether everybody has agreed that the words are kept. `Captioned.kept` has the same value for the words that are said
    after this command.
    """

    language: str
    participants: list[str]
    kept: bool = False


class Record(Struct, kw_only=True):
    """The recording that is being made in a room. `participants`: the people whose sound and video are written.

    `period`: number, from 1, of the period in which everybody who was asked agrees to be recorded. A new number starts a new
    segment. A period whose recording has failed (`RecordingOver`) is not recorded again.
    """

    period: int
    participants: list[str]


class BoardIn(Struct, kw_only=True):
    """Whole board message of a participant. On the `doc` data channel, the same message would come in fragments."""

    epoch: int
    participant: str
    data: bytes


RefusalReason = Literal["stale_epoch", "no_room", "no_peer", "bad_request", "bad_sdp", "full", "draining"]


class Refusal(Struct, kw_only=True):
    """Answer of a worker that refuses a command."""

    reason: RefusalReason
    message: str = ""


class Event(Struct, tag_field="type", kw_only=True):
    """Event of a worker. `n`: the event's number. The worker's events are numbered from 1 without gaps."""

    n: int


class Snapshot(Event, tag="snapshot"):
    """First frame of an event stream: the worker's state after event `n`.

    `udp`: (address, port) of each UDP socket. `captions`: whether a captions process is connected. `region`: the region of the
    worker's machine; "": none is set.
    """

    worker: str
    pid: int
    udp: list[tuple[str, int]]
    rooms: list[RoomState] = []
    captions: bool = False
    region: str = ""


class CaptionsReady(Event, tag="captions_ready"):
    """A captions process has connected to this worker (`ready` true), or is gone (`ready` false).

    `Snapshot.captions` has the state before the first such event.
    """

    ready: bool


class Heartbeat(Event, tag="heartbeat"):
    """Sign of life, at most 250 ms after the previous heartbeat. A worker that misses three heartbeats counts as dead.

    `lateness_ms`: as in `WorkerStats`. `draining`: whether the worker was told to end, and waits until its rooms have moved to
    other workers.
    """

    rooms: int
    peers: int
    lateness_ms: float = 0.0
    draining: bool = False


class PeerChanged(Event, tag="peer"):
    """State of a peer.

    - `lost`: no authenticated packet has come from the peer for 3 s. The peer has failed, but can recover.
    - `gone`: the peer has ended. The client, signaling or the worker has closed it, no packet has come for 30 s, the peer has
      never connected, or its transport has failed. `reason` says which of these has happened.
    """

    room: str
    epoch: int
    peer: str
    participant: str
    state: Literal["connecting", "live", "lost", "gone", "replaced"]
    reason: str = ""


class SpeakingChanged(Event, tag="speaking"):
    """All participants of the room who speak now, as detected from the audio levels of their packets (RFC 6464)."""

    room: str
    epoch: int
    participants: list[str]


class PicturesLimited(Event, tag="pictures"):
    """The videos for which a viewer's connection is too slow.

    `slots`: number of a slot (a video section of the viewer's SDP offer that receives) → "low" (the viewer gets a lower layer) or
    "paused". Slots that are not named are not limited. The event is repeated every 5 s while any slot is limited.
    """

    room: str
    epoch: int
    participant: str
    slots: dict[int, PictureLimit]


class BoardChanged(Event, tag="board_update"):
    """Merged Yjs update for the board's journal, which the signaling server stores.

    The event is sent at most 250 ms after the first change that it contains.
    """

    room: str
    epoch: int
    update: bytes


class RecordingOver(Event, tag="recording_over"):
    """A segment of a recording is closed. The room continues.

    `reason`: "" (signaling has ended the recording), disk_full, write_failed, too_slow (the recorder cannot keep up), worker_lost
    (the recorder is gone), not_configured (the worker has no folder for recordings).
    """

    room: str
    epoch: int
    period: int
    reason: str = ""


class Captioned(Event, tag="caption"):
    """Words that a participant has said. A later event with the same `utterance` replaces an earlier one.

    `heard_by`: the participants who could hear these words when they were said, and no others. `final`: no event with this
    `utterance` follows. `confidence`: 0..1. `lost`: whether words that this participant has just said are missing from the
    captions, because the captions process or the network is too slow; `text` is then empty. `kept`: the value of `Captions.kept`
    when the words were said.
    """

    room: str
    epoch: int
    participant: str
    heard_by: list[str]
    utterance: int
    text: str
    language: str = ""
    confidence: float = 0.0
    final: bool = False
    lost: bool = False
    kept: bool = False


class CaptionsOver(Event, tag="captions_over"):
    """No captions are made in this room any more, because the captions process is gone. The call continues."""

    room: str
    epoch: int


class BoardOut(Event, tag="board_out"):
    """Whole board message for a participant without a data channel."""

    room: str
    epoch: int
    participant: str
    data: bytes


class Spread(Struct, kw_only=True):
    """Histogram of measured values.

    `counts`: how many values lie in each range. `bounds`: the inclusive upper bounds of these ranges; values above the last bound
    lie in one more range. `sum`: the sum of all values.
    """

    bounds: list[float]
    counts: list[int]
    sum: float


class WorkerStats(Struct, kw_only=True):
    """Counters of a worker since its start.

    `packets_in`, `packets_out`: datagrams that the worker's sockets have received and sent. `packets_fast`: those received
    datagrams that belong to offloaded voices and videos. `fast_path`: whether the worker has the fast path. `drops`, `audio`,
    `board`, `traffic`: counters by name. `traffic` counts packets and bytes of voices and videos after decryption
    (`up_audio_packets`, `down_video_octets`, `up_audio_lost`, …). `lateness_ms`: largest lateness of a tick; the remembered
    lateness shrinks by 40 % each second. `processor_s`: processor time of the process.
    """

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
    version: str = ""  # version of Sangdam; "": the worker is older than 0.2


class StreamQuality(Struct, kw_only=True):
    """Quality of one stream over the last second.

    `kind`: audio, camera or screen. `layer`: RID of the video layer, or "paused"; "": the video has only one layer. `source`: the
    participant whose video the peer receives; "": this stream is no received video. `lost_percent` and `jitter_ms` are None until
    an RTCP report has come.
    """

    kind: str
    bps: int
    layer: str = ""
    source: str = ""
    lost_percent: float | None = None
    jitter_ms: float | None = None


class PeerQuality(Struct, kw_only=True):
    """Quality of one peer's connection.

    `address`: the address to which the worker sends; "": none yet. `carries_bps`: estimated bandwidth to the participant; None:
    unknown. `concealed_percent`: percentage of the participant's own sound that the mixer concealed, because packets were
    missing; None: nobody hears the participant in a mix. `up`, `down`: streams from and to the participant.
    """

    participant: str
    state: Literal["connecting", "live", "lost", "gone", "replaced"]
    address: str = ""
    rtt_ms: float | None = None
    carries_bps: int | None = None
    concealed_percent: float | None = None
    up: list[StreamQuality] = []
    down: list[StreamQuality] = []


WorkerEvent = (
    Snapshot | Heartbeat | PeerChanged | SpeakingChanged | PicturesLimited | BoardChanged | BoardOut | RecordingOver
    | CaptionsReady | Captioned | CaptionsOver
)  # fmt: skip
decode_event = msgspec.msgpack.Decoder(WorkerEvent).decode
