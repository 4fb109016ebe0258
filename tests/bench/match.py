"""Measure the matcher's memory store with 1,000 staff, 20 queues and 10,000 waiting requests.

The bench also compares a queue of 100,000 waiting requests with a queue of 1,000. A match is one call of `wrapped_up`, with which
a member of staff becomes free and is offered the first request of the queue. The other steps (accept, enter, complete, a new
request) run on the same engine, between the timed calls. Rates are computed from the thread's CPU time, which other programs do
not affect. The 99th percentile of the duration of a match is measured by the wall clock, which other programs do affect.
"""

from __future__ import annotations

import gc
import random
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns, thread_time, thread_time_ns

from matcher.engine import Engine
from matcher.types import Request, Reserved, Staff
from tests.bench.rows import Row, row, table

START_MS = 1_800_000_000_000
CATEGORIES = [f"c{number}" for number in range(10)]
LANGUAGES = ["ko", "en"]
QUEUES = [(category, language) for category in CATEGORIES for language in LANGUAGES]


@dataclass
class Figures:
    matches_s: float
    p99_us: float
    median_us: float
    cycles_s: float
    enqueue_us: float


def staff(number: int, rng: random.Random, *, profiles: int | None) -> Staff:
    """Return a member of staff. `profiles`: the number of different sets of skills; None: no two members have the same set."""
    pick = random.Random(number % profiles) if profiles else rng
    languages = frozenset(pick.sample(LANGUAGES, pick.randint(1, 2)))
    categories = set(pick.sample(CATEGORIES, pick.randint(2, 5)))
    if not profiles:
        categories.add(f"own{number}")
    return Staff(f"s{number}", "counselor", languages, frozenset({"site"}), frozenset(categories))


def request(number: int, now_ms: int, rng: random.Random) -> Request:
    category, language = rng.choice(QUEUES)
    return Request(f"q{number}", "user", "site", language, (category,), now_ms)


def run(*, people: int, waiting: int, matches: int, profiles: int | None = 40, seed: int = 1) -> Figures:
    """Measure `matches` matches, each in a cycle of these steps: accept, enter, complete, a new request, and wrap up.

    Before the measurement, fill the queue, sign the staff in, and let the matcher offer one request to each member.
    """
    rng = random.Random(seed)
    engine = Engine()
    now_ms, number = START_MS, 0
    for _ in range(waiting + people):
        now_ms += 1
        engine.enqueue(request(number, now_ms, rng), now_ms)
        number += 1
    ringing: list[tuple[str, str, str]] = []
    for index in range(people):
        member = staff(index, rng, profiles=profiles)
        engine.sign_in(member, now_ms)
        ringing += [
            (e.reservation, e.request, e.staff) for e in engine.set_available(member.id, now_ms) if isinstance(e, Reserved)
        ]
    steps_ns: list[int] = []
    wall_ns: list[int] = []
    enqueue_ns: list[int] = []
    gc.collect()
    gc.freeze()
    began = thread_time()
    for index in range(matches):
        if index % 16 == 0:
            now_ms += 1
        reservation, held, name = ringing[index % len(ringing)]
        engine.accept(reservation, now_ms)
        engine.entered(held, now_ms)
        engine.complete(held, now_ms)
        new = request(number, now_ms, rng)
        number += 1
        at = thread_time_ns()
        engine.enqueue(new, now_ms)
        enqueue_ns.append(thread_time_ns() - at)
        wall_at, at = perf_counter_ns(), thread_time_ns()
        events = engine.wrapped_up(name, now_ms)
        steps_ns.append(thread_time_ns() - at)
        wall_ns.append(perf_counter_ns() - wall_at)
        reserved = next(event for event in events if isinstance(event, Reserved))
        ringing[index % len(ringing)] = (reserved.reservation, reserved.request, reserved.staff)
    took = thread_time() - began
    gc.unfreeze()
    wall_ns.sort()
    return Figures(
        matches_s=1e9 * len(steps_ns) / sum(steps_ns),
        p99_us=wall_ns[len(wall_ns) * 99 // 100] / 1000,
        median_us=median(steps_ns) / 1000,
        cycles_s=matches / took,
        enqueue_us=sum(enqueue_ns) / len(enqueue_ns) / 1000,
    )


def rows(runs: int = 3, matches: int = 30_000) -> list[Row]:
    def measure(waiting: int, **shape: None) -> list[Figures]:
        return [run(people=1000, waiting=waiting, matches=matches, seed=seed, **shape) for seed in range(1, runs + 1)]

    full, short, long = measure(10_000), measure(1_000), measure(100_000)
    unlike = measure(10_000, profiles=None)
    return [
        row("match_memory_per_s", "1/s", [figures.matches_s for figures in full]),
        row("match_memory_p99_us", "us", [figures.p99_us for figures in full]),
        row("match_memory_cycles_per_s", "1/s", [figures.cycles_s for figures in full]),
        row("match_memory_enqueue_us", "us", [figures.enqueue_us for figures in full]),
        row("match_memory_100k_over_1k", "x", [b.median_us / a.median_us for a, b in zip(short, long, strict=True)]),
        row("match_memory_unlike_skills_per_s", "1/s", [figures.matches_s for figures in unlike]),
    ]


if __name__ == "__main__":
    print(table(rows()))
