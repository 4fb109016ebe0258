"""Computes figures of the sound that a peer hears: loss, jitter, delay, and concealment.

The sound is not decoded. The mixer's jitter buffer says which packets would be played, which would be repaired from the
redundancy in the next packet, and which would be concealed.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from statistics import median

from media.mixer.jitter import RATE, TICK_SAMPLES, JitterBuffer, Kind, Packet
from media.mixer.opus import OpusError, has_fec, is_dtx, packet_samples
from media.packets import rtcp, rtp
from media.peer.streams import Incoming

from . import emodel

KEPT = 3000
"""Number of the newest packets whose delays are remembered: one minute of sound, at 50 packets per second."""
ENCODING_MS = 26.5
"""Delay before sending: a packet waits for its last sample (20 ms), and Opus looks 6.5 ms ahead."""
WARM_TICKS = 50
"""Ticks (1 s) at the start of the sound that do not count, because the jitter buffer still adapts to the connection."""


@dataclass(frozen=True)
class Heard:
    """Figures of the sound that one listener heard. Delays are medians.

    `loss`: share of the packets that were lost. `concealed`: share of the sound that was still missing after repair.
    `network_ms`: delay from sending to arrival; None if no packet came, or if the server mixed all packets, so that no packet
    could be recognised.
    `mouth_to_ear_ms`: `network_ms` plus the delays of encoder and jitter buffer. `mos`: an estimate. If `network_ms` is None,
    `mouth_to_ear_ms` and `mos` are None, too.
    """

    packets: int
    loss: float
    concealed: float
    jitter_ms: float
    network_ms: float | None
    buffer_ms: float
    mouth_to_ear_ms: float | None
    mos: float | None


class Ear:
    """One listener: takes packets and plays 20 ms at each tick. Times are seconds on one monotonic clock."""

    def __init__(self) -> None:
        self._buffer = JitterBuffer()
        self._stream: Incoming | None = None
        self._played: Counter[Kind] = Counter()
        self._left = 0
        self._ticks = 0
        self._delays_ms: deque[float] = deque(maxlen=KEPT)
        self._buffer_ms: deque[float] = deque(maxlen=KEPT)

    @property
    def packets(self) -> int:
        return self._stream.packets if self._stream else 0

    def packet(self, header: rtp.Header, payload: bytes, now: float, sent_at: float | None) -> None:
        """Take a packet that arrived at `now`. `sent_at`: when the packet was sent; None if unknown."""
        if self._stream is None:
            self._stream = Incoming(header.ssrc, "audio", now)
        self._stream.receive(header, now)
        if sent_at is not None:
            self._delays_ms.append(1000 * (now - sent_at))
        try:
            samples = packet_samples(payload)
        except OpusError:
            return
        arrived = Packet(header.timestamp, header.sequence, samples, payload, is_dtx(payload), has_fec(payload))
        self._buffer.push(arrived, now)

    def tick(self, now: float) -> None:
        """Take the next 20 ms of sound from the jitter buffer, without decoding it.

        Count how many samples of this sound a decoder would decode, and how many it would conceal.
        """
        if self._stream is None:
            return
        self._ticks += 1
        wanted = 2 * TICK_SAMPLES if self._buffer.begin(now, self._left, False) else TICK_SAMPLES
        while self._left < wanted:
            step = self._buffer.next(now)
            kind = Kind.CONCEAL if step.kind is Kind.RECOVER and not step.fec else step.kind
            self._played[kind] += step.samples if self._ticks > WARM_TICKS else 0
            self._left += step.samples
        self._left -= wanted
        if self._ticks > WARM_TICKS:
            self._buffer_ms.append(1000 * self._buffer.delay(now, self._left + TICK_SAMPLES))

    def blocks(self, now: float) -> list[rtcp.Block]:
        """Return a list with the block for an RTCP receiver report. The list is empty if no packet has arrived."""
        return [self._stream.block(now)] if self._stream else []

    def figures(self, now: float) -> Heard:
        """Return the figures of the sound that this listener has heard until now."""
        if self._stream is None:
            return Heard(0, 1.0, 1.0, 0.0, None, 0.0, None, None)
        block = self._stream.block(now)
        expected = self.packets + max(0, block.lost)
        sound = sum(self._played[kind] for kind in (Kind.PLAY, Kind.RECOVER, Kind.CONCEAL))
        concealed = self._played[Kind.CONCEAL] / sound if sound else 0.0
        network, buffered = _middle(self._delays_ms), _middle(self._buffer_ms) or 0.0
        whole = None if network is None else network + buffered + ENCODING_MS
        return Heard(
            packets=self.packets,
            loss=max(0, block.lost) / expected,
            concealed=concealed,
            jitter_ms=1000 * block.jitter / RATE,
            network_ms=network,
            buffer_ms=buffered,
            mouth_to_ear_ms=whole,
            mos=None if whole is None else emodel.mos(emodel.rating(whole, concealed)),
        )


def _middle(values: deque[float]) -> float | None:
    return median(values) if values else None
