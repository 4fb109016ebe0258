"""Who gets in when many come at once: nobody new while the server is full or behind, and those who come back at a rate it bears.

Conversations that go on are never refused anything here.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from signaling.config.settings import Bounds

SAMPLE_S = 0.05
SMOOTHING = 0.1  # of one sample: about the last half second counts
LONGEST_RETRY_S = 30.0
SHORTEST_RETRY_S = 1.0
FIRST_TURN_S = 0.005
JITTER = 1.15
"""In the mean clients come so much later than they were told (up to 30 %, so that they don't come together)."""
CALM_MS = 10.0
MOST_UNOPENED = 1000  # or as many as may wait: they take memory for seconds, and nobody's place


class Crowded(Exception):
    """Not now. `reason`: full (too many people wait), overloaded (the server is behind), pictures (too many are sent)."""

    def __init__(self, reason: str, retry_s: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_s = retry_s


class Gate:
    """`at_once` are served at a time, others stand in line while it moves fast enough for the last of them to be served within
    `longest_s`. Who is refused is given an appointment: the time at which the server will have served all who came before, so
    that they do not all return together."""

    def __init__(self, at_once: int, longest_s: float, clock: Callable[[], float] = monotonic) -> None:
        self._free = at_once
        self._longest_s = longest_s
        self._clock = clock
        self._line: deque[asyncio.Future[None]] = deque()
        self._urgent: deque[asyncio.Future[None]] = deque()
        # Between two that are let in, lately. A moment in which all stood still says little of the next turns: counted whole, one
        # second of it sent the last of ten thousand away for half a minute, while nobody was served.
        self._turn_s = FIRST_TURN_S
        self._let_in_s = 0.0
        self._booked_until_s = 0.0

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Crowded when the line is too long; never for who is `urgent`, who goes first."""
        await self._enter(urgent)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, urgent: bool) -> None:
        if self._free > 0:
            self._free -= 1
            return
        if not urgent and self.wait_s() > self._longest_s:
            raise Crowded("overloaded", self._appointment_s(self._clock()))
        place = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._line).append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._leave()  # it was our turn
            raise

    def _leave(self) -> None:
        now_s = self._clock()
        while self._urgent or self._line:
            place = (self._urgent or self._line).popleft()
            if not place.done():
                self._turn_s += 0.05 * (min(now_s - self._let_in_s, 4 * self._turn_s + 0.01) - self._turn_s)
                self._let_in_s = now_s
                place.set_result(None)
                return
        self._free += 1
        self._let_in_s = now_s

    def wait_s(self) -> float:
        """For whoever would be the last in line now."""
        return (len(self._urgent) + len(self._line)) * self._turn_s

    def _appointment_s(self, now_s: float) -> float:
        self._booked_until_s = max(self._booked_until_s, now_s + self.wait_s()) + self._turn_s
        wait_s = self._booked_until_s - now_s
        if wait_s > LONGEST_RETRY_S:
            wait_s = LONGEST_RETRY_S * (0.5 + 0.5 * random.random())  # noqa: S311  # spreads them, no secret
        return max(SHORTEST_RETRY_S, wait_s / JITTER)


@dataclass
class Crowd:
    """People without a counselor, by site. `here`: those who wait or whose page has said hello. `unopened`: sessions whose page
    has not, or is gone."""

    here: Counter[str] = field(default_factory=Counter)
    unopened: Counter[str] = field(default_factory=Counter)


def has_place(counts: Mapping[str, int], site: str, most: int, sites: int) -> bool:
    """Whether one more of `site` gets in. Half of `most` is shared out among the `sites`, so that the crowd of one leaves room
    for the others; the other half is for whoever comes first."""
    own = most // (2 * max(1, sites, len(counts)))
    if counts.get(site, 0) < own:
        return True
    beyond = sum(max(0, count - own) for count in counts.values())
    return beyond < most - own * max(1, sites, len(counts))


class Admission:
    """`new` before a session is made, `returning` before a connection is greeted. `lag_ms`: how late the loop is."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.lag_ms = 0.0
        self.sites = 1
        self._new = Gate(at_once=8, longest_s=4.0)
        self._returning = Gate(at_once=32, longest_s=4.0)

    def check(self, crowd: Crowd, site: str) -> None:
        """Crowded when nobody new is let in for that site."""
        most = self.bounds.most_waiting
        unopened_fit = has_place(crowd.unopened, site, max(most, MOST_UNOPENED), self.sites)
        if not unopened_fit or not has_place(crowd.here, site, most, self.sites):
            raise Crowded("full", _spread(LONGEST_RETRY_S))
        if self.lag_ms > self.bounds.most_lag_ms:
            raise Crowded("overloaded", _spread(LONGEST_RETRY_S / 3))

    @asynccontextmanager
    async def new(self, crowd: Crowd, site: str) -> AsyncIterator[None]:
        self.check(crowd, site)
        async with self._new.turn():
            yield

    @asynccontextmanager
    async def returning(self, *, urgent: bool) -> AsyncIterator[None]:
        """`urgent`: staff, and users who are in a conversation."""
        async with self._returning.turn(urgent=urgent):
            yield

    def is_calm(self) -> bool:
        """Nobody waits to be let in, and work is done as it comes."""
        return self.lag_ms < CALM_MS and not self._new.wait_s() and not self._returning.wait_s()

    async def watch(self) -> None:
        """How late the loop calls back; it must run all the time."""
        while True:
            asleep_s = monotonic()
            await asyncio.sleep(SAMPLE_S)
            late_ms = (monotonic() - asleep_s - SAMPLE_S) * 1000
            self.lag_ms += SMOOTHING * (late_ms - self.lag_ms)


def _spread(seconds: float) -> float:
    return seconds * (0.7 + 0.6 * random.random())  # noqa: S311  # spreads them, no secret
