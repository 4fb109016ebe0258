"""Media worker: its sockets, its rooms, one timer for all rooms, and its numbered event stream."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog

from media.api import recording_files, wire
from media.captions.link import CaptionLink
from media.mixer import TICK_STEP_S
from media.peer.peer import Peer
from media.peer.quality import Totals
from media.recording.link import Link
from media.token_bucket import TokenBucket
from media.transport import check, ice
from media.transport.fastpath import Fastpath, Unavailable
from media.transport.seam import make_certificate, srtp_functions
from media.transport.udp import Kind, UdpSockets
from media.voice.solo_flow import TICK_STEPS
from media.worker.event_stream import Hub
from media.worker.room import Refused, Room

log = structlog.get_logger(__name__)

BEAT_STEPS, BEAT_APART_STEPS = 50, 32
"""At most `BEAT_STEPS` steps of 5 ms (250 ms) pass between two heartbeats. If a room ticks at least `BEAT_APART_STEPS` (160 ms)
after a heartbeat, the worker sends the next heartbeat in the same wake-up. That saves wake-ups: 20 wake-ups a second cost an idle
worker 0.4 % of a core."""
VERSION = version("sangdam")
FORGET_LATENESS = 0.6
"""Factor by which `lateness_ms`, the remembered lateness of ticks, shrinks each second."""
# At most this many resting rooms tick in one wake-up of the worker. A resting room mixes nothing, and nobody in it sends video.
RESTING_AT_ONCE = 30
MAX_ROOMS = 1000  # at most this many rooms on one worker
MAX_PEERS = 2000  # at most this many peers in all rooms of one worker
CLOSE_S = 1.0  # When the worker closes, peers get at most this many seconds to end properly.
ECHOES_A_SECOND = 20  # A worker answers at most this many STUN requests without credentials a second, from everybody together.
LOG_EVERY = 500  # Write one log line for this many failures of a kind.


def find_fastpath() -> Fastpath | None:
    """Return the fast path of this machine. If this machine has none, return None, and write a log line that says why."""
    try:
        return Fastpath(srtp_functions())
    except Unavailable as reason:
        log.info("no_fast_path", reason=str(reason))
        return None


@dataclass(frozen=True)
class Where:
    """The addresses that a worker binds, and the folder to which it writes.

    `addresses`: local addresses to bind. `announced`: public addresses whose packets reach this worker, at the same port. `port`:
    0 takes any free port. `recordings`: folder of the recordings; None: this worker records nothing.
    `captions`: URL and token of the captions process; None: there is none. `region`: the region of this machine, or "".
    """

    addresses: Sequence[str]
    announced: Sequence[str] = ()
    port: int = 0
    recordings: Path | None = None
    captions: tuple[str, str] | None = None
    region: str = ""


class Worker:
    """One media worker, which implements `room.Outside`. Call `open` before any command, and `close` at the end."""

    def __init__(self, name: str, where: Where, fastpath: Fastpath | None = None) -> None:
        self.name = name
        self.certificate = make_certificate()
        self.drops: Counter[str] = Counter()
        self.totals = Totals()
        self.rooms: dict[str, Room] = {}
        self.candidates: list[tuple[str, int]] = []
        self.udp: list[tuple[str, int]] = []
        self.hub = Hub(self.snapshot)
        self.draining = False
        self.lateness_ms = 0.0
        self.recorder = Link(where.recordings) if where.recordings is not None else None
        self.captions = CaptionLink(*where.captions, self._captions_changed) if where.captions is not None else None
        self._where = where
        self._epochs: dict[str, int] = {}
        self._past_audio: Counter[str] = Counter()
        self._past_board: Counter[str] = Counter()
        self.fastpath = fastpath
        self._sockets = UdpSockets(self._receive, self.drops, self.fastpath)
        self._peers: dict[str, Peer] = {}
        self._paths: dict[ice.Path, Peer] = {}
        self._endings: set[asyncio.Task[None]] = set()
        self._echoes = TokenBucket(ECHOES_A_SECOND, ECHOES_A_SECOND, time.monotonic())
        self._clock: asyncio.TimerHandle | None = None
        self._due = 0
        self._beaten = 0
        self._ticked_at = time.monotonic()
        self._wall_offset = time.time() - time.monotonic()

    async def open(self) -> None:
        """Bind the sockets and start the timer. Raise OSError when no address can be bound, or the port is taken."""
        self.udp = self._sockets.open(self._where.addresses, self._where.port)
        port = self.udp[0][1]
        self.candidates = [(address, port) for address in self._where.announced] + self.udp
        self._beaten = self._steps()
        self._wake()
        if self.captions is not None:
            self.captions.open()

    async def close(self) -> None:
        """End every room and peer, the recorder, the captions link, the sockets and the event stream. Then close the fast path.

        Peers get at most `CLOSE_S` seconds to end. If a peer needs longer, the fast path stays open until the process ends.
        """
        self.draining = True
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        for name in list(self.rooms):
            self._drop_room(name)
        if self.recorder is not None:
            await self.recorder.close()
        if self.captions is not None:
            await self.captions.close()
        if self._endings:
            await asyncio.wait(self._endings, timeout=CLOSE_S)
        self._sockets.close()
        # a peer that has not ended still uses the fast path, so the fast path is closed only when the process ends
        if self.fastpath is not None and not self._endings:
            self.fastpath.close()
        self.hub.close()

    def drain(self) -> None:
        """Refuse new rooms and new peers from now on, and say so in a heartbeat at once."""
        self.draining = True
        self._say()

    @property
    def peers(self) -> int:
        """Number of peers in all rooms of this worker."""
        return len(self._peers)

    # commands

    def open_room(self, name: str, command: wire.OpenRoom) -> wire.RoomState:
        """Open a room, and return its state. If the room is open already, only a higher epoch replaces it.

        An *epoch* counts how often the room was opened. Raise `Refused` for an older epoch than the room has had, for an invalid
        name, after `drain`, and if the worker has `MAX_ROOMS` rooms.
        """
        self._check_epoch(name, command.epoch)
        room = self.rooms.get(name)
        if room is not None and command.epoch > room.epoch:
            self._drop_room(name)
            room = None
        if room is None:
            if self.draining:
                raise Refused("draining")
            if len(self.rooms) >= MAX_ROOMS:
                raise Refused("full", "too many rooms")
            if not recording_files.is_room(name):
                raise Refused("bad_request", "not a valid room name")
            room = self.rooms[name] = Room(name, command.epoch, command.board, self, self._first_tick())
            self._epochs[name] = command.epoch
            self.hurry(room.voices.due)
        return room.state()

    def close_room(self, name: str, epoch: int) -> None:
        """Close the room and end its peers.

        Raise `Refused` if the room is unknown, or has another epoch (number of its opening).
        """
        self.room(name, epoch)
        self._drop_room(name)

    def admit(self, name: str, command: wire.AdmitPeer) -> wire.Admitted:
        """Add a peer to a room and return the SDP answer.

        Raise `Refused` if the peer cannot be added; then nothing has changed.
        """
        if self.draining:
            raise Refused("draining")
        if len(self._peers) >= MAX_PEERS:
            raise Refused("full", "too many peers")
        return wire.Admitted(sdp=self.room(name, command.epoch).admit(command, self.now()))

    def room(self, name: str, epoch: int) -> Room:
        """Return the room if it is open at exactly this epoch (an epoch counts how often the room was opened).

        Raise `Refused` otherwise, with the reason stale_epoch or no_room.
        """
        self._check_epoch(name, epoch)
        room = self.rooms.get(name)
        if room is None or epoch > room.epoch:
            raise Refused("no_room")
        return room

    def _check_epoch(self, name: str, epoch: int) -> None:
        if epoch < self._epochs.get(name, 0):
            raise Refused("stale_epoch")

    def _drop_room(self, name: str) -> None:
        room = self.rooms.pop(name)
        room.close()
        self._past_audio.update(room.voices.mixer.stats)
        self._past_board.update(room.board.stats)
        while len(self._epochs) > 10 * MAX_ROOMS:
            oldest = next(each for each in self._epochs if each not in self.rooms)
            del self._epochs[oldest]

    def snapshot(self, number: int) -> wire.Snapshot:
        """Return the worker's state after the event with this `number`."""
        rooms = [room.state() for room in self.rooms.values()]
        captions = self.captions is not None and self.captions.ready
        return wire.Snapshot(
            n=number,
            worker=self.name,
            pid=os.getpid(),
            udp=self.udp,
            rooms=rooms,
            captions=captions,
            region=self._where.region,
        )

    def stats(self) -> wire.WorkerStats:
        """Return all counters since the start, including those of closed rooms, and the process's load."""
        self._sockets.count()
        audio, board = Counter(self._past_audio), Counter(self._past_board)
        for room in self.rooms.values():
            audio.update(room.voices.mixer.stats)
            board.update(room.board.stats)
        return wire.WorkerStats(
            rooms=len(self.rooms),
            peers=len(self._peers),
            packets_in=self._sockets.packets_in,
            packets_out=self._sockets.packets_out,
            packets_fast=self._sockets.packets_fast,
            fast_path=self.fastpath is not None,
            drops=self.drops | ({"captions_too_slow": self.captions.dropped} if self.captions is not None else {}),
            audio=dict(audio),
            board=dict(board),
            traffic=dict(self.totals.counts),
            spreads={name: spread.told() for name, spread in self.totals.spreads.items()},
            lateness_ms=self.lateness_ms,
            processor_s=time.process_time(),
            memory_bytes=_memory_bytes(),
            tasks=len(asyncio.all_tasks()),
            descriptors=_descriptors(),
            version=VERSION,
        )

    # methods of `room.Outside`, which rooms call

    def emit(self, event: wire.Event) -> None:
        """Publish a room's event to the worker's subscribers."""
        self.hub.publish(event)

    def send(self, data: bytes, path: ice.Path) -> None:
        """Send a room's datagram to the remote address of `path`."""
        self._sockets.send(data, path)

    def flush(self) -> None:
        """Send the datagrams that the fast path has queued."""
        if self.fastpath is not None:
            self.fastpath.flush()

    def claim(self, peer: Peer, path: ice.Path) -> None:
        """Pass datagrams from `path` to `peer` from now on.

        If `path` belonged to another peer before, end the offloading of that peer's streams.
        """
        former = self._paths.get(path)
        if former is not None and former is not peer:
            former.recall()
            former.recall_pictures()
        self._paths[path] = peer

    def adopt(self, peer: Peer) -> None:
        """Register a new peer, so that STUN checks with the peer's ufrag reach the peer."""
        self._peers[peer.ice.ufrag] = peer

    def release(self, peer: Peer, ending: Coroutine[Any, Any, None]) -> None:
        """Forget a peer, and run `ending`, which closes the peer, in the background."""
        self._peers.pop(peer.ice.ufrag, None)
        for path in [path for path, owner in self._paths.items() if owner is peer]:
            del self._paths[path]
        task = asyncio.create_task(ending)
        self._endings.add(task)
        task.add_done_callback(self._ended)

    def now(self) -> float:
        """Return the monotonic time in seconds."""
        return time.monotonic()

    def wall(self, now: float) -> float:
        """Return the Unix time, in seconds, of a moment that `now()` has returned.

        This time never jumps, even if the machine's clock is set.
        """
        return now + self._wall_offset

    def _captions_changed(self) -> None:
        self.emit(wire.CaptionsReady(n=0, ready=self.captions is not None and self.captions.ready))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._endings.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("peer_close_failed", error=type(task.exception()).__name__)

    # datagrams and time

    def _receive(self, kind: Kind, data: bytes, path: ice.Path, came: float) -> None:
        now = time.monotonic()
        if kind == "stun":
            self._receive_stun(data, path, now)
            return
        peer = self._paths.get(path)
        if peer is None or not peer.ice.allows(path):
            self.drops["unchecked_source"] += 1
            return
        try:
            peer.receive(kind, data, path, now, came)
        except Exception as error:  # a fault in our code costs this datagram, but does not end the worker
            self.drops["receive_failed"] += 1
            if self.drops["receive_failed"] % LOG_EVERY == 1:
                log.warning("receive_failed", error=type(error).__name__, kind=kind)

    def _receive_stun(self, data: bytes, path: ice.Path, now: float) -> None:
        asked = check.read(data)
        if asked is not None:
            peer = self._peers.get(asked.username.partition(b":")[0].decode("latin-1"))
            if peer is None:
                self._echo(asked, path, now)
            else:
                peer.check_in(asked, path, now)
            return
        peer = self._paths.get(path)
        if peer is None:
            self.drops["stun_unknown"] += 1
            return
        try:
            message = ice.parse(data)
        except ice.StunError:
            self.drops["stun_malformed"] += 1
            return
        peer.probe_answered(message, path, now)

    def _echo(self, asked: check.Check, path: ice.Path, now: float) -> None:
        """Answer a STUN request without credentials.

        By this answer `sangdam doctor` and a browser can tell that this port is reachable.
        """
        if not asked.username and not asked.integrity_at and self._echoes.take(1, now):
            self._sockets.send(check.echo(asked.transaction, path.address[:2]), path)
        else:
            self.drops["stun_unknown"] += 1

    def _wake(self) -> None:
        """Set the worker's only timer to the next room's tick or to the next heartbeat, whichever comes first.

        The timer fires up to 200 times a second, so it is a plain callback and not a task.
        """
        if self._clock is not None:
            self._clock.cancel()  # a room has asked for an earlier tick
        beat = self._beaten + BEAT_STEPS
        self._due = min(beat, min((room.voices.deadline for room in self.rooms.values()), default=beat))
        delay_s = max(0.0, self._due * TICK_STEP_S - self.now())
        self._clock = asyncio.get_running_loop().call_later(delay_s, self._tick, self._due)

    def hurry(self, due: int) -> None:
        """Set the timer earlier, because a room must tick at the time `due`. Do nothing if the timer is early enough.

        `due`: number of steps of `TICK_STEP_S` since the clock's zero.
        """
        if self._clock is not None and due < self._due:
            self._wake()

    def _tick(self, due: int) -> None:
        now, step = self.now(), self._steps()
        late_ms = (now - due * TICK_STEP_S) * 1000
        self.lateness_ms = max(self.lateness_ms * FORGET_LATENESS ** (now - self._ticked_at), late_ms)
        self._ticked_at = now
        self.totals.spreads["tick_late_ms"].add(late_ms)
        for room in self._due_rooms(step):
            try:
                room.tick(now)
            except Exception:  # one room's fault must neither stop the other rooms' clock nor fill the log 50 times a second
                self.drops["tick_failed"] += 1
                if self.drops["tick_failed"] % LOG_EVERY == 1:
                    log.exception("tick_failed", room=room.name)
        if step - self._beaten >= BEAT_APART_STEPS:
            self._beaten = step
            self._say()
        self._wake()
        if self.recorder is not None:
            self.recorder.flush()

    def _due_rooms(self, step: int) -> list[Room]:
        """Return the rooms to tick now: all active rooms, and at most `RESTING_AT_ONCE` resting rooms (`Room.rests`).

        The other resting rooms wait for the next step, so that no voice waits until all of them have ticked.
        """
        due = [room for room in self.rooms.values() if room.voices.deadline <= step]
        if len(due) <= RESTING_AT_ONCE:
            return due
        # the rooms that have waited longest come first
        resting = sorted((room for room in due if room.rests), key=lambda room: room.check_due)
        for room in resting[RESTING_AT_ONCE:]:
            room.voices.due = step + 1
        return [room for room in due if not room.rests] + resting[:RESTING_AT_ONCE]

    def _steps(self) -> int:
        return int(self.now() / TICK_STEP_S)

    def _first_tick(self) -> int:
        """Return the step (of 5 ms) of a new room's first tick.

        Rooms tick every 20 ms. Of the next four possible steps, take the one in which the fewest rooms tick.
        """
        soon = self._steps() + TICK_STEPS
        taken = Counter(room.voices.due % TICK_STEPS for room in self.rooms.values())
        return min(range(soon, soon + TICK_STEPS), key=lambda step: taken[step % TICK_STEPS])

    def _say(self) -> None:
        late = round(self.lateness_ms, 2)
        said = wire.Heartbeat(n=0, rooms=len(self.rooms), peers=self.peers, lateness_ms=late, draining=self.draining)
        self.emit(said)


def _memory_bytes() -> int:
    """Return the resident memory in bytes; 0 where the kernel does not tell (proc(5), statm)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0
