"""Measure, under eight loads, how many users are served within the range of waiting times that they saw when they queued.

    python -m tests.bench.wait_promise [--runs N]

For each load, the bench takes the median of its runs. The result is the lowest of these medians, because the promise must
also hold on busy days.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np

from matcher.simulation.arrivals import draw_arrivals
from matcher.simulation.day import UNTOLD, Day
from matcher.simulation.model import Model, QueueModel, Spread, StaffModel, default_model
from tests.bench.rows import Row, row

HANDLE = Spread(300, "lognormal", 0.8)
PATIENCE = Spread(300, "exponential")
TOPICS = ("cameras", "orders", "toys", "garden")


def topics(per_hour: list[float], patience: Spread | None = PATIENCE) -> list[QueueModel]:
    shares = (0.4, 0.3, 0.2, 0.1)
    return [
        QueueModel("shop", "ko", [topic], [rate * share for rate in per_hour], HANDLE, patience)
        for topic, share in zip(TOPICS, shares, strict=True)
    ]


def one(per_hour: list[float], patience: Spread | None = PATIENCE) -> list[QueueModel]:
    return [QueueModel("shop", "ko", ["cameras"], per_hour, HANDLE, patience)]


def people(number: int, *shifts: str, name: str = "all", categories: tuple[str, ...] = ("*",), **more: Spread) -> StaffModel:
    return StaffModel(name, number, ["ko"], list(shifts or ("00:00-24:00",)), categories, **more)


def quiet() -> Model:
    return Model([people(20)], topics([80.0] * 24))


def busy() -> Model:
    return Model([people(20)], topics([200.0] * 24))


def overload() -> Model:
    return Model([people(20)], topics([300.0] * 24))


def patient() -> Model:
    """Build a model of one queue and five counselors in which no user gives up."""
    return Model([people(5)], one([46.0] * 24, None))


def own_staff() -> Model:
    """Build a model in which each topic has its own staff.

    A user who has waited for a while is also served by staff of other topics.
    """
    return Model([people(5, name=topic, categories=(topic,)) for topic in TOPICS], topics([190.0] * 24))


def shifts() -> Model:
    """Build a model in which the number of staff changes several times a day, between four and twenty."""
    return Model(
        [
            people(4, name="always"),
            people(8, "08:00-12:00", "13:00-17:00", name="office"),
            people(8, "10:00-11:00", "14:00-15:30", "20:00-23:00", name="waves"),
        ],
        topics([60.0] * 8 + [130.0] * 10 + [100.0] * 6),
    )


def bursts() -> Model:
    """Build a model in which every fourth hour has four times as many users."""
    return Model([people(20)], topics([90.0, 90.0, 360.0, 90.0] * 6))


LOADS: tuple[Callable[[], Model], ...] = (default_model, quiet, busy, overload, patient, own_staff, shifts, bursts)


@dataclass(frozen=True)
class Promise:
    kept_percent: float
    later_percent: float
    told_percent: float
    # median width of the ranges of waiting times that users saw when they queued, divided by these users' median wait
    width_over_wait: float
    width_s: float


def measure(model: Model, seed: int) -> Promise:
    arrivals = draw_arrivals(model, np.random.default_rng(seed))
    outcome = Day(arrivals, model, seed).run()
    told = outcome.low_s != UNTOLD
    width = float(np.median((outcome.high_s - outcome.low_s)[told]))
    waited = float(np.median(outcome.waited_s[told]))
    return Promise(
        outcome.first.kept_percent or 0, outcome.later.kept_percent or 0, 100 * float(told.mean()), width / waited, width
    )


def rows(runs: int = 3) -> list[Row]:
    days = [[measure(load(), seed) for seed in range(1, runs + 1)] for load in LOADS]
    worst = min(days, key=lambda each: median(promise.kept_percent for promise in each))
    widest = max(days, key=lambda each: median(promise.width_over_wait for promise in each))
    return [
        row("wait_promise_kept_percent", "%", [promise.kept_percent for promise in worst]),
        row("wait_promise_width_s", "s", [promise.width_s for each in days for promise in each]),
        row("wait_promise_width_over_wait", "x", [promise.width_over_wait for promise in widest]),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", type=int, default=3)
    options = arguments.parse_args()
    print(f"{'load':14} {'kept %':>7} {'min':>6} {'later %':>8} {'told %':>7} {'width s':>8} {'width/wait':>10}")
    for load in LOADS:
        found = [measure(load(), seed) for seed in range(1, options.runs + 1)]
        kept = [promise.kept_percent for promise in found]
        later, told, width, over = (
            median(getattr(promise, name) for promise in found)
            for name in ("later_percent", "told_percent", "width_s", "width_over_wait")
        )
        print(f"{load.__name__:14} {median(kept):7.1f} {min(kept):6.1f} {later:8.1f} {told:7.1f} {width:8.0f} {over:10.2f}")


if __name__ == "__main__":
    main()
