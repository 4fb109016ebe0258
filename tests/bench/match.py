"""How fast the memory store matches: 1,000 staff, 20 queues, 10,000 waiting; and whether 100,000 waiting cost more than 1,000.

    python tests/bench/match.py [--json FILE]

A match is one step that ends with somebody reserved: `wrapped_up` takes the first in line. The rest of the cycle (accept, enter,
complete, a new request in line) runs between the timed steps, on the same engine. Rates are by the thread's own CPU time, so that
busy neighbours do not count; the p99 is by the wall clock, so that they do.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter_ns, thread_time, thread_time_ns

from matcher.engine import Engine
from matcher.types import Request, Reserved, Staff

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
    """`profiles`: how many different sets of skills there are; None: everybody has their own."""
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
    """The line is filled first, the staff sign in and take one each; then `matches` whole cycles run."""
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


def row(name: str, values: list[float], unit: str) -> dict[str, object]:
    return {"name": name, "value": median(values), "unit": unit, "runs": len(values), "min": min(values), "max": max(values)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--matches", type=int, default=30_000)
    arguments.add_argument("--json", type=Path, help="write the rows there")
    options = arguments.parse_args()

    def measure(**shape: int | None) -> list[Figures]:
        seeds = range(1, options.runs + 1)
        return [run(people=1000, matches=options.matches, seed=seed, **shape) for seed in seeds]

    main_runs, short, long = measure(waiting=10_000), measure(waiting=1_000), measure(waiting=100_000)
    unlike = measure(waiting=10_000, profiles=None)
    growth = [many.median_us / few.median_us for many, few in zip(long, short, strict=True)]
    rows = [
        row("match_memory_per_s", [figures.matches_s for figures in main_runs], "1/s"),
        row("match_memory_p99_us", [figures.p99_us for figures in main_runs], "us"),
        row("match_memory_cycles_per_s", [figures.cycles_s for figures in main_runs], "1/s"),
        row("match_memory_enqueue_us", [figures.enqueue_us for figures in main_runs], "us"),
        row("match_memory_100k_over_1k", growth, "x"),
        row("match_memory_unlike_skills_per_s", [figures.matches_s for figures in unlike], "1/s"),
    ]
    for each in rows:
        print(f"{each['name']:36} {each['value']:>12,.1f} {each['unit']:4} ({each['min']:,.1f} to {each['max']:,.1f})")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
