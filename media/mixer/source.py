"""One participant's sound: takes RTP packets, and returns at every tick 20 ms of samples, or None for silence.

Packets that announce silence are not decoded. These are DTX packets, and packets whose audio level (RFC 6464) shows that they are
inaudible or contain only an even noise. The sender writes the level into each packet, and with a wrong level silences only
itself.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import numpy as np

from .jitter import RATE, TICK_SAMPLES, JitterBuffer, Kind, Packet, Step
from .opus import Decoder, OpusError, Samples, has_fec, is_dtx, packet_samples

INAUDIBLE_DBOV = 70
"""-70 dBov is a peak of 10 in 32768: below the noise of any room."""
QUIET_PEAK = 16  # peak (of 32768) up to which samples count as silence
HUM_DBOV = 45
HUM_SPREAD = 4
HUM_PACKETS = 50
"""A hum is sound of at most -45 dBov whose level stays within 4 dB for a second. It comes from a fan or a room. No voice, however
soft, is so steady."""
HANGOVER_PACKETS = 10
"""After a loud packet, this many quiet packets are still decoded, so that no word loses its end."""
FADE_SAMPLES = 480  # length of a fade: 10 ms
WARM_PACKETS = 5
"""After this many packets (100 ms), a decoder has the same state as a decoder that has decoded the whole stream."""

_SILENCE: Samples = np.zeros(TICK_SAMPLES, np.int16)
_FADE_OUT = np.linspace(1.0, 0.0, FADE_SAMPLES, dtype=np.float32)
_FADE_IN = np.linspace(0.0, 1.0, FADE_SAMPLES, dtype=np.float32)


class Passed(NamedTuple):
    """Packet that passthrough forwards as it came. `timestamp` and `sequence` do not wrap."""

    payload: bytes
    timestamp: int
    sequence: int
    quiet: bool


def is_quiet(payload: bytes, level_dbov: int | None) -> bool:
    """Return whether a packet itself says that nothing can be heard in it: it is a DTX packet, or its audio level is low."""
    return is_dtx(payload) or (level_dbov is not None and level_dbov >= INAUDIBLE_DBOV)


class Source:
    """Sound of one participant.

    `stats`: the room's counters. A source counts decodes, concealed, fec_used, shortened, skipped_quiet, passed_on and dropped_*.
    """

    def __init__(self, stats: Counter[str]) -> None:
        self._stats = stats
        self.played = self.concealed = 0
        self._buffer = JitterBuffer()
        self._decoder = Decoder()
        self._ready: list[Samples] = []
        self._quiet_run = 0
        self._hum_level = self._hum_run = 0
        self._skipped: bytes | None = None
        self._silent = True
        self._paused = True
        self._kept_away = False
        """True if the mixer needs no quiet packets now. Packets that are missing before the next packet are then not lost: the
        fast path (C code) has left them out."""
        self._in_ticks = 0
        self._last: Passed | None = None
        self._recent: deque[bytes] = deque(maxlen=WARM_PACKETS)
        self.peak = 0
        """Peak of the samples that `take` returned last."""

    def push(self, sequence: int, timestamp: int, payload: bytes, level_dbov: int | None, now: float) -> int:
        """Take one RTP packet of this source, or refuse and count it. Return 0 or an audio level, as `AudioRoom.push` does."""
        try:
            samples = packet_samples(payload)
        except OpusError:
            self._stats["dropped_malformed"] += 1
            return 0
        dtx = is_dtx(payload)
        self._quiet_run = self._quiet_run + 1 if is_quiet(payload, level_dbov) else 0
        hums = self._hums(level_dbov)
        skip = dtx or hums or self._quiet_run > HANGOVER_PACKETS
        self._in_ticks = self._in_ticks + 1 if samples == TICK_SAMPLES else 0
        fec = not skip and has_fec(payload)
        arrived = Packet(timestamp & 0xFFFFFFFF, sequence & 0xFFFF, samples, payload, skip, fec, self._kept_away)
        reason = self._buffer.push(arrived, now)
        if reason:
            self._stats["dropped_" + reason] += 1
        self._kept_away = skip and not dtx
        if not self._kept_away:
            return 0
        return min(INAUDIBLE_DBOV, max(HUM_DBOV, self._hum_level - HUM_SPREAD)) if hums else INAUDIBLE_DBOV

    def _hums(self, level: int | None) -> bool:
        """Return whether the sound has been only an even, low noise for a second (see `HUM_PACKETS`).

        A packet that is louder than `HUM_DBOV`, or whose level differs by more than `HUM_SPREAD`, ends the hum.
        """
        if level is None or level < HUM_DBOV or abs(level - self._hum_level) > HUM_SPREAD:
            self._hum_level, self._hum_run = level or 0, 0
            return False
        self._hum_run += 1
        return self._hum_run > HUM_PACKETS

    def take(self, now: float) -> Samples | None:
        """Return the next 960 samples, or None for silence."""
        if self._paused and not self._ready and self._buffer.rest(now):
            self._silent, self._last, self._skipped = True, None, None
            return None
        buffered = sum(map(len, self._ready)) if self._ready else 0
        shorten = self._buffer.begin(now, buffered, self._silent)
        wanted = 2 * TICK_SAMPLES if shorten else TICK_SAMPLES
        while buffered < wanted:
            piece = self._perform(self._buffer.next(now))
            if piece is _SILENCE and not buffered and not shorten:
                self._silent = True
                return None
            self._ready.append(piece)
            buffered += len(piece)
        sound = self._ready.pop() if len(self._ready) == 1 else np.concatenate(self._ready)
        self._ready.clear()
        if buffered > wanted:
            self._ready.append(sound[wanted:])
            sound = sound[:wanted]
        if shorten:
            self._stats["shortened"] += 1
            sound = _without_a_frame(sound)
        self.peak = int(sound[sound.argmax()])  # takes half the time of `max`
        self._silent = self.peak <= QUIET_PEAK and sound.min() >= -QUIET_PEAK
        return None if self._silent else sound

    @property
    def last(self) -> Passed | None:
        """The packet whose whole sound was played in the last tick. None while packets and ticks differ in length."""
        return self._last if self._in_ticks > WARM_PACKETS and not self._ready else None

    def pass_on(self, now: float) -> list[Passed]:
        """Return the packets of the next 960 samples as they came. In passthrough, call this instead of `take`."""
        shorten = self._buffer.begin(now, 0, self._silent)
        found = []
        for _ in range(2 if shorten else 1):
            step = self._buffer.next(now)
            self._silent = step.quiet or step.kind is Kind.PAUSE
            if step.samples != TICK_SAMPLES:
                self._in_ticks = 0
            if step.kind is Kind.PLAY:
                self._last = Passed(step.payload, step.timestamp, step.sequence, step.quiet)
                self._recent.append(step.payload)
                found.append(self._last)
            self.concealed += step.kind in (Kind.RECOVER, Kind.CONCEAL)
        self.played += len(found)
        self._stats["passed_on"] += len(found)
        return found

    def take_back(self, silent: bool) -> list[Samples]:
        """Decode the last packets that were passed on, so that the next `take` continues their sound. Return their sound.

        `silent`: whether nothing has been audible for a long time; if so, decode nothing.
        """
        sound = []
        for payload in () if silent else self._recent:
            try:
                sound.append(self._decoder.decode(payload))
            except OpusError:
                self._stats["dropped_corrupt"] += 1
        self._recent.clear()
        self._stats["decodes"] += len(sound)
        self._silent = self._silent or silent
        self._paused, self._skipped = self._silent, None
        return sound

    @property
    def empty(self) -> bool:
        """Return whether no packet of this source waits in the jitter buffer."""
        return self._buffer.empty

    @property
    def newest(self) -> Passed | None:
        """The packet with the highest timestamp of all received packets. None before the first packet."""
        newest = self._buffer.newest
        return Passed(newest.payload, newest.timestamp, newest.sequence, newest.quiet) if newest is not None else None

    @property
    def position(self) -> int:
        """RTP timestamp of the next sample that `take` will return."""
        return self._buffer.position - sum(map(len, self._ready))

    @property
    def spare_s(self) -> float:
        """Seconds by which the last tick could have come earlier and still played the same sound."""
        return self._buffer.spare_s

    def age_s(self, now: float) -> float:
        """Return the age in seconds of the first sample that the last `take` returned. 0: nothing plays.

        How long the fastest packets travelled is not known, and counts as 0. The age includes one tick, because a sender sends a
        packet after the packet's last sample.
        """
        waited = self._buffer.delay(now, sum(map(len, self._ready)) + TICK_SAMPLES)
        return waited + TICK_SAMPLES / RATE if waited else 0.0

    def _perform(self, step: Step) -> Samples:
        try:
            return self._play(step) if step.kind is Kind.PLAY else self._PERFORM[step.kind](self, step)
        except OpusError:
            self._stats["dropped_corrupt"] += 1
            return self._conceal(step)

    def _play(self, step: Step) -> Samples:
        self._last = Passed(step.payload, step.timestamp, step.sequence, step.quiet)
        if step.quiet:
            self._stats["skipped_quiet"] += 1
            return self._fall_silent(step, step.payload)
        if self._skipped is not None and not is_dtx(self._skipped):
            skipped, self._skipped = self._skipped, None
            self._decoder.decode(skipped)
        self._stats["decodes"] += 1
        self.played += 1
        samples = self._decoder.decode(step.payload)
        if self._paused:
            self._paused = False
            samples[:FADE_SAMPLES] = samples[:FADE_SAMPLES] * _FADE_IN[: len(samples)]
        return samples

    def _recover(self, step: Step) -> Samples:
        self._last = None
        self._stats["fec_used" if step.fec else "concealed"] += 1
        self.concealed += not step.fec
        return self._decoder.recover(step.payload, step.samples)

    def _conceal(self, step: Step) -> Samples:
        self._last = None
        self._stats["concealed"] += 1
        self.concealed += 1
        return self._decoder.conceal(step.samples)

    def _pause(self, step: Step) -> Samples:
        self._last = None
        return self._fall_silent(step, None)

    def _fall_silent(self, step: Step, skipped: bytes | None) -> Samples:
        """Return silence. If there was sound just before, let a concealed continuation of that sound fade out first."""
        if self._paused and step.samples == TICK_SAMPLES:
            self._skipped = skipped
            return _SILENCE
        silence = np.zeros(step.samples, np.int16)
        if not self._paused:
            tail = self._decoder.conceal(min(FADE_SAMPLES, step.samples))
            silence[: len(tail)] = tail * _FADE_OUT[: len(tail)]
        self._paused, self._skipped = True, skipped
        return silence

    _PERFORM: ClassVar[dict[Kind, Callable[[Source, Step], Samples]]] = {
        Kind.RECOVER: _recover,
        Kind.CONCEAL: _conceal,
        Kind.PAUSE: _pause,
    }


def _without_a_frame(sound: Samples) -> Samples:
    """Return 20 ms from 40 ms: a cross-fade of 10 ms leads from the first frame into the second."""
    first, second = sound[:TICK_SAMPLES], sound[TICK_SAMPLES:]
    blended = second.copy()
    blended[:FADE_SAMPLES] = first[:FADE_SAMPLES] * _FADE_OUT + second[:FADE_SAMPLES] * _FADE_IN
    return blended
