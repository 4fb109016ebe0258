"""Clocks of a server that a test can move, either forward or as somebody sets the clock of a machine."""

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


def wake(live: Live) -> None:
    """Let everything happen that has become due because the clock has skipped."""
    live.sessions.scheduler.wake()
    live.staffing.wake()


class MachineTime:
    """Replaces the module `time` of a server. Its wall clock is as somebody has set it, and its uptime makes no steps."""

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
