"""The jitter buffer: decides, every 20 ms, which packet is heard next, what is concealed, and how long packets wait.

Pure: no clock, no codec, no samples. Time comes in (seconds, monotonic), steps go out; one tick of the mixer asks for steps until
it has 960 samples. Packets are placed by their RTP timestamp (48 kHz), so that packets of 2.5 to 120 ms mix freely.

- A packet that has not come never stops the tick: up to 60 ms are concealed without moving on (it may only be late, and the delay
  then has grown by what it needed); after that the tick moves on in silence.
- A hole with a later packet behind it is a loss: recovered from the later packet's in-band copy, or concealed. With 2 % loss or
  more the delay keeps one frame in hand, so that the later packet is there when it is needed.
- A hole in timestamps without a hole in sequence numbers is silence that the sender did not send (DTX, RFC 7587 section 3.1.3).
- The delay follows the packets: it must cover 98 % of the last 4 s. What is too much is given back a frame at a time; what is
  less (`spare_s`: the phase between the packets and the tick) can be given back by a tick that comes earlier.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

RATE = 48_000
TICK_SAMPLES = 960
TICK_S = TICK_SAMPLES / RATE

START_DELAY_S = 0.020
"""From the first packet to the first sound: 20 to 40 ms, until the packets have shown what they need."""
MAX_STALL_SAMPLES = 3 * TICK_SAMPLES
MAX_DELAY_S = 0.400
MAX_PACKETS = 64
IDLE_S = 2.0
JUMP_S = 1.0
JUMP_PACKETS = 1000
HISTORY = 200
COVERED = 0.98
WEIGH_EVERY = 16
"""Packets between two looks at what they need (a look sorts 200 numbers: 8 µs)."""
MARGIN_S = 0.003
ENOUGH_TO_JUDGE = 50
"""Packets seen before anything is given back."""
LOSS_FOR_RESERVE, LOSS_WITHOUT = 0.02, 0.005
"""A frame is kept in hand from so much loss on, and until there is no more than so much: to and fro would be heard."""


@dataclass(slots=True, order=True)
class Packet:
    """`timestamp` and `sequence` do not wrap once inside; `samples`: duration at 48 kHz; `quiet`: nothing to hear in it.
    `resumes`: what is missing before it was kept away, not lost."""

    timestamp: int
    sequence: int
    samples: int
    payload: bytes
    quiet: bool = False
    fec: bool = False
    resumes: bool = False

    @property
    def end(self) -> int:
        return self.timestamp + self.samples


class Kind(Enum):
    PLAY = "play"
    """Decode `payload`: `samples` are its duration."""
    RECOVER = "recover"
    """Take `samples` from the copy that `payload` (its packet stays in the buffer) carries of the packet before it."""
    CONCEAL = "conceal"
    PAUSE = "pause"
    """Silence."""


class Step(NamedTuple):
    kind: Kind
    samples: int
    payload: bytes = b""
    quiet: bool = False
    fec: bool = False
    timestamp: int = 0
    sequence: int = 0
    """Of a packet that is played; neither wraps."""


PAUSE = Step(Kind.PAUSE, TICK_SAMPLES)


class JitterBuffer:
    """One source. `push` on arrival; at each tick `begin`, then `next` until there are enough samples."""

    def __init__(self) -> None:
        self._transits: deque[float] = deque(maxlen=HISTORY)
        self._losses: deque[bool] = deque(maxlen=HISTORY)
        self._lost = 0
        self._reserve = False
        self._suspect: Packet | None = None
        self._needed_s: float | None = None
        self._unweighed = 0
        self._packets: list[Packet] = []
        self._reset()

    def _reset(self) -> None:
        """Forget the stream (not how lossy it was): the next packet starts anew."""
        self._packets.clear()
        self._transits.clear()
        self._needed_s = None
        self._playing = False
        self._cursor = 0
        self._start_at = 0.0
        self._stalled = 0
        self._paused = False
        self._phase = 0
        self._last_transit = 0.0
        self._newest: Packet | None = None
        self._newest_at = 0.0
        self._played_sequence = 0
        self._surplus_ticks = 0
        self._offset_s = 0.0
        self._spare_s = 0.0

    # -- arrival ------------------------------------------------------------------------------------------------------------

    def push(self, packet: Packet, now: float) -> str:
        """Takes over a packet as it came (16-bit sequence, 32-bit timestamp). Returns "" or why one was dropped.

        late, duplicate; jump (from elsewhere: taken if the next one follows it); overflow (taken, and the oldest dropped).
        """
        newest, passed_s = self._newest, now - self._newest_at
        if newest is not None and passed_s > IDLE_S:
            self._reset()
        elif newest is not None:
            moved = _signed(packet.timestamp - newest.timestamp, 32)
            skipped = _signed(packet.sequence - newest.sequence, 16)
            if not (-JUMP_PACKETS <= skipped <= JUMP_PACKETS and -JUMP_S <= moved / RATE - passed_s <= JUMP_S):
                return self._suspicious(packet, now)
            packet.timestamp, packet.sequence = newest.timestamp + moved, newest.sequence + skipped
        self._suspect = None
        return self._insert(packet, now)

    def _suspicious(self, packet: Packet, now: float) -> str:
        """Two packets in a row from elsewhere are a new stream (another SSRC, a new clock); one is a stray (RFC 3550 A.1)."""
        before, self._suspect = self._suspect, packet
        if before is None or (packet.sequence - before.sequence) & 0xFFFF != 1:
            return "jump"
        self._suspect = None
        self._reset()
        packet.timestamp = before.timestamp + _signed(packet.timestamp - before.timestamp, 32)
        packet.sequence = before.sequence + 1
        return self._insert(before, now) or self._insert(packet, now)

    def _insert(self, packet: Packet, now: float) -> str:
        phase = (packet.timestamp - self._phase) % TICK_SAMPLES
        self._observe(now - (packet.timestamp - phase) / RATE, packet.samples / RATE)
        if self._newest is None:
            self._start_at = now + START_DELAY_S
            self._phase = packet.timestamp % TICK_SAMPLES
            self._transits[-1] = now - packet.timestamp / RATE
        if self._newest is None or packet.timestamp > self._newest.timestamp:
            self._newest, self._newest_at = packet, now
        if self._playing and packet.end <= self._cursor:
            self._grow()
            if packet.end <= self._cursor:
                return "late"
        if not self._packets or packet.timestamp >= self._packets[-1].end:
            self._packets.append(packet)
        elif any(packet.timestamp < other.end and other.timestamp < packet.end for other in reversed(self._packets)):
            return "duplicate"
        else:
            insort(self._packets, packet)
        if len(self._packets) > MAX_PACKETS:
            self._packets.pop(0)
            return "overflow"
        return ""

    def _observe(self, transit: float, duration: float) -> None:
        """Notes how long a packet travelled. Of packets held up together that come in one burst only the first counts."""
        draining = transit < self._last_transit - duration / 2 and transit > self._needed()
        self._last_transit = transit
        if draining:
            return
        self._transits.append(transit)
        self._unweighed += 1
        if self._unweighed >= WEIGH_EVERY:
            self._needed_s = None

    def _grow(self) -> None:
        """Too many came too late (a longer route, a new kind of jitter): step back in the stream by whole ticks, over silence."""
        self._needed_s = None
        behind = min(self._needed(), min(self._transits) + MAX_DELAY_S) - self._offset_s
        if behind <= 0.0 or len(self._transits) < 10:
            return
        ticks = int(behind / TICK_S) + 1
        self._cursor -= ticks * TICK_SAMPLES
        self._offset_s += ticks * TICK_S
        self._stalled, self._paused = 0, True

    # -- the tick -----------------------------------------------------------------------------------------------------------

    def begin(self, now: float, buffered: int, quiet: bool) -> bool:
        """Starts a tick with `buffered` decoded samples in hand. True: play this tick from 40 ms of sound (give a frame back).

        `quiet`: nobody would notice now; otherwise the surplus must have lasted 2 s, or less the larger it is.
        """
        if not self._playing:
            return False
        heard = self._cursor - buffered
        self._phase = heard % TICK_SAMPLES
        self._offset_s = now - heard / RATE
        surplus = self._spare_s = self._offset_s - self._needed()
        slack = TICK_S + MARGIN_S + (TICK_S if self._reserve else 0.0)
        self._surplus_ticks = self._surplus_ticks + 1 if surplus > slack else 0
        patience = 5 if quiet else max(10, int(100 - 1000 * (surplus - slack)))
        if self._stalled or self._surplus_ticks < patience or len(self._transits) < ENOUGH_TO_JUDGE:
            return False
        if self._packets and self._packets[-1].end < heard + 2 * TICK_SAMPLES:
            return False
        self._surplus_ticks = 0
        return True

    def rest(self, now: float) -> bool:
        """Instead of `begin` and `next`, where there is nothing but silence: True, and a tick of it has passed."""
        if self._packets:
            return False
        if self._playing:
            if self._stalled or not self._paused:
                return False
            self._cursor += TICK_SAMPLES
            if now - self._newest_at > IDLE_S:
                self._reset()
        return True

    def next(self, now: float) -> Step:
        """The next piece to be heard; `samples` > 0 always."""
        if not self._playing:
            if not self._packets or now < self._start_at:
                return PAUSE
            self._playing = True
            self._cursor = self._packets[0].timestamp
            self._played_sequence = self._packets[0].sequence - 1
        while self._packets:
            head = self._packets[0]
            gap = head.timestamp - self._cursor
            if gap <= 0:
                return self._play(head)
            step = self._bridge(head, gap)
            if step is not None:
                return step
        return self._starve(now)

    def _play(self, head: Packet) -> Step:
        self._packets.pop(0)
        self._outcome(False)
        self._cursor = head.end
        self._played_sequence = head.sequence
        self._stalled, self._paused = 0, head.quiet
        return Step(Kind.PLAY, head.samples, head.payload, head.quiet, head.fec, head.timestamp, head.sequence)

    def _bridge(self, head: Packet, gap: int) -> Step | None:
        """Over a hole before `head`; None: the hole was covered by an earlier stall (look again)."""
        lost = 0 if head.resumes else head.sequence - self._played_sequence - 1
        repaired = head.samples if lost and head.fec and self._reserve else 0
        covered = min(self._stalled, gap - repaired)
        self._stalled = 0
        if covered > 0:
            self._cursor += covered
            self._missed(head, lost, gap - covered)
            return None
        if lost <= 0 or self._paused:
            samples, kind = min(gap, TICK_SAMPLES), Kind.PAUSE
        elif gap <= head.samples:
            samples, kind = gap, Kind.RECOVER
        else:
            samples, kind = min(gap - head.samples, TICK_SAMPLES), Kind.CONCEAL
        self._cursor += samples
        self._missed(head, lost, gap - samples)
        return Step(kind, samples, head.payload, head.quiet, head.fec) if kind is Kind.RECOVER else Step(kind, samples)

    def _missed(self, head: Packet, lost: int, left: int) -> None:
        """Counts the lost packets once, when the hole before `head` has been passed."""
        if left > 0:
            return
        for _ in range(min(lost, HISTORY)):
            self._outcome(True)
        self._played_sequence = head.sequence - 1

    def _starve(self, now: float) -> Step:
        delay = now - self._cursor / RATE - min(self._transits, default=0.0)
        if self._paused or self._stalled >= MAX_STALL_SAMPLES or delay > MAX_DELAY_S:
            self._cursor += TICK_SAMPLES + self._stalled
            self._stalled, self._paused = 0, True
            if now - self._newest_at > IDLE_S:
                self._reset()
            return PAUSE
        self._stalled += TICK_SAMPLES
        return Step(Kind.CONCEAL, TICK_SAMPLES)

    @property
    def spare_s(self) -> float:
        """How much earlier the last tick could have come with the same packets there; 0 before that is known."""
        if self._stalled or len(self._transits) < ENOUGH_TO_JUDGE:
            return 0.0
        return self._spare_s - (TICK_S if self._reserve else 0.0)

    # -- what the packets need ----------------------------------------------------------------------------------------------

    def _needed(self) -> float:
        """Arrival minus timestamp (both in seconds) that covers 98 % of the recent packets."""
        if self._needed_s is None:
            self._unweighed = 0
            ordered = sorted(self._transits)
            self._needed_s = ordered[min(len(ordered) - 1, int(COVERED * len(ordered)))] if ordered else 0.0
        return self._needed_s

    def _outcome(self, lost: bool) -> None:
        if len(self._losses) == HISTORY:
            self._lost -= self._losses[0]
        self._losses.append(lost)
        self._lost += lost
        self._reserve = self._lost > (LOSS_WITHOUT if self._reserve else LOSS_FOR_RESERVE) * max(len(self._losses), 50)

    @property
    def empty(self) -> bool:
        return not self._packets

    @property
    def newest(self) -> Packet | None:
        return self._newest

    @property
    def position(self) -> int:
        """The timestamp (extended past its wraps) of what comes next."""
        return self._cursor

    def delay(self, now: float, buffered: int) -> float:
        """Seconds from the arrival of the fastest recent packet to its being heard, were it heard now."""
        if not self._playing or not self._transits:
            return 0.0
        return now - (self._cursor - buffered) / RATE - min(self._transits)


def _signed(value: int, bits: int) -> int:
    """The difference of two counters that wrap, as the nearer of its two readings."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half
