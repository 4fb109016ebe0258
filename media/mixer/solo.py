"""Passthrough: while only one voice sounds, this voice's packets are forwarded undecoded, at the pace of the jitter buffer.

If the mixer mixes one voice alone, this voice is encoded twice: by the speaker's browser and by the mixer. The second encoding
costs 0.4 MOS (wide-band PESQ) and more than half of a room's processor time. But listeners hear a switch between mix and
passthrough, unless nothing sounds at that moment. So passthrough begins in a pause between words. Passthrough ends when another
voice begins, and that voice drowns out the switch. When passthrough ends, the last packets are decoded, so that decoder and
encoder reach the state of the listeners' decoders. Passthrough also ends when the voice is silent for long, and when the matrix
(who hears whom) changes.

Passthrough is used only while no listener of the mix loses more than 2 % of the packets (`streams.LOSSY`). The mix contains
in-band copies against loss (FEC), and the speaker's own packets may contain none.
"""

from __future__ import annotations

from typing import NamedTuple

from .jitter import TICK_SAMPLES
from .opus import is_dtx
from .source import Passed, Source

ALONE_TICKS = 150
"""Ticks (three seconds) for which a voice must sound alone before passthrough begins. With half as many ticks, passthrough begins
and ends very often in a lively talk. That sounds worse than a mix: 3.75 MOS instead of 4.0. With 150 ticks, the talk has at least
3.9 MOS."""
SOFT = 0.1
"""A tick counts as a pause between words if its peak is below this fraction (-20 dB) of the loudest recent peak."""
LOUD_FADES = 0.995
"""At every tick, the loudest recent peak shrinks by this factor. So it is forgotten in about ten seconds."""
PAUSE_TICKS = 8
"""After this many silent ticks in a row, passthrough cannot begin before the voice sounds again. The number is less than
`streams.REST_TICKS`, so that the encoders still encode the silence when passthrough begins."""
QUIET_TICKS = 100
"""Passthrough ends after more than this many quiet packets in a row (two seconds, longer than a pause between sentences). DTX
packets are not counted. After passthrough, the mixer sends listeners only one packet every 400 ms while nobody speaks."""
LONGEST_GAP_SAMPLES = 2 * 48_000  # a larger jump of timestamps means that the source has restarted


class Wait:
    """Decides when passthrough of a voice that sounds alone can begin. Call `look` or `silence` at every tick of the mix."""

    def __init__(self) -> None:
        self._name = ""
        self._ticks = 0
        self._loud = 0.0
        self._silent_ticks = 0

    def look(self, name: str, peak: int) -> bool:
        """Return whether passthrough of `name`, the only source that sounds in this tick, can begin. `peak`: 0..32768.

        Always False for a sound without pauses, such as a tone or music.
        """
        if name != self._name:
            self._name, self._ticks, self._loud = name, 0, 0.0
        self._ticks += 1
        self._loud = max(self._loud * LOUD_FADES, float(peak))
        self._silent_ticks = 0
        return peak < SOFT * self._loud and self._ticks > ALONE_TICKS

    def silence(self) -> str:
        """Count a silent tick. If passthrough of the source that sounded alone before can begin now, return the source's name.

        Otherwise return "". Passthrough can begin only while the encoders still encode the silence (`PAUSE_TICKS`).
        """
        self._ticks += 1
        self._silent_ticks += 1
        return self._name if self._ticks > ALONE_TICKS and self._silent_ticks < PAUSE_TICKS else ""

    def reset(self) -> None:
        """Forget how long one source has sounded alone, because several sources sound, or none has sounded for long."""
        self._name = ""


class Sent(NamedTuple):
    """Packet for the listeners.

    `samples`: by how many samples this packet's sound begins later than that of the previous packet. `lost`: number of packets
    that were lost between the previous packet and this one.
    """

    payload: bytes
    samples: int
    lost: int


class Solo:
    """The one source in passthrough: its packets go to the listeners without mixing."""

    def __init__(self, name: str, source: Source, last: Passed) -> None:
        """Begin passthrough after `last`, the packet whose sound came last in the mix."""
        self.name = name
        self.source = source
        self.last = last
        self.even_ticks = 0
        """Number of ticks in a row that left no packet waiting. From `EVEN_TICKS` on, the fast path can send the packets."""
        self._quiet_packets = 0
        self._ticks = 0
        """Ticks since the last packet that was passed on."""

    def tick(self, now: float) -> list[Sent]:
        """Return the packets for the listeners in this tick: one, none, or two if the jitter buffer shortens its delay."""
        passed = self.source.pass_on(now)
        self._ticks += 1
        self.even_ticks = self.even_ticks + 1 if self.source.empty else 0
        for each in passed:
            if not each.quiet:
                self._quiet_packets = 0
            elif not is_dtx(each.payload):
                self._quiet_packets += 1
        return [self._sent(each) for each in passed]

    def _sent(self, packet: Passed) -> Sent:
        before, self.last = self.last, packet
        ticks, self._ticks = self._ticks, 0
        samples, lost = packet.timestamp - before.timestamp, packet.sequence - before.sequence - 1
        if not 0 < samples <= LONGEST_GAP_SAMPLES or lost < 0:  # the source's counters have restarted
            return Sent(packet.payload, max(1, ticks) * TICK_SAMPLES, 0)
        return Sent(packet.payload, samples, min(lost, samples // TICK_SAMPLES - 1))

    def catch_up(self) -> None:
        """Set `last` to the newest packet, because the fast path has also sent packets that came too late for the mixer."""
        newest = self.source.newest
        if newest is not None and newest.timestamp > self.last.timestamp:
            self.last = newest

    @property
    def silent(self) -> bool:
        """Return whether the voice has been quiet for longer than a pause between sentences (`QUIET_TICKS`)."""
        return self._quiet_packets > QUIET_TICKS

    @property
    def owed_samples(self) -> int:
        """Time since the end of the sound in the last sent packet, in samples."""
        owed = self.source.position - self.last.timestamp - TICK_SAMPLES
        return owed if 0 <= owed <= LONGEST_GAP_SAMPLES else self._ticks * TICK_SAMPLES
