"""Measure the matcher's Redis store, with the Python code that calls Redis, on a separate redis-server.

There are 1,000 staff, 20 queues and 10,000 waiting requests. 32 steps of the matcher run at the same time. The bench
also compares 100,000 waiting requests with 1,000. As in `tests/bench/match.py`, a match is one call of `wrapped_up`: a member of
staff becomes free, and is offered the first request of the queue. The wall clock times each match. The latency of a match is the
caller's wait while 31 other steps run.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from matcher.redis import RedisStore
from matcher.types import AnyEvent, Reserved
from tests.bench.match import START_MS, request, staff
from tests.bench.rows import Row, row, table
from tests.redis_server import running_redis

IN_FLIGHT = 32


@dataclass
class Figures:
    matches_s: float
    p99_ms: float
    median_ms: float
    steps_s: float


class Desk:
    """Plays all users who ask for a counselor, and all staff: fills the queue, signs everybody in, then runs cycles.

    A cycle consists of these steps: accept, enter, complete, a new request, and wrap up.
    """

    def __init__(self, url: str, seed: int) -> None:
        self.store = RedisStore(url)
        self.rng = random.Random(seed)
        self.now_ms = START_MS
        self.number = 0
        self.ringing: list[Reserved] = []
        self.latency_s: list[float] = []

    async def together(self, steps: list[Coroutine[Any, Any, list[AnyEvent]]]) -> list[list[AnyEvent]]:
        return await asyncio.gather(*steps)

    def new(self) -> Any:
        self.number += 1
        return request(self.number, self.now_ms, self.rng)

    async def fill(self, people: int, waiting: int) -> None:
        for begin in range(0, waiting + people, 1000):
            self.now_ms += 1
            many = min(1000, waiting + people - begin)
            await self.together([self.store.enqueue(self.new(), self.now_ms) for _ in range(many)])
        for number in range(people):
            member = staff(number, self.rng, profiles=40)
            await self.store.sign_in(member, self.now_ms)
            self.ringing.append(ring_in(await self.store.set_available(member.id, self.now_ms)))

    async def timed(self, name: str) -> list[AnyEvent]:
        began = perf_counter()
        events = await self.store.wrapped_up(name, self.now_ms)
        self.latency_s.append(perf_counter() - began)
        return events

    async def go_round(self, rings: list[Reserved]) -> float:
        """Serve these ringing requests in parallel: each is accepted, entered and completed, and a new request takes its place.

        Then each member finishes their wrap-up, so that the matcher gives them a new request. Return how many seconds this last
        step took for all members together.
        """
        store, self.now_ms = self.store, self.now_ms + 2
        await self.together([store.accept(ring.reservation, self.now_ms) for ring in rings])
        await self.together([store.entered(ring.request, self.now_ms) for ring in rings])
        await self.together([store.complete(ring.request, self.now_ms) for ring in rings])
        await self.together([store.enqueue(self.new(), self.now_ms) for _ in rings])
        began = perf_counter()
        events = await self.together([self.timed(ring.staff) for ring in rings])
        took = perf_counter() - began
        self.ringing += [ring_in(each) for each in events]
        return took


def ring_in(events: list[AnyEvent]) -> Reserved:
    return next(event for event in events if isinstance(event, Reserved))


async def run(waiting: int, matches: int, seed: int) -> Figures:
    with running_redis() as server:
        desk = Desk(server.url, seed)
        await desk.fill(1000, waiting)
        began, spent = perf_counter(), 0.0
        for _ in range(matches // IN_FLIGHT):
            rings, desk.ringing = desk.ringing[:IN_FLIGHT], desk.ringing[IN_FLIGHT:]
            spent += await desk.go_round(rings)
        took = perf_counter() - began
        await desk.store.close()
    done = len(desk.latency_s)
    p99 = float(np.percentile(desk.latency_s, 99))
    return Figures(done / spent, 1000 * p99, 1000 * median(desk.latency_s), 5 * done / took)


def rows(runs: int = 3, matches: int = 6_400) -> list[Row]:
    def measure(waiting: int) -> list[Figures]:
        return [asyncio.run(run(waiting, matches, seed)) for seed in range(1, runs + 1)]

    full, short, long = measure(10_000), measure(1_000), measure(100_000)
    return [
        row("match_redis_per_s", "1/s", [figures.matches_s for figures in full]),
        row("match_redis_p99_ms", "ms", [figures.p99_ms for figures in full]),
        row("match_redis_steps_per_s", "1/s", [figures.steps_s for figures in full]),
        row("match_redis_100k_over_1k", "x", [b.median_ms / a.median_ms for a, b in zip(short, long, strict=True)]),
    ]


if __name__ == "__main__":
    print(table(rows()))
