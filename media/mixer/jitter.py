"""Jitter buffer: decides every 20 ms which packet is played next, what is concealed, and how long packets wait.

Pure: this buffer has no clock, no codec and no samples. Methods take the time (seconds, monotonic). `next` returns what the
decoder must do next (a `Step`). Each tick of the mixer asks for steps until it has 960 samples. The RTP timestamps (48 kHz) say
where each packet belongs, so packets of different lengths, 2.5 to 120 ms, can follow one another.

- A missing packet never stops the tick. Perhaps the packet is only late. So the buffer conceals up to 60 ms and still waits for
  the packet. This makes the delay longer by the concealed time. After 60 ms the buffer plays silence and gives the packet up.
- If a later packet has arrived, the gap before it is a loss. The later packet's in-band copy (FEC) repairs the loss. Without a
  copy, the decoder conceals the loss. Above 2 % loss, the delay is one frame longer, so that the later packet has arrived when
  its copy is needed.
- A gap in timestamps without a gap in sequence numbers is silence that the sender did not send (DTX, RFC 7587 section 3.1.3).
- At the end of an outage, packets that were held up may come. A packet that is more than 0.4 s older than the newest one is
  dropped, and packets that were held up begin no new stream.
- The delay is long enough for the packets of the last 10 s, except the two that took longest. Redundant copies of lost packets
  count like packets, so the delay is long enough for the copies. If the delay is a frame or more longer than needed, the buffer
  shortens it, one frame at a time. If the delay is too long by less than a frame (`spare_s`), the room can move its tick earlier.
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
"""Delay from the first packet to the first sound. It is kept until enough packets have come to compute the needed delay. Together
with the wait for the next tick, the delay is 20 to 40 ms."""
MAX_STALL_SAMPLES = 3 * TICK_SAMPLES  # After this many concealed samples in a row, the buffer skips the missing packet.
MAX_DELAY_S = 0.400  # The buffer holds a packet for at most this long.
MAX_PACKETS = 64  # At most this many packets are in the buffer; a full buffer drops its oldest packet.
IDLE_S = 2.0  # After this many seconds without packets, the stream is forgotten.
JUMP_S = 1.0  # A packet whose timestamp is more than this many seconds from the expected one can begin a new stream.
JUMP_PACKETS = 1000  # A packet whose sequence number is further than this from the last one can begin a new stream.
OLD_S, OLD_PACKETS = 60.0, 3000
"""A packet is late if it is more than `MAX_DELAY_S` older than the newest packet, but at most `OLD_S` seconds and `OLD_PACKETS`
packets older. An outage can hold packets up: they arrive at its end, after newer packets."""
SUSPECTS = 4
"""After this many late packets the buffer assumes a new stream, if no other packets come between them, and they come at the pace
of a voice. Late packets of the present stream would come all at once, or between packets that are in time."""
SPREAD_S = 0.030
"""The transit times of the packets with which the sound begins differ by at most this many seconds. Packets that took longer were
held up, and are dropped."""
HISTORY = 500  # The delay is computed from this many of the last packets (10 s, at 20 ms each).
SPARED, SPARED_OF = 2, 50
"""The delay need not be long enough for the slowest packets. It leaves out one of every `SPARED_OF` packets of the history, but
at most `SPARED` packets in all.

