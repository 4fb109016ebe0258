"""A bounded, fair queue for expensive work. Clients that have caused the least work lately come first."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import NamedTuple


class Who(NamedTuple):
    """A client that waits for work.

    `address`: the client's IPv4 address, or IPv6 network. `session`: names a person in a session, or a member of staff.
    """

    address: str
    session: str


class Full(Exception):
    """Too many clients wait, or the client's turn did not come in time."""


class Ledger:
    """Sums of the seconds of work that each key, such as an address, has caused. A sum halves every `half_life_s` seconds.

    At most `most_keys` keys are remembered. For each further key, the key whose last charge is the oldest is forgotten.
    """

    def __init__(self, half_life_s: float = 60.0, most_keys: int = 20_000, clock: Callable[[], float] = monotonic) -> None:
        self._half_life_s = half_life_s
        self._most_keys = most_keys
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def charge(self, key: str, seconds: float) -> None:
        """Add seconds of work to the sum of a key."""
        self._spent[key] = (self.of(key) + seconds, self._clock())
        self._spent.move_to_end(key)
        if len(self._spent) > self._most_keys:
            self._spent.popitem(last=False)

    def of(self, key: str, now_s: float | None = None) -> float:
        """Return the seconds of work that were charged to a key. The sum decays until `now_s`.

        To compare keys, pass the same `now_s` for all.
        """
        spent, at_s = self._spent.get(key, (0.0, 0.0))
        return spent * math.pow(2.0, (at_s - (self._clock() if now_s is None else now_s)) / self._half_life_s)

    def now_s(self) -> float:
        """Return the present time of the clock by which the sums decay, in seconds."""
        return self._clock()

    def __len__(self) -> int:
        return len(self._spent)


class FairLine:
    """A fair queue. A client works while it has a turn.

    At most `at_once` clients have a turn at the same time, and at most `each_address` of them have the same address. The next
    turn goes to a client of the address with the fewest turns at present. If several addresses have equally few, the address
    that has caused the least work lately (`ledger`) is first. Within an address, the session that has caused the least work
    lately is first. Within a session, the client that came first is first. At most `most_waiting` clients wait. If another client
    comes, the newest client of the session with the most waiting clients gets the exception `Full`.
    """

    def __init__(self, at_once: int, *, each_address: int, most_waiting: int, ledger: Ledger) -> None:
        self._at_once = at_once
        self._each_address = each_address
        self._most_waiting = most_waiting
        self._ledger = ledger
        self._inside: Counter[str] = Counter()
        self._waiting: dict[asyncio.Future[None], Who] = {}

    def __len__(self) -> int:
        """Return how many clients wait for a turn."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, who: Who, longest_s: float) -> AsyncIterator[None]:
        """Wait for a turn, and hold the turn during the `async with` block.

        Raises Full when too many clients wait, or when the turn does not come within `longest_s` seconds.
        """
        if not self._may_enter(who):
            await self._wait(who, longest_s)
        else:
            self._inside[who.address] += 1
        try:
            yield
        finally:
            self._inside[who.address] -= 1
            self._inside += Counter()  # removes the addresses whose count is 0
            self._next()

    def _may_enter(self, who: Who) -> bool:
        return self._inside.total() < self._at_once and self._inside[who.address] < self._each_address

    async def _wait(self, who: Who, longest_s: float) -> None:
        place = asyncio.get_running_loop().create_future()
        self._waiting[place] = who
        if len(self._waiting) > self._most_waiting:
            self._give_way()
        try:
            async with asyncio.timeout(longest_s):
                await place
        except TimeoutError:
            if not _given(place):  # the turn may have come in the moment when the time was up
                raise Full from None
        except asyncio.CancelledError:
            if _given(place):
                # the client's turn came just before the client's task was cancelled: give the turn to the next client
                self._inside[who.address] -= 1
                self._next()
            raise
        finally:
            self._waiting.pop(place, None)

    def _give_way(self) -> None:
        waiting, now_s = Counter(self._waiting.values()), self._ledger.now_s()
        most = max(waiting, key=lambda who: (waiting[who], self._ledger.of(who.session, now_s)))
        place = next(place for place, who in reversed(self._waiting.items()) if who == most)
        del self._waiting[place]
        place.set_exception(Full())

    def _next(self) -> None:
        while self._inside.total() < self._at_once:
            ready = [place for place, who in self._waiting.items() if not place.done() and self._may_enter(who)]
            if not ready:
                return
            now_s = self._ledger.now_s()
            # if several clients have the same rank, `min` returns the client that came first
            place = min(ready, key=lambda each: self._rank(self._waiting[each], now_s))
            self._inside[self._waiting.pop(place).address] += 1
            place.set_result(None)

    def _rank(self, who: Who, now_s: float) -> tuple[float, float, float]:
        return self._inside[who.address], self._ledger.of(who.address, now_s), self._ledger.of(who.session, now_s)


def _given(place: asyncio.Future[None]) -> bool:
    """Return whether the client that waits for this future got a turn."""
    return place.done() and not place.cancelled() and place.exception() is None
