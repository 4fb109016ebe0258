"""Expected wait from what a queue did lately."""

from __future__ import annotations

from collections import deque
from math import ceil, floor, sqrt
from typing import Final

MIN_PICKUPS: Final = 5
KEPT_PICKUPS: Final = 12
KEPT_MS: Final = 3_600_000
SPREAD: Final = 1.5  # standard deviations to either side: 87 % of a distribution that is known
DRIFT: Final = 2  # the rate counts as known half as well as from independent pickups: people come, go and help out elsewhere


class Pickups:
    """How long the head of one queue waited for each of the last pickups.

    Only the time in which somebody waited counts: a queue with five calls in a quiet day, each answered in three seconds, moves
    on every three seconds, not every two hours.
    """

    __slots__ = ("_last_ms", "_spans")

    def __init__(self) -> None:
        self._spans: deque[tuple[int, int]] = deque(maxlen=KEPT_PICKUPS)  # (when, ms at the head of the line)
        self._last_ms = 0

    def add(self, now_ms: int, waiting_since_ms: int) -> None:
        self._spans.append((now_ms, max(0, now_ms - max(self._last_ms, waiting_since_ms))))
        self._last_ms = now_ms

    def range_s(self, place: int, now_ms: int, head_since_ms: int | None) -> tuple[int | None, int | None]:
        """Seconds until the `place`-th pickup: quantiles of an Erlang distribution whose rate is itself known from n pickups
        only, as a gamma distribution of the same mean and variance (Wilson and Hilferty 1931). `head_since_ms`: since when the
        present head waits, so that a queue whose staff went home grows slower at once. (None, None) before five pickups within
        the hour.

        Measured on the loads of tests/bench/wait_promise.py: more pickups see a change of shifts later, and a narrower spread
        breaks the promise there first."""
        spans = [span for at, span in self._spans if now_ms - at <= KEPT_MS]
        if len(spans) < MIN_PICKUPS:
            return None, None
        ongoing = 0 if head_since_ms is None else max(0, now_ms - max(self._last_ms, head_since_ms))
        mean_s = (sum(spans) + ongoing) / len(spans) / 1000
        shape = place / (1 + DRIFT * place / len(spans))
        middle, side = 1 - 1 / (9 * shape), SPREAD / (3 * sqrt(shape))
        low, high = max(0.0, middle - side) ** 3, (middle + side) ** 3
        return floor(mean_s * place * low), ceil(mean_s * place * high)
