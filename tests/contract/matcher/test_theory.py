"""The engine compared with queueing theory: long simulated days of one pool of counselors."""

from __future__ import annotations

import numpy as np
import pytest

from matcher.simulation.arrivals import draw_arrivals
from matcher.simulation.day import Day
from matcher.simulation.erlang import predict
from matcher.simulation.model import Model, QueueModel, Spread, StaffModel

AT_ONCE = Spread(0, "fixed")


def one_pool(per_hour: float, people: int, patience: Spread | None) -> Model:
    """Build a model in which the lengths of calls and of users' patience are distributed exponentially, as the theory assumes.

    No counselor declines a request.
    """
    queue = QueueModel("shop", "ko", ["cameras"], [per_hour] * 24, Spread(300, "exponential"), patience)
    staff = StaffModel(
        "pool", people, ["ko"], ["00:00-00:00"], answer=AT_ONCE, wrap_up=AT_ONCE, declined_percent=0, missed_percent=0
    )
    return Model([staff], [queue])


@pytest.mark.parametrize("patience_s", [None, 120.0])
def test_long_simulations_agree_with_erlang_c(patience_s: float | None) -> None:
    """Seven counselors have a load of five erlang for twelve days. Each day begins with an empty queue."""
    model = one_pool(60, 7, None if patience_s is None else Spread(patience_s, "exponential"))
    days = [Day(draw_arrivals(model, np.random.default_rng(seed)), model, seed, tell_every_s=0).run() for seed in range(12)]
    theory = predict(60 / 3600, 300, 7, patience_s or float("inf"))
    waits = np.concatenate([day.waited_s[day.served] for day in days])
    came = sum(len(day.served) for day in days)
    busy = sum(day.state_s["pool"]["busy"] for day in days) / sum(sum(day.state_s["pool"].values()) for day in days)
    assert waits.mean() == pytest.approx(theory.asa_s, rel=0.12)
    assert (waits <= 20).sum() / came == pytest.approx(theory.level, abs=0.03)
    assert sum(day.gave_up.sum() for day in days) / came == pytest.approx(theory.gives_up, abs=0.012)
    assert busy == pytest.approx(theory.occupancy, abs=0.02)
