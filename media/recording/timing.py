"""When what carries an RTP timestamp was captured, on the server's clock, pure: keeps lips, voice and all tracks together."""

from __future__ import annotations

from media.packets import rtp

SLEW_S = 0.0005
"""A packet's step towards what the sender's reports say: 25 ms a second of speech, far more than clocks drift (100 ppm)."""


class Clock:
    """`rate`: RTP ticks a second. Begins with the arrival of the first packet; reports of the sender correct it."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._last: int | None = None
        self._ticks = 0
        self._offset = 0.0
        self._report: tuple[float, int] | None = None

    def report(self, captured: float, timestamp: int) -> None:
        """From a sender report: `timestamp` was captured at `captured` (Unix time, s)."""
        self._report = (captured, timestamp)

    def at(self, timestamp: int, arrived: float) -> float:
        """Unix time in s."""
        if self._last is None:
            self._last = timestamp
            told = self._told(timestamp)
            self._offset = arrived if told is None else told
        self._ticks += rtp.ticks_ahead(timestamp, self._last)
        self._last = timestamp
        here = self._ticks / self._rate
        told = self._told(timestamp)
        if told is not None:
            self._offset += min(SLEW_S, max(-SLEW_S, told - here - self._offset))
        return self._offset + here

    def _told(self, timestamp: int) -> float | None:
        if self._report is None:
            return None
        captured, reference = self._report
        return captured + rtp.ticks_ahead(timestamp, reference) / self._rate
