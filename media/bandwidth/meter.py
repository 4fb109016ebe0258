"""Bit rate of one stream over the last second."""

from __future__ import annotations

from typing import Any

BUCKETS_PER_S = 10
LEAST_S = 0.2
"""Shortest time in seconds over which a new stream is measured."""


class Meter:
    """Bit rate meter of one stream."""

    def __init__(self, now: float) -> None:
        self._began = now
        self._at = int(now * BUCKETS_PER_S)
        self._octets = [0] * BUCKETS_PER_S

    def add(self, octets: int, now: float) -> None:
        """Count bytes of this stream that have just arrived."""
        self._advance(now)
        self._octets[self._at % BUCKETS_PER_S] += octets

    def bps(self, now: float) -> float:
        """Return the bits per second over the last second. 0: nothing came in this time."""
        self._advance(now)
        return sum(self._octets) * 8 / min(1.0, max(LEAST_S, now - self._began))

    def lend(self, to: Any) -> None:
        """Copy the counters into the fast path's struct `fastpath_video`, because the fast path counts from now on.

        `refresh` copies the counters back.
        """
        to.metered_at, to.metered = self._at, self._octets

    def refresh(self, of: Any) -> None:
        """Copy the counters back from the fast path's struct `fastpath_video`."""
        self._at, self._octets = of.metered_at, list(of.metered)

    def _advance(self, now: float) -> None:
        at = int(now * BUCKETS_PER_S)
        for each in range(max(self._at + 1, at - BUCKETS_PER_S + 1), at + 1):
            self._octets[each % BUCKETS_PER_S] = 0
        self._at = max(self._at, at)
