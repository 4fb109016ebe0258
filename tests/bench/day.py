"""Measure how long it takes to simulate a day on which one million users ask for a counselor.

4,300 counselors serve four topics. Every user is told a range of expected waiting times on arrival, and a new range after
every five minutes of waiting.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np

from matcher.simulation.arrivals import draw_arrivals
from matcher.simulation.day import Day
from matcher.simulation.model import Model, QueueModel, Spread, StaffModel
from tests.bench.rows import Row, row

REQUESTS = 1_000_000
PEOPLE = 4_300
SHARES = {"cameras": 0.4, "orders": 0.3, "toys": 0.2, "garden": 0.1}


def model() -> Model:
    """Build a model of calls around the clock. A call lasts five minutes on average.

    The load is 3,470 erlang on 4,300 counselors. Counselors also need time to answer and to wrap up.
    """
    per_hour = REQUESTS / 24
    handle, patience = Spread(300, "lognormal", 0.8), Spread(300, "exponential")
    queues = [QueueModel("shop", "ko", [topic], [per_hour * share] * 24, handle, patience) for topic, share in SHARES.items()]
    return Model([StaffModel("all", PEOPLE, ["ko"], ["00:00-24:00"])], queues)


def rows() -> list[Row]:
    day = model()
    arrivals = draw_arrivals(day, np.random.default_rng(1))
    began = perf_counter()
    outcome = Day(arrivals, day, tell_every_s=300).run()
    took = perf_counter() - began
    assert outcome.served.sum() > 0.9 * len(arrivals)
    return [row("simulated_day_1m_s", "s", [took * REQUESTS / len(arrivals)])]
