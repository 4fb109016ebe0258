"""Computes when the sound or frame with an RTP timestamp was captured, on the worker's clock. So all tracks stay in step."""

from __future__ import annotations

from media.packets import rtp

SLEW_S = 0.0005
"""The sender's reports correct the stream's capture clock (`Clock`) by at most this many seconds per packet. That is 25 ms per
second of speech. A sender's clock drifts far less (100 ppm, or 0.1 ms per second)."""


class Clock:
    """Capture clock of one stream. The sender's reports correct it.

    The clock starts with the first packet: at the packet's capture time if a report of the sender has come, otherwise at the
    packet's arrival. `rate`: timestamp ticks per second.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._last: int | None = None
        self._ticks = 0
        self._offset = 0.0
        self._report: tuple[float, int] | None = None

    def report(self, captured: float, timestamp: int) -> None:
        """Take a report of the sender: the RTP timestamp `timestamp` stands for the capture time `captured` (Unix time, s)."""
        self._report = (captured, timestamp)

    def at(self, timestamp: int, arrived: float) -> float:
        """Return when the packet with this RTP timestamp was captured, as Unix time in s. Call this for each packet, in order.

        `arrived`: arrival of the packet as Unix time in s.
        """
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
