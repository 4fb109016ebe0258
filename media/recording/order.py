"""Puts the packets of one stream in the order of their sequence numbers. Waits a short time for retransmissions."""

from __future__ import annotations

from typing import NamedTuple

from media.packets import rtp

MAX_HELD = 1024
"""At most this many packets wait for missing packets: 6 s of video at 1.5 Mbit/s. When more would have to wait, the oldest
missing packets count as lost at once."""


class Arrived(NamedTuple):
    """Packet as it arrived. `payload`: without padding. `at`: arrival in seconds."""

    header: rtp.Header
    payload: bytes
    at: float


class Ordered(NamedTuple):
    """Packet, in order of sequence numbers. `after_loss`: whether packets right before this packet are missing."""

    packet: Arrived
    after_loss: bool


class Order:
    """Reorder buffer. A gap delays later packets for at most `wait_s` seconds. After that, no retransmission is expected.

    All times must be in seconds of the same clock, which can be any clock.
    """

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._next: int | None = None
        self._held: dict[int, Arrived] = {}

    def push(self, packet: Arrived) -> list[Ordered]:
        """Add a packet. Return the packets that are in order now. Duplicates and packets that come too late are dropped."""
        sequence = packet.header.sequence
        if self._next is None:
            self._next = sequence
        step = rtp.ahead(sequence, self._next)
        if abs(step) > rtp.RESTART:
            released = self._release(lost=True)
            self._next = sequence
            return [*released, *self._insert(packet, after_loss=True)]
        if step < 0 or sequence in self._held:
            return []
        return self._insert(packet, after_loss=False)

    def late(self, now: float) -> list[Ordered]:
        """Stop waiting for packets that have been missing for `wait_s`. Return the packets that waited for them."""
        found: list[Ordered] = []
        while self._held:
            first = self._first()
            if now - self._held[first].at < self._wait_s and len(self._held) <= MAX_HELD:
                break
            found += self._jump(first)
        return found

    def rest(self) -> list[Ordered]:
        """Return all packets that still wait for missing packets, which now count as lost."""
        return self._release(lost=False)

    def _insert(self, packet: Arrived, *, after_loss: bool) -> list[Ordered]:
        if packet.header.sequence != self._next:
            self._held[packet.header.sequence] = packet
            return self.late(packet.at)
        found = [Ordered(packet, after_loss)]
        self._next = (packet.header.sequence + 1) & 0xFFFF
        return found + self._follow()

    def _follow(self) -> list[Ordered]:
        found: list[Ordered] = []
        while self._next is not None and self._next in self._held:
            found.append(Ordered(self._held.pop(self._next), after_loss=False))
            self._next = (self._next + 1) & 0xFFFF
        return found

    def _first(self) -> int:
        expected = self._next or 0
        return min(self._held, key=lambda sequence: rtp.ahead(sequence, expected))

    def _jump(self, sequence: int) -> list[Ordered]:
        packet = self._held.pop(sequence)
        self._next = (sequence + 1) & 0xFFFF
        return [Ordered(packet, after_loss=True), *self._follow()]

    def _release(self, *, lost: bool) -> list[Ordered]:
        found: list[Ordered] = []
        while self._held:
            found += self._jump(self._first())
        if lost:
            self._next = None
        return found
