"""Measures which share of the time lies in gaps.

In a gap no packet of a voice arrives, and two or more packets in a row are lost.
"""

from __future__ import annotations

from collections import deque

WINDOW_S = 5.0
"""Length in seconds of the period whose share in gaps (`Gaps.share`) is measured. The period ends with the newest packet."""
# The share of gaps is their total length in the last `WINDOW_S` seconds, divided by the time for which packets were sent in this
# window. If that time is shorter than `LEAST_S` seconds, `LEAST_S` is the divisor. So one gap at the beginning does not make a
# large share.
LEAST_S = 1.0
GAP_S = 0.05
"""Shortest gap that counts, in seconds, from the sending of a packet that arrived to the sending of the next packet that arrived.
One lost packet of a voice makes a gap of 40 ms."""
LEAST_LOST = 2  # a gap counts only if at least this many packets were lost in it: a sender that sends little makes gaps, too


class Gaps:
    """Measures the gaps between arriving packets of one path. Call `add` for each packet of a report, in the order of sending."""

    def __init__(self) -> None:
        self._gaps: deque[tuple[float, float]] = deque()
        self._all_s = 0.0
        self._began: float | None = None
        self._newest = self._arrived = 0.0
        self._lost = 0

    def add(self, sent: float, arrived: bool) -> None:
        """Count a packet that was sent at `sent` (seconds). Ignore a packet that was sent before an already counted one."""
        if self._began is None:
            self._began = self._arrived = sent
        elif sent < self._newest:
            return
        self._newest = sent
        if not arrived:
            self._lost += 1
            return
        gap_s = sent - self._arrived
        if self._lost >= LEAST_LOST and gap_s >= GAP_S:
            self._gaps.append((sent, gap_s))
            self._all_s += gap_s
        self._arrived, self._lost = sent, 0
        while self._gaps and self._gaps[0][0] < sent - WINDOW_S:
            self._all_s -= self._gaps.popleft()[1]

    @property
    def share(self) -> float:
        """Fraction of the last five seconds that lies in gaps; 0 before the first gap."""
        if self._began is None or not self._gaps:
            return 0.0
        return min(1.0, self._all_s / min(WINDOW_S, max(LEAST_S, self._newest - self._began)))
