"""Detects a standing queue on the path to one receiver, from the times when packets were sent and arrived.

A slow link and a late receiver delay packets differently:

- Before a slow link, *every* packet waits, and the wait grows. Packets arrive spread out, as fast as the link can send them.
- A receiver (or sender, or worker) short of processor time leaves gaps. After a gap the packets arrive together, and the last of
  these packets has hardly waited.

So this detector looks at the least delay in an interval, as CoDel does (RFC 8289). Google Congestion Control looks at the slope
of the delay, which also grows with gaps. Chromium was measured on a machine with five times as much work as its processors can
do. The least delay in a report was below 10 ms in 99 % of the reports, although single packets were up to 175 ms late.
"""

from __future__ import annotations

from collections import deque

TARGET_S = 0.04  # seconds; a packet that waits longer counts as queued
INTERVAL_S, LONGEST_S = 0.3, 1.5
"""Seconds. A queue stands if every packet of the last `INTERVAL_S` has waited longer than `TARGET_S`. While packets are few, the
interval grows up to `LONGEST_S`."""
LEAST_PACKETS = 6  # with fewer packets, the detector cannot tell whether there is a standing queue
BASE_BUCKETS, BUCKET_S = 10, 1.0
"""The least delay of the last ten seconds is taken as the delay of the empty path. Older delays are forgotten, because clocks
drift and routes change."""
# seconds; after a larger jump in delay the detector starts again, because the receiver's clock must have been reset
ANOTHER_CLOCK_S = 10.0


class Standing:
    """Detects whether packets queue up on one network path, and whether this queue grows.

    Call `add` for each packet that arrived, then read `growth_s`. Times are in seconds.
    """

    def __init__(self) -> None:
        self._base: deque[tuple[int, float]] = deque()
        self._least = 0.0
        self._latest: deque[tuple[float, float]] = deque()
        self._newest = 0.0

    def add(self, sent: float, arrived: float) -> None:
        """Record a packet. `sent` is a time on our clock. `arrived` is a time on the receiver's clock."""
        delay = arrived - sent
        if self._base and abs(delay - self._least) > ANOTHER_CLOCK_S:
            self._base.clear()
            self._latest.clear()
        self._learn(arrived, delay)
        self._newest = max(self._newest, arrived) if self._latest else arrived
        self._latest.append((arrived, delay))
        while (age := self._newest - self._latest[0][0]) > LONGEST_S or (age > INTERVAL_S and len(self._latest) > LEAST_PACKETS):
            self._latest.popleft()

    def _learn(self, arrived: float, delay: float) -> None:
        bucket = int(arrived / BUCKET_S)
        if self._base and bucket <= self._base[-1][0]:
            last, least = self._base[-1]
            self._base[-1] = last, min(least, delay)
        else:
            self._base.append((bucket, delay))
            while self._base[0][0] <= bucket - BASE_BUCKETS:
                self._base.popleft()
        self._least = min(least for _, least in self._base)

    @property
    def growth_s(self) -> float | None:
        """Change of the least delay from the first to the last third of the interval, in seconds.

        None: packets do not queue on the link, or there were too few packets in the interval to tell.
        """
        oldest = self._latest[0][0] if self._latest else self._newest
        third = (self._newest - oldest) / 3
        waits = len(self._latest) >= LEAST_PACKETS and 3 * third >= INTERVAL_S * 2 / 3
        if not waits or min(delay for _, delay in self._latest) - self._least < TARGET_S:
            return None
        first = min(delay for arrived, delay in self._latest if arrived <= oldest + third)
        return min(delay for arrived, delay in self._latest if arrived >= self._newest - third) - first
