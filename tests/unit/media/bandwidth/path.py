"""A network path in virtual time: a queue, a link with a limited bit rate, and a receiver that reports arrivals every 100 ms."""

from __future__ import annotations

import random
import struct

from media.bandwidth import Arrivals, Estimator
from media.bandwidth.feedback import parse

PACKET_BYTES = 1000
REPORT_S = 0.1
STEP_S = 0.01
DELAY_S = 0.02
CLOCK_AHEAD_S = 4321.0
"""How far the receiver's clock is ahead of the sender's clock, in s. Neither side knows the other's clock."""


class Path:
    def __init__(self, capacity_bps: float, *, loss: float = 0.0, jitter_s: float = 0.0, queue_s: float = 0.3) -> None:
        self.capacity_bps = capacity_bps
        self.loss = loss
        self.jitter_s = jitter_s
        self.queue_s = queue_s
        self.now = 100.0
        self.estimator = Estimator(self.now)
        self.longest_queue_s = 0.0
        self.delay_s = DELAY_S
        self.asleep: list[tuple[float, float]] = []
        """Periods (begin, end) in which the receiver gets no processor time, the earliest period first.

        Packets to the receiver, and reports of the receiver, wait until the period ends.
        """
        self.buffer_packets = 1000
        """Number of packets for which the receiver's socket has room. While the socket is full, further packets are lost."""
        self._waiting = 0
        self._random = random.Random(1)
        self._arrivals = Arrivals()
        self._free = self.now
        self._on_the_way: list[tuple[float, int]] = []
        self._owed = 0.0
        self._report_due = self.now

    def send(self, seconds: float, bps: float | None = None) -> None:
        """Send for `seconds` at `bps`. If `bps` is None, send at the bandwidth estimate."""
        for _ in range(round(seconds / STEP_S)):
            self.step(self.estimator.bps if bps is None else bps)

    def step(self, bps: float) -> None:
        self.now += STEP_S
        self._owed += bps * STEP_S / 8
        while self._owed >= PACKET_BYTES:
            self._owed -= PACKET_BYTES
            self._forward(self.estimator.sent(PACKET_BYTES, self.now))
        for when, number in [each for each in self._on_the_way if each[0] <= self.now]:
            self._arrivals.add(number, when + CLOCK_AHEAD_S)
            self._on_the_way.remove((when, number))
        if self.now >= self._report_due and self._read(self.now) == self.now:
            self._report_due += REPORT_S
            body = self._arrivals.report()
            if body is not None:
                self.estimator.feedback(parse(struct.pack("!II", 1, 2) + body), self.now)
        self.estimator.tick(self.now)

    @property
    def queued_s(self) -> float:
        """Return how long the next packet would wait in the queue, in s."""
        return max(0.0, self._free - self.now)

    def _forward(self, number: int) -> None:
        self._free = max(self._free, self.now)
        waits = self._free - self.now
        if waits > self.queue_s or self._random.random() < self.loss:
            return
        self.longest_queue_s = max(self.longest_queue_s, waits)
        self._free += PACKET_BYTES * 8 / self.capacity_bps
        arrives = self._free + self.delay_s + self._random.random() * self.jitter_s
        read = self._read(arrives)
        self._waiting = self._waiting + 1 if read > arrives else 0
        if self._waiting <= self.buffer_packets:
            self._on_the_way.append((read, number))

    def _read(self, arrives: float) -> float:
        """Return when the receiver reads a packet that arrives at this time."""
        return next((end for begin, end in self.asleep if begin <= arrives < end), arrives)

    def sleepy(self, seconds: float, *, awake_s: float, asleep_s: float) -> None:
        """For `seconds`, let the receiver alternate between awake and asleep.

        Each period lasts a random time: up to `awake_s` when awake, and up to `asleep_s` when asleep.
        """
        at = self.now
        while at < self.now + seconds:
            begin = at + self._random.uniform(0.0, awake_s)
            at = begin + self._random.uniform(0.0, asleep_s)
            self.asleep.append((begin, at))
