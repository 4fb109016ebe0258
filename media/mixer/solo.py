"""One voice alone: while nobody else sounds, its packets go on as they came, at the jitter buffer's pace. Nothing is decoded.

A mix of one voice is that voice coded twice: 0.4 MOS worse (wide-band PESQ) and more than half of what a room costs. But a change
between the two is heard, unless it falls where there is nothing to hear. So a voice begins to go on as it came in a pause between
its words, and ends when another one begins, which covers the change: the last packets are decoded then, so that decoder and
encoder stand where the listeners' decoders do.

Only to listeners whose lines lose nothing: the mix carries copies against loss that the speaker may not send.
"""

from __future__ import annotations

from typing import NamedTuple

from .jitter import TICK_SAMPLES
from .opus import is_dtx
from .source import Passed, Source

ALONE_TICKS = 150
"""Three seconds. With half of it, lively talk changes so often that it sounds worse than a mix: 3.75 MOS instead of 4.0.
So it is 3.9 at worst."""
SOFT = 0.1
"""A pause between words: 20 dB below what was said before."""
LOUD_FADES = 0.995
"""A tick: what was said before is forgotten in ten seconds."""
PAUSE_TICKS = 8
"""Silence so short that encoders still run; a longer one has ended the talk."""
QUIET_TICKS = 100
"""Quiet packets that go on: two seconds between sentences. What is longer is silence, of which one packet in 400 ms is sent."""
LONGEST_GAP_SAMPLES = 2 * 48_000


class Wait:
    """When a voice that is alone may begin to go on as it came: see `look`, to be called at every tick of the mix."""

    def __init__(self) -> None:
        self._name = ""
        self._ticks = 0
        self._loud = 0.0
        self._silent_ticks = 0

    def look(self, name: str, peak: int) -> bool:
        """`name` alone sounds in this tick, with a `peak` of 32768. A sound without pauses (a tone, music) is never to go on."""
        if name != self._name:
            self._name, self._ticks, self._loud = name, 0, 0.0
        self._ticks += 1
        self._loud = max(self._loud * LOUD_FADES, float(peak))
        self._silent_ticks = 0
        return peak < SOFT * self._loud and self._ticks > ALONE_TICKS

    def silence(self) -> str:
        """Nobody sounds in this tick. Returns who may go on as they come ("": nobody), which is only so before encoders rest."""
        self._ticks += 1
        self._silent_ticks += 1
        return self._name if self._ticks > ALONE_TICKS and self._silent_ticks < PAUSE_TICKS else ""

    def reset(self) -> None:
        """Several sound, or nobody has for long."""
        self._name = ""


class Sent(NamedTuple):
    """A packet for the listeners: `samples` after the former one, `lost` ones of the source missing in between."""

    payload: bytes
    samples: int
    lost: int


class Solo:
    """One source on its way past the mixer."""

    def __init__(self, name: str, source: Source, last: Passed) -> None:
        """`last`: the packet whose sound the listeners heard last, as a mix."""
        self.name = name
        self.source = source
        self.last = last
        self.even_ticks = 0
        """In a row, after which nothing was left to wait: its packets go on when they come."""
        self._quiet_packets = 0
        self._ticks = 0
        """Since the last packet."""

    def tick(self, now: float) -> list[Sent]:
        """What goes to the listeners in this tick: one packet, none, or two where the delay shrinks by a frame."""
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
        if not 0 < samples <= LONGEST_GAP_SAMPLES or lost < 0:  # its counters began anew
            return Sent(packet.payload, max(1, ticks) * TICK_SAMPLES, 0)
        return Sent(packet.payload, samples, min(lost, samples // TICK_SAMPLES - 1))

    def catch_up(self) -> None:
        """The listeners have had also what came too late for the ticks here."""
        newest = self.source.newest
        if newest is not None and newest.timestamp > self.last.timestamp:
            self.last = newest

    @property
    def silent(self) -> bool:
        return self._quiet_packets > QUIET_TICKS

    @property
    def owed_samples(self) -> int:
        """What has passed since the end of the last packet."""
        owed = self.source.position - self.last.timestamp - TICK_SAMPLES
        return owed if 0 <= owed <= LONGEST_GAP_SAMPLES else self._ticks * TICK_SAMPLES
