"""The clocks of a server: Unix time in milliseconds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

STEP_MS = 2000  # A larger jump between two readings, in ms, counts as a step of the machine's clock.
# After a step of the machine's clock, the steady clock runs faster or slower by this fraction, until the two clocks agree.
CATCH_UP = 0.25

Now = Callable[[], int]


def wall_clock_ms() -> int:
    """Return Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def _uptime_ms() -> float:
    """Return milliseconds since the machine's start. If the system allows it, the time in which the machine slept is included."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) / 1_000_000


def ahead_ms(steady: Now, wall: Now) -> int:
    """Return how far a steady clock is ahead of the machine's clock, in ms. Return 0 if the difference is less than `STEP_MS`.

    When people agree on a time, they mean the time of ordinary clocks, which the machine's clock shows, too. So opening hours
    follow the machine's clock, and the timer of a booked time is corrected by this difference.
    """
    ahead = steady() - wall()
    return ahead if abs(ahead) >= STEP_MS else 0


class SteadyClock:
    """Unix time in milliseconds, without the steps of the machine's clock.

    The machine's clock may step. If it stepped forward by an hour, all deadlines of this hour would pass at the same moment:
    rings would end, and sessions of users who are just reconnecting would close. If it stepped back by an hour, no deadline would
    pass for an hour. This clock does not step. After a step of the machine's clock, this clock runs a quarter faster or slower
    until the two agree again. So the steady clock follows a step of one hour within four hours.
    """

    def __init__(self, wall_ms: Now = wall_clock_ms, uptime_ms: Callable[[], float] = _uptime_ms) -> None:
        self._wall_ms, self._uptime_ms = wall_ms, uptime_ms
        self._before = wall_ms(), uptime_ms()
        self._ahead_ms = 0.0  # ms by which this clock is ahead of the machine's clock

    def __call__(self) -> int:
        """Return the present Unix time in milliseconds, without the steps of the machine's clock."""
        wall, uptime = self._wall_ms(), self._uptime_ms()
        (wall_before, uptime_before), self._before = self._before, (wall, uptime)
        passed = uptime - uptime_before
        stepped = wall - wall_before - passed
        if abs(stepped) > STEP_MS:
            self._ahead_ms -= stepped
            log.warning("the machine's clock has stepped: deadlines keep their time", seconds=round(stepped / 1000))
        elif self._ahead_ms:
            self._ahead_ms -= math.copysign(min(abs(self._ahead_ms), CATCH_UP * passed), self._ahead_ms)
        return int(wall + self._ahead_ms)
