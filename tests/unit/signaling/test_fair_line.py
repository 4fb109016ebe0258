from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from signaling.images.fair_line import FairLine, Full, Ledger, Who
from tests import PATIENCE_S


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def line(at_once: int = 1, each_address: int = 9, most_waiting: int = 9, ledger: Ledger | None = None) -> FairLine:
    return FairLine(at_once, each_address=each_address, most_waiting=most_waiting, ledger=ledger or Ledger())


class Crowd:
    """People who wait in a `FairLine` until it is their turn. Each person has a session.

    `served`: the sessions of the people whose turn has come, in order.
    """

    def __init__(self, of: FairLine) -> None:
        self.line = of
        self.served: list[str] = []
        self.refused: list[str] = []
        self.go = asyncio.Event()

    async def come(self, *people: Who) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self._want(who)) for who in people]
        for _ in people:
            await asyncio.sleep(0)
        return tasks

    async def _want(self, who: Who) -> None:
        try:
            async with self.line.turn(who, longest_s=5):
                self.served.append(who.session)
                await self.go.wait()
        except Full:
            self.refused.append(who.session)


def sessions(text: str, address: str = "a") -> list[Who]:
    return [Who(address, name) for name in text]


async def test_lowest_recent_cost_goes_first() -> None:
    ledger = Ledger()
    for name, seconds in (("x", 9.0), ("y", 3.0), ("z", 1.0)):
        ledger.charge(name, seconds)
    crowd = Crowd(line(ledger=ledger))
    tasks = await crowd.come(*sessions("x"), *sessions("xxyz"))
    crowd.go.set()
    await asyncio.gather(*tasks)
    assert crowd.served == ["x", "z", "y", "x", "x"]


async def test_costly_address_comes_after_another() -> None:
    ledger = Ledger()
    ledger.charge("spender", 9.0)
    crowd = Crowd(line(ledger=ledger))
    tasks = await crowd.come(*sessions("abc", "spender"), Who("other", "d"))
    crowd.go.set()
    await asyncio.gather(*tasks)
    assert crowd.served == ["a", "d", "b", "c"]


async def test_turns_per_address_are_limited() -> None:
    crowd = Crowd(line(at_once=3, each_address=2))
    tasks = await crowd.come(*sessions("abc"), Who("other", "d"))
    assert sorted(crowd.served) == ["a", "b", "d"]
    crowd.go.set()
    await asyncio.gather(*tasks)
    assert sorted(crowd.served) == ["a", "b", "c", "d"]


async def test_full_queue_drops_from_the_address_with_most_requests() -> None:
    crowd = Crowd(line(most_waiting=3))
    tasks = await crowd.come(*sessions("wxxxy"))
    assert crowd.refused == ["x"]
    crowd.go.set()
    await asyncio.gather(*tasks)
    assert sorted(crowd.served) == ["w", "x", "x", "y"]


async def test_waiting_times_out() -> None:
    of = line()
    async with of.turn(Who("a", "x"), longest_s=1):
        with pytest.raises(Full):
            async with of.turn(Who("a", "y"), longest_s=0.01):
                pass
    assert len(of) == 0
    async with of.turn(Who("a", "y"), longest_s=0.01):
        pass


async def test_leaving_the_queue_costs_nobody_a_turn() -> None:
    crowd = Crowd(line())
    tasks = await crowd.come(*sessions("xyz"))
    tasks[1].cancel()
    crowd.go.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert crowd.served == ["x", "z"]
    async with crowd.line.turn(Who("a", "again"), longest_s=0.1):
        pass


def test_recorded_cost_halves_each_minute_and_is_bounded() -> None:
    clock = Clock()
    ledger = Ledger(60, most_keys=3, clock=clock)
    ledger.charge("a", 8)
    clock.now_s = 60
    assert ledger.of("a") == pytest.approx(4)
    for name in "bcd":
        ledger.charge(name, 1)
    assert len(ledger) == 3
    assert ledger.of("a") == 0


async def test_turn_that_comes_when_the_time_is_up_is_not_lost() -> None:
    """The second person's turn comes, and in the same pass of the event loop the longest wait of this person ends.

    The person still gets the turn.
    """
    queue, loop, entered = line(), asyncio.get_running_loop(), asyncio.Event()
    [first, second] = sessions("xy")
    held = queue.turn(first, longest_s=5)
    await held.__aenter__()

    def leave() -> None:
        with contextlib.suppress(StopIteration):
            held.__aexit__(None, None, None).send(None)  # `__aexit__` waits for nothing, so one step completes it

    async def want() -> None:
        async with queue.turn(second, longest_s=0.5):
            entered.set()

    task = asyncio.create_task(want())
    await asyncio.sleep(0)
    loop.call_later(0.3, leave)
    # the event loop is blocked when the first person leaves (0.3 s) and when the second person has waited too long (0.5 s)
    loop.call_later(0.1, time.sleep, 0.6)
    await asyncio.gather(task, return_exceptions=True)
    assert entered.is_set()
    async with asyncio.timeout(PATIENCE_S), queue.turn(first, longest_s=PATIENCE_S):
        assert len(queue) == 0
