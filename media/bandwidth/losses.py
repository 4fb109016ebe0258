"""Measures the loss on the path to one receiver, and whether the loss lasts.

A receiver that stalls for a moment loses packets once: those for which its socket's buffer has no room. A slow or bad link loses
packets during the whole call.
"""

from __future__ import annotations

from collections import deque

WINDOW_S = 1.0  # Seconds over which loss is measured.
LEAST_PACKETS = 15  # With fewer packets in the window, the loss is not judged.
FEW, MANY = 0.02, 0.10  # Fractions of lost packets: above `FEW`, loss matters; above `MANY`, it can be a sign of congestion.
LASTS_S = 1.2
"""Loss counts as lasting when it has been above `MANY` for this many seconds: longer than `WINDOW_S`, so that a single gap does
not count."""


class Losses:
    """Loss meter of one path. Call `add` for each report."""

    def __init__(self) -> None:
        self._reports: deque[tuple[float, int, int]] = deque()
        self._came = self._lost = 0
        self._many_since: float | None = None

    def add(self, came: int, lost: int, now: float) -> None:
        """Count a report's packets: `came` have arrived, `lost` have not."""
        self._reports.append((now, came, lost))
        self._came += came
        self._lost += lost
        while self._reports[0][0] < now - WINDOW_S:
            _, past_came, past_lost = self._reports.popleft()
            self._came -= past_came
            self._lost -= past_lost
        if self.share <= MANY:
            self._many_since = None
        elif self._many_since is None:
            self._many_since = now

    @property
    def share(self) -> float:
        """Fraction of packets lost in the last second. 0 while there are too few packets to tell."""
        known = self._came + self._lost
        return self._lost / known if known >= LEAST_PACKETS else 0.0

    def goes_on(self, now: float) -> bool:
        """Return whether the loss has been above `MANY` for `LASTS_S` seconds. True at most once in `LASTS_S` seconds."""
        if self._many_since is None or now - self._many_since < LASTS_S:
            return False
        self._many_since = now
        return True
