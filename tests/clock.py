"""A server's clock that a test can move forward."""

from __future__ import annotations

from signaling.live import Live
from signaling.live.clock import wall_clock_ms


class Clock:
    """A clock for a server: the wall clock, plus the time that a test has skipped."""

    def __init__(self) -> None:
        self._ahead_ms = 0

    def __call__(self) -> int:
        return wall_clock_ms() + self._ahead_ms

    def skip(self, seconds: float) -> None:
        self._ahead_ms += int(seconds * 1000)


def wake(live: Live) -> None:
    """Let everything happen that has become due because the clock has skipped."""
    live.sessions.scheduler.wake()
    live.staffing.wake()