An earlier version left out 4 of the last 200 packets, and its delay went up and down on links that lose 10 %. On such links, with
two redundant copies in each packet, calls with that version scored 3.64 MOS, and score 4.20 MOS now. With losses in bursts of
three packets, they scored 2.90 MOS, and score 3.07 MOS now. The present delay is steadier, but 2 to 5 ms longer on links with 30
to 50 ms of jitter.
"""
JUDGED = 200  # loss is computed from this many of the last packets (4 s, at 20 ms each)
WEIGH_EVERY = 16
"""The needed delay is computed again after this many packets. One computation sorts 500 numbers (20 µs)."""
MARGIN_S = 0.003  # seconds; the buffer shortens its delay only if the delay is too long by more than one tick plus this margin
ENOUGH_TO_JUDGE = 50
"""The buffer shortens its delay only after it has got this many packets of a stream."""
LOSS_FOR_RESERVE, LOSS_WITHOUT = 0.02, 0.005
"""Fractions of lost packets. If loss rises above `LOSS_FOR_RESERVE`, the buffer adds one frame to the needed delay. If loss falls
below `LOSS_WITHOUT`, the buffer removes this frame. The gap between the two fractions avoids audible switching to and fro."""


@dataclass(slots=True, order=True)
class Packet:
    """One Opus packet in the buffer.

    `timestamp` (48 kHz) and `sequence` do not wrap inside the buffer. `samples`: duration at 48 kHz. `quiet`: nothing is audible
    in the packet. `fec`: the packet carries a copy of the packet before. `resumes`: the packets missing before this packet were
    left out on purpose, not lost.
    """

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
    """Action of the decoder for one stretch of sound."""

    PLAY = "play"
    """Decode `payload`, which lasts `samples`."""
    RECOVER = "recover"
    """Decode the missing packet before `payload`, `samples` samples long, from its copy inside `payload` (Opus in-band FEC).

    `payload` stays in the buffer.
    """
    CONCEAL = "conceal"
    """Let the decoder conceal a missing packet by continuing the last sound."""
    PAUSE = "pause"
    """Play silence."""


class Step(NamedTuple):
    """The next piece of sound that the mixer plays: `samples` at 48 kHz, in the way that `kind` says."""

    kind: Kind
    samples: int
    payload: bytes = b""
    quiet: bool = False
    fec: bool = False
    timestamp: int = 0
    sequence: int = 0
    """Extended timestamp and sequence number of a played packet. Neither wraps."""


PAUSE = Step(Kind.PAUSE, TICK_SAMPLES)


class JitterBuffer:
    """Jitter buffer of one source.

    Call `push` when a packet arrives. At each tick call `begin`, and then `next` until the steps have 960 samples.
    """

    def __init__(self) -> None:
        self._transits: deque[float] = deque(maxlen=HISTORY)
        self._losses: deque[bool] = deque(maxlen=JUDGED)
        self._lost = 0
        self._reserve = False
        self._suspect: Packet | None = None
        self._suspected_at = float("-inf")
        self._suspects = 0
        self._needed_s: float | None = None
        self._unweighed = 0
        self._fastest_s: float | None = None
        self._packets: list[Packet] = []
        self._reset()

    def _reset(self) -> None:
        """Forget the stream's packets and their transit times, but not its loss rate. The next packet starts a new stream."""
        self._packets.clear()
        self._transits.clear()
        self._needed_s = self._fastest_s = None
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
        """Add a packet that has just arrived, with its header's numbers (16-bit sequence number, 32-bit timestamp).

        Return "", or why a packet was dropped:

        - late: `packet` came too late to be played. A packet that is more than `MAX_DELAY_S` late changes nothing in the buffer.
        - duplicate: the buffer has a packet with the same sound already.
        - jump: sequence number or timestamp of `packet` are far from the expected ones. If the next packet has the next sequence
          number, the buffer adds both packets after all, and starts a new stream with them.
        - overflow: the oldest packet was dropped, and `packet` was added.
        """
        newest, passed_s = self._newest, now - self._newest_at
        if newest is not None and passed_s > IDLE_S:
            self._reset()
        elif newest is not None:
            moved = _signed(packet.timestamp - newest.timestamp, 32)
            skipped = _signed(packet.sequence - newest.sequence, 16)
            old = -OLD_PACKETS <= skipped < 0 and -OLD_S <= moved / RATE < -MAX_DELAY_S
            follows, ahead_s = -JUMP_PACKETS <= skipped <= JUMP_PACKETS, moved / RATE - passed_s
            if old or not follows or abs(ahead_s) > JUMP_S:
                return self._suspicious(packet, now, late=old or (follows and ahead_s < 0))
            packet.timestamp, packet.sequence = newest.timestamp + moved, newest.sequence + skipped
        return self._insert(packet, now)

    def _suspicious(self, packet: Packet, now: float, *, late: bool) -> str:
        """Treat two successive packets with an unexpected sequence number or timestamp as a new stream (new SSRC or clock).

        Drop a single packet with an unexpected sequence number or timestamp (RFC 3550 appendix A.1).

        `late`: whether the packet may also be an old packet of this stream, which was held up or repeated. Then only
        `SUSPECTS` packets that come one after another, at the pace of a voice, begin a new stream. This happens, for example,
        after a microphone has delivered nothing for half a second: from then on, every packet comes later than the buffer waits.
        """
        before, self._suspect = self._suspect, packet
        passed_s, self._suspected_at = now - self._suspected_at, now
        if before is None or (packet.sequence - before.sequence) & 0xFFFF != 1:
            self._suspects = 1
            return "late" if late else "jump"
        self._suspects += passed_s >= packet.samples / RATE / 2
        if late and self._suspects < SUSPECTS:
            return "late"
        self._suspect = None
        self._reset()
        packet.timestamp = before.timestamp + _signed(packet.timestamp - before.timestamp, 32)
        packet.sequence = before.sequence + 1
        return self._insert(before, now) or self._insert(packet, now)

    def _insert(self, packet: Packet, now: float) -> str:
        if self._newest is not None and not self._playing:
            transit = now - packet.timestamp / RATE
            if transit > min(self._transits) + SPREAD_S:
                return "late"
            if transit < max(self._transits) - SPREAD_S:
                self._reset()
        phase = (packet.timestamp - self._phase) % TICK_SAMPLES
        self._observe(now - (packet.timestamp - phase) / RATE, packet.samples / RATE)
        if self._newest is None:
            self._start_at = now + START_DELAY_S
            self._phase = packet.timestamp % TICK_SAMPLES
            self._transits[-1] = now - packet.timestamp / RATE
            self._needed_s = self._fastest_s = None
        if self._newest is None or packet.timestamp > self._newest.timestamp:
            self._newest, self._newest_at = packet, now
        if self._playing and packet.end <= self._cursor:
            self._grow()
            if packet.end <= self._cursor:
                return self._suspicious(packet, now, late=True)
        self._suspect = None
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
        """Record a packet's transit time. If packets were delayed together and arrive in a burst, record only the first."""
        draining = transit < self._last_transit - duration / 2 and transit > self._needed()
        self._last_transit = transit
        if draining:
            return
        if self._fastest_s is not None and len(self._transits) == HISTORY and self._transits[0] <= self._fastest_s:
            self._fastest_s = None
        self._transits.append(transit)
        if self._fastest_s is not None and transit < self._fastest_s:
            self._fastest_s = transit
        self._unweighed += 1
        if self._unweighed >= WEIGH_EVERY:
            self._needed_s = None

    def _grow(self) -> None:
        """Lengthen the delay by whole ticks of silence, when too many packets come late (a longer route, more jitter)."""
        self._needed_s = None
        behind = self._needed() - self._offset_s
        if behind <= 0.0 or len(self._transits) < 10:
            return
        ticks = int(behind / TICK_S) + 1
        self._cursor -= ticks * TICK_SAMPLES
        self._offset_s += ticks * TICK_S
        self._stalled, self._paused = 0, True

    # -- the tick -----------------------------------------------------------------------------------------------------------

    def begin(self, now: float, buffered: int, quiet: bool) -> bool:
        """Start a tick. Return True if the caller must make this tick from 40 ms of sound, which shortens the delay.

        `buffered`: number of decoded samples that the caller still has. `quiet`: whether the sound is so quiet that nobody would
        notice a shortening now. If the sound is louder, the buffer shortens its delay only after that delay has exceeded the
        needed delay for 2 s. It waits less if the excess is large.
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
        """Let a tick of pure silence pass. Call this method before `begin` and `next`, which are needed only if it returns False.

        Return False, and do nothing, if there is something to play.

        During silence of this source, the room can move its ticks earlier, because the packets of the other sources wait longer
        than necessary. While the ticks move, the playing position must not overtake this source's packets. Otherwise every packet
        after the silence would come too late.
        """
        if self._packets:
            return False
        if self._playing:
            if self._stalled or not self._paused:
                return False
            self._offset_s = now - self._cursor / RATE
            if self._offset_s >= self._needed():
                self._cursor += TICK_SAMPLES
            if now - self._newest_at > IDLE_S:
                self._reset()
        return True

    def next(self, now: float) -> Step:
        """Return the next stretch of sound to play. It is always at least one sample long (`samples`)."""
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
        """Return the next step of the playback, which covers the gap before `head` or a part of it.

        None: concealed sound has already covered a part of the gap or all of it; call again.
        """
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
        """Count the packets lost before `head`, if the gap that they leave has been played to its end.

        `left`: samples of the gap that are still to be played.
        """
        if left > 0:
            return
        for _ in range(min(lost, JUDGED)):
            self._outcome(True)
        self._played_sequence = head.sequence - 1

    def _starve(self, now: float) -> Step:
        delay = now - self._cursor / RATE - self._fastest()
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
        """Seconds by which the last tick could have come earlier with the same packets in the buffer.

        0 while that is not known.
        """
        if self._stalled or len(self._transits) < ENOUGH_TO_JUDGE:
            return 0.0
        return self._spare_s - (TICK_S if self._reserve else 0.0)

    # -- the delay that recent packets need ---------------------------------------------------------------------------------

    def _needed(self) -> float:
        """Return the longest transit time (arrival minus timestamp, in s) of recent packets, leaving out the `SPARED` slowest.

        The result is at most `MAX_DELAY_S` more than the shortest transit time.
        """
        if self._needed_s is None:
            self._unweighed = 0
            ordered = sorted(self._transits) or [0.0]
            self._needed_s = min(ordered[-1 - min(SPARED, len(ordered) // SPARED_OF)], ordered[0] + MAX_DELAY_S)
        return self._needed_s

    def _fastest(self) -> float:
        """Return the shortest transit time of recent packets in s; 0 before the first packet."""
        if self._fastest_s is None:
            self._fastest_s = min(self._transits, default=0.0)
        return self._fastest_s

    def _outcome(self, lost: bool) -> None:
        if not (lost or self._lost or self._reserve):
            self._losses.append(False)
            return
        if len(self._losses) == JUDGED:
            self._lost -= self._losses[0]
        self._losses.append(lost)
        self._lost += lost
        self._reserve = self._lost > (LOSS_WITHOUT if self._reserve else LOSS_FOR_RESERVE) * max(len(self._losses), 50)

    @property
    def empty(self) -> bool:
        """Return whether no packet waits in this buffer."""
        return not self._packets

    @property
    def newest(self) -> Packet | None:
        """The packet with the highest timestamp of all received packets. None before the first packet."""
        return self._newest

    @property
    def position(self) -> int:
        """Timestamp of the next sample, extended beyond 32 bits."""
        return self._cursor

    def delay(self, now: float, buffered: int) -> float:
        """Return the buffer's delay in seconds: how long after its arrival the fastest recent packet is heard.

        Return 0 while the buffer does not play.
        """
        if not self._playing or not self._transits:
            return 0.0
        return now - (self._cursor - buffered) / RATE - self._fastest()


def _signed(value: int, bits: int) -> int:
    """Return the difference of two counters of `bits` bits as a signed number, so that a wrap is a small step."""
    half = 1 << (bits - 1)
    return ((value + half) & ((1 << bits) - 1)) - half
