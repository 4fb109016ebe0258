"""Clocks for a server under test: two that a test moves forward, and one that a test sets forward or back."""

from __future__ import annotations

import time

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


class StillClock(Clock):
    """A clock that moves only when a test calls `skip`.

    `at`: the time that the clock shows first, in ms since 1970. None: the wall clock's present time.
    """

    def __init__(self, at: int | None = None) -> None:
        super().__init__()
        self._started_at = wall_clock_ms() if at is None else at

    def __call__(self) -> int:
        return self._started_at + self._ahead_ms


def wake(live: Live) -> None:
    """Start everything that has become due because a test has moved the server's clock forward."""
    live.sessions.scheduler.wake()
    live.staffing.wake()


class MachineTime:
    """Replaces the module `time` in a server. `step` sets the wall clock forward or back, but not the monotonic clock."""

    CLOCK_MONOTONIC = time.CLOCK_MONOTONIC

    def __init__(self) -> None:
        self.step_ns = 0

    def step(self, seconds: int) -> None:
        self.step_ns += seconds * 1_000_000_000

    def time_ns(self) -> int:
        return time.time_ns() + self.step_ns

    @staticmethod
    def clock_gettime_ns(which: int) -> int:
        return time.clock_gettime_ns(which)
