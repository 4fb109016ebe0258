"""The expected wait in a queue, estimated from its last pickups. A *pickup* is the acceptance of a waiting request."""

from __future__ import annotations

from collections import deque
from math import ceil, floor, sqrt
from typing import Final

from matcher.types import Place

MIN_PICKUPS: Final = 5  # With fewer pickups (accepted requests) in the last hour, no range of waiting times is given.
KEPT_PICKUPS: Final = 12  # The range of waiting times is estimated from a queue's newest pickups, at most this many.
KEPT_MS: Final = 3_600_000  # Pickups from more than this many ms ago are ignored.
# The range of the estimated wait reaches this many standard deviations below and above its middle: 87 % of a normal distribution.
SPREAD: Final = 1.5
DRIFT: Final = 2  # Divisor: n pickups tell as much as n/2 independent ones, because staff come, go and serve other queues.


def either(text: Place, call: Place) -> Place:
    """Return the place in the queue, and the expected wait, of a user who has not chosen between text and call.

    If staff for only one medium are signed in, return the `Place` for that medium. Otherwise return a `Place` whose range covers
    the waits for text and for call.
    """
    if text.staffed != call.staffed:
        return text if text.staffed else call
    lows = [place.low_s for place in (text, call) if place.low_s is not None]
    highs = [place.high_s for place in (text, call) if place.high_s is not None]
    return Place(min(text.place, call.place), min(lows, default=None), max(highs, default=None), text.staffed)


class Pickups:
    """The last pickups (acceptances of waiting requests) of one queue, and the span of time (ms) before each pickup.

    A span ends at its pickup. It begins at the previous pickup or when the accepted request began to wait, whichever is later. So
    times in which nobody waited do not count. For example, on a quiet day five callers are each answered after three seconds.
    Then the estimate counts one pickup every three seconds, not one every two hours.
    """

    __slots__ = ("_last_ms", "_spans")

    def __init__(self) -> None:
        # (time of a pickup, ms since the previous pickup or, if that is less, the time for which the request had waited)
        self._spans: deque[tuple[int, int]] = deque(maxlen=KEPT_PICKUPS)
        self._last_ms = 0

    def add(self, now_ms: int, waiting_since_ms: int) -> None:
        self._spans.append((now_ms, max(0, now_ms - max(self._last_ms, waiting_since_ms))))
        self._last_ms = now_ms

    def range_s(self, place: int, now_ms: int, head_since_ms: int | None) -> tuple[int | None, int | None]:
        """Return the range of seconds until the `place`-th pickup from now. `place` counts from 1.

        Return (None, None) if the last hour had fewer than `MIN_PICKUPS` pickups. `head_since_ms`: when the first request of the
        queue began to wait (None: nobody waits). The estimate grows with the time that has passed since the last pickup or since
        `head_since_ms`, whichever is later. So the estimate rises as soon as pickups become rarer, for example because staff go
        home.

        The wait has an Erlang distribution whose rate is estimated from n pickups. A gamma distribution with the same mean and
        variance approximates the wait, and Wilson and Hilferty (1931) give that distribution's quantiles.

        Measured on the loads of tests/bench/wait_promise.py: with a larger `KEPT_PICKUPS` the range adapts later to a change of
        shifts. With a smaller `SPREAD`, more waits fall outside their range, above all just after such a change.
        """
        spans = [span for at, span in self._spans if now_ms - at <= KEPT_MS]
        if len(spans) < MIN_PICKUPS:
            return None, None
        ongoing = 0 if head_since_ms is None else max(0, now_ms - max(self._last_ms, head_since_ms))
        mean_s = (sum(spans) + ongoing) / len(spans) / 1000
        shape = place / (1 + DRIFT * place / len(spans))
        middle, side = 1 - 1 / (9 * shape), SPREAD / (3 * sqrt(shape))
        low, high = max(0.0, middle - side) ** 3, (middle + side) ** 3
        return floor(mean_s * place * low), ceil(mean_s * place * high)
