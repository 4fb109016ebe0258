"""Simulated people that need little processor time.

Each of them sends a tone in Opus packets, and records packet by packet when the other person's tone arrived.

A tone is encoded once, as five packets that repeat. The packets together last a whole number of the tone's periods, so the loop
has no jump. Received packets are decoded only after the simulated fault is over, and equal packets are decoded only once. So one
core is enough for a hundred people and the service.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left, bisect_right
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from aiortc.rtcdtlstransport import RTCCertificate

from media.mixer.opus import Decoder, Encoder
from media.packets import rtp
from tests.peers.client import Peer
from tests.peers.listened import RATE

LOOP = 5
SLOTS = 3
PAIRS = ((440, 620), (760, 880), (1000, 1120), (1240, 1360))
"""Tones of user and counselor in Hz. Each new call takes the next pair, and after the last pair the first one again."""


@cache
def frames(hz: int, ms: int) -> list[bytes]:
    """Return a loop of packets of a steady tone. `hz` must be a multiple of 20, so that the loop has no jump."""
    encoder, size = Encoder(), RATE * ms // 1000
    at = np.arange(size * LOOP * 4) / RATE
    samples = (10000 * np.sin(2 * np.pi * hz * at)).astype(np.int16)
    return [encoder.encode(samples[n * size : (n + 1) * size]) for n in range(LOOP * 4)][-LOOP:]


@lru_cache(maxsize=100_000)
def sounds(payload: bytes, hz: int) -> bool:
    """Return whether the packet contains the tone at over 1 % of full scale."""
    decoder = Decoder()
    for _ in range(3):  # decode the packet three times, because the first sound of a new decoder is not clean yet
        samples = decoder.decode(payload).astype(float)
    at = np.arange(len(samples)) / RATE
    window = np.hanning(len(samples))
    return bool(abs(np.sum(samples * window * np.exp(-2j * np.pi * hz * at))) * 2 / window.sum() > 327)


class Ear:
    """Everything that one person has heard over all their connections.

    `since` and `until` of the methods are readings of the event loop's clock.
    """

    def __init__(self, hz: int) -> None:
        self.hz = hz
        self.at: list[float] = []
        self.payloads: list[bytes] = []

    def add(self, at: float, payload: bytes) -> None:
        self.at.append(at)
        self.payloads.append(payload)

    def times(self, since: float, until: float) -> list[float]:
        first, end = bisect_left(self.at, since), bisect_right(self.at, until)
        return [self.at[n] for n in range(first, end) if sounds(self.payloads[n], self.hz)]

    def gap(self, since: float, until: float) -> float:
        """Return the longest time in s without the tone, between the two given times."""
        times = [since, *self.times(since, until), until]
        return max(later - earlier for earlier, later in pairwise(times))

    def forget(self, before: float) -> None:
        first = bisect_left(self.at, before)
        del self.at[:first], self.payloads[:first]


class Mouth(Peer):
    """A minimal `Peer` connection: without video and retransmissions. The peer sends packets that are encoded beforehand."""

    ear: Ear

    def __init__(self, participant: str, layers: dict[str, int] | None = None, *, repairs: bool = False) -> None:
        super().__init__(participant, layers, repairs=repairs)
        self._certificate = _certificate()
        self._number = random.randrange(30000)
        self._loop = asyncio.get_running_loop()

    async def _repair_forever(self) -> None:
        return

    def _rtp(self, data: bytes, came: float) -> None:
        header = rtp.parse(data)
        if header.ssrc not in self._slots and hasattr(self, "ear"):
            self.ear.add(self._loop.time(), data[header.payload : header.end])

    def sing(self, hz: int, ms: int) -> None:
        """Send the next voice packet, `ms` long, of a tone of `hz`."""
        self._number += 1
        self.send_rtp("audio", self._number, self._number * RATE * ms // 1000 & 0xFFFFFFFF, frames(hz, ms)[self._number % LOOP])


@cache
def _certificate() -> RTCCertificate:
    return RTCCertificate.generateCertificate()


class Choir:
    """Sends a voice packet for each person every `ms` milliseconds. Three groups of people send at different moments.

    `late_s`: the longest delay with which a packet was sent, in s. Measured gaps of sound include this delay.
    """

    def __init__(self, ms: int) -> None:
        self.ms = ms
        self.singers: list[Any] = []
        self.late_s = 0.0

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        slot, due = 0, loop.time()
        while True:
            for singer in self.singers[slot % SLOTS :: SLOTS]:
                singer.sing(self.ms)
            slot += 1
            due += self.ms / 1000 / SLOTS
            late_s = loop.time() - due
            self.late_s = max(self.late_s, late_s)
            if late_s > 0.5:
                due = loop.time()
            await asyncio.sleep(max(0.0, -late_s))
