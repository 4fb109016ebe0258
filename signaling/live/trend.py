"""Compute the curves of the operators' wallboard over the last two hours, from users' waits in the database. Pure.

A curve has a point for each minute.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from heapq import heappop, heappush

from signaling.protocol.server_messages import Trend
from signaling.records import Wait
from signaling.records.figures import ANSWERED_IN_TIME_MS

MINUTE_MS = 60_000
POINTS = 120  # Points in a curve: one for each minute of two hours.
LEVEL_MS = 30 * MINUTE_MS  # The service level (share of users answered in time) at a point is that of the half hour before it.
SPAN_MS = POINTS * MINUTE_MS + LEVEL_MS


def trend(waits: Sequence[Wait], now_ms: int) -> Trend:
    """Return the figures of each minute up to `now_ms`, oldest first.

    `waits` must contain every wait that was open at some time in the last `SPAN_MS`. A wait is open until the user is answered or
    leaves.
    """
    at = [now_ms - (POINTS - 1 - n) * MINUTE_MS for n in range(POINTS)]
    waiting, longest = _standing(waits, at)
    left = sorted(wait.ended_at for wait in waits if wait.ended_at is not None)
    answered = sorted(wait.answered_at for wait in waits if wait.answered_at is not None)
    in_time = sorted(_answers_in_time(waits))
    return Trend(
        ends_at=now_ms,
        every_ms=MINUTE_MS,
        waiting=waiting,
        longest_s=longest,
        left=[_between(left, time - MINUTE_MS, time) for time in at],
        level=[_level(in_time, answered, left, time) for time in at],
    )


def _standing(waits: Sequence[Wait], at: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return two lists with one entry for each time in `at`: the numbers of waiting users, and the longest waits in seconds."""
    coming = sorted(waits, key=lambda wait: wait.asked_at)
    ends = sorted(_end(wait) for wait in waits)
    # a heap of open waits as (asked, end), the oldest first; an ended wait leaves the heap when it has become the first
    open_waits: list[tuple[int, float]] = []
    counts, longest, n = [], [], 0
    for time in at:
        while n < len(coming) and coming[n].asked_at <= time:
            heappush(open_waits, (coming[n].asked_at, _end(coming[n])))
            n += 1
        while open_waits and open_waits[0][1] <= time:
            heappop(open_waits)
        counts.append(n - bisect_right(ends, time))
        longest.append((time - open_waits[0][0]) // 1000 if open_waits else 0)
    return counts, longest


def _end(wait: Wait) -> float:
    ends = [time for time in (wait.answered_at, wait.ended_at) if time is not None]
    return max(wait.asked_at, min(ends)) if ends else float("inf")


def _answers_in_time(waits: Sequence[Wait]) -> list[int]:
    return [
        wait.answered_at
        for wait in waits
        if wait.answered_at is not None and wait.answered_at - wait.asked_at <= ANSWERED_IN_TIME_MS
    ]


def _level(in_time: Sequence[int], answered: Sequence[int], left: Sequence[int], time: int) -> float | None:
    """Return the percentage of users who were answered in time in the half hour up to `time`.

    Return None if in that half hour nobody was answered and nobody stopped waiting.
    """
    all_over = _between(answered, time - LEVEL_MS, time) + _between(left, time - LEVEL_MS, time)
    return round(100 * _between(in_time, time - LEVEL_MS, time) / all_over, 1) if all_over else None


def _between(times: Sequence[int], after: int, until: int) -> int:
    """Return the number of sorted `times` in the half-open interval (after, until]."""
    return bisect_right(times, until) - bisect_left(times, after + 1)
