"""Admission control: which clients the server lets in when many come at the same time.

No new session begins while the server is full or overloaded. Clients that connect again to a session are admitted at the rate at
which the server can serve them. Staff, and users in a conversation, are never refused here.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from signaling.config.settings import Bounds
from signaling.config.shares import Sites
from signaling.protocol.reasons import CrowdedReason

SAMPLE_S = 0.05  # Seconds between two samples of the event loop's lag.
SMOOTHING = 0.1  # Weight of one sample in the mean lag; so the mean covers about the last half second.
LONGEST_RETRY_S = 30.0
SHORTEST_RETRY_S = 1.0
# Seconds after which a task in the queue is refused, because the server has become slower than expected. A page gives up a silent
# connection after 12 s and connects again, so after a longer wait it would stand in the queue twice.
PATIENCE_S = 8.0
FIRST_TURN_S = 0.005  # assumed seconds between two admissions, until some have been measured
JITTER = 1.15
"""Mean factor by which a client lengthens the delay that the server tells it.

Each client adds 0 to 30 %, so that refused clients do not all return together.
"""
CALM_MS = 10.0  # The server counts as calm only while the event loop lags by less than this many ms.
# There are at most this many sessions that do not wait for a counselor yet and have no connected page (`Crowd.unopened`). If the
# setting `most_waiting` is larger, that setting is the limit instead. A session without a connected page takes memory for some
# seconds, but no place in the queue for a counselor.
MOST_UNOPENED = 1000


class Crowded(Exception):
    """The client is refused for now and may try again after `retry_s` seconds."""

    def __init__(self, reason: CrowdedReason, retry_s: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_s = retry_s


class Gate:
    """A queue for work that at most `at_once` tasks may do at the same time.

    A task is refused if it would have to wait for more than `longest_s`. The refusal says when to try again: when the server has
    probably served all tasks that came before. So refused clients do not all return at the same time. A task in the queue is
    refused when it has waited for `patience_s`. None: a task may wait without end.
    """

    def __init__(
        self, at_once: int, longest_s: float, clock: Callable[[], float] = monotonic, patience_s: float | None = None
    ) -> None:
        self._free = at_once
        self._longest_s = longest_s
        self._patience_s = patience_s
        self._clock = clock
        self._line: deque[asyncio.Future[None]] = deque()
        self._urgent: deque[asyncio.Future[None]] = deque()
        # Recent mean seconds between two admissions. A pause of the whole server counts only in part (`_leave`). In a
        # measurement in which pauses counted in full, a pause of one second made the server tell the last of ten thousand
        # clients to return after half a minute. The queue was empty long before that.
        self._turn_s = FIRST_TURN_S
        self._let_in_s = 0.0
        self._booked_until_s = 0.0

    @asynccontextmanager
    async def turn(self, *, urgent: bool = False) -> AsyncIterator[None]:
        """Wait until fewer than `at_once` tasks are at work. Count as one of them during the `async with` block.

        Raises Crowded when the queue is too long.

        `urgent` tasks go first and are never refused.
        """
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
            async with asyncio.timeout(None if urgent else self._patience_s):
                await place
        except (asyncio.CancelledError, TimeoutError) as error:
            if place.done() and not place.cancelled():
                self._leave()  # the task was admitted just before it was cancelled: admit the next task instead
            if isinstance(error, TimeoutError):
                raise Crowded("overloaded", self._appointment_s(self._clock())) from None
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
        """Return the expected wait, in seconds, of a task that joins the queue now."""
        return (len(self._urgent) + len(self._line)) * self._turn_s

    def _appointment_s(self, now_s: float) -> float:
        self._booked_until_s = max(self._booked_until_s, now_s + self.wait_s()) + self._turn_s
        wait_s = self._booked_until_s - now_s
        if wait_s > LONGEST_RETRY_S:
            wait_s = LONGEST_RETRY_S * (0.5 + 0.5 * random.random())  # noqa: S311  # spreads the clients; no secret depends on it
        return max(SHORTEST_RETRY_S, wait_s / JITTER)


@dataclass
class Crowd:
    """Sessions without a counselor, counted by site.

    `here`: sessions that wait for a counselor or have a connected page. `unopened`: sessions that have not begun to wait, and
    whose page is not connected.
    """

    here: Counter[str] = field(default_factory=Counter)
    unopened: Counter[str] = field(default_factory=Counter)


class Admission:
    """Admission to the server.

    Call `new` before a session is made, and `returning` before a returning client's connection is served. `lag_ms`: the smoothed
    lag of the event loop. `sites`: the installation's sites. A part of each limit is divided among the sites, so that one site
    cannot use up the limit.
    """

    def __init__(self, bounds: Bounds | None = None) -> None:
        self.bounds = bounds or Bounds()
        self.lag_ms = 0.0
        self.sites = Sites()
        self._new = Gate(at_once=8, longest_s=4.0, patience_s=PATIENCE_S)
        self._returning = Gate(at_once=32, longest_s=4.0, patience_s=PATIENCE_S)

    def check(self, crowd: Crowd, site: str) -> None:
        """Raise Crowded when no new session of `site` may begin."""
        most = self.bounds.most_waiting
        unopened_fit = self.sites.have_place(crowd.unopened, site, max(most, MOST_UNOPENED))
        if not unopened_fit or not self.sites.have_place(crowd.here, site, most):
            raise Crowded("full", _spread(LONGEST_RETRY_S))
        if self.lag_ms > self.bounds.most_lag_ms:
            raise Crowded("overloaded", _spread(LONGEST_RETRY_S / 3))

    @asynccontextmanager
    async def new(self, crowd: Crowd, site: str) -> AsyncIterator[None]:
        """Wait until a new session of `site` may be made. Make the session inside the `async with` block. Raises Crowded."""
        self.check(crowd, site)
        async with self._new.turn():
            yield

    @asynccontextmanager
    async def returning(self, *, urgent: bool) -> AsyncIterator[None]:
        """Wait until a returning client may be served. Serve the client inside the `async with` block.

        Raises Crowded, except for `urgent` clients. `urgent`: the client is a member of staff, or a user in a conversation.
        """
        async with self._returning.turn(urgent=urgent):
            yield

    def is_calm(self) -> bool:
        """Return whether no client waits for admission and the event loop lags by less than `CALM_MS`."""
        return self.lag_ms < CALM_MS and not self._new.wait_s() and not self._returning.wait_s()

    async def watch(self) -> None:
        """Keep `lag_ms` up to date, until cancelled."""
        while True:
            asleep_s = monotonic()
            await asyncio.sleep(SAMPLE_S)
            late_ms = (monotonic() - asleep_s - SAMPLE_S) * 1000
            self.lag_ms += SMOOTHING * (late_ms - self.lag_ms)


def _spread(seconds: float) -> float:
    return seconds * (0.7 + 0.6 * random.random())  # noqa: S311  # spreads the clients; no secret depends on it
