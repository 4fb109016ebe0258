"""Count how many promises of appointments the matcher breaks under load, in a simulation of 100,000 appointments.

    python -m tests.bench promises

In each simulated day, a thousand counselors work around the clock. More than half of the counselors' time is booked by
appointments, and other calls fill the rest. A promise is broken when another call takes the counselor who was kept free for the
appointment, or when the appointment does not ring at its start although the counselor is free.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from matcher.simulation.appointments import Kept
from matcher.simulation.arrivals import draw_arrivals
from matcher.simulation.day import Day
from matcher.simulation.model import AppointmentModel, Model, QueueModel, Spread, StaffModel
from matcher.simulation.report import report
from tests.bench.rows import Row, row

APPOINTMENTS = 100_000
PEOPLE = 1_000
CALLS_PER_HOUR = 6_800
TOPICS = ("cameras", "orders", "toys", "garden")


def model(people: int = PEOPLE) -> Model:
    """Build a model of a busy day with `people` counselors. The number of calls without an appointment grows with them."""
    handle, patience = Spread(300, "lognormal", 0.8), Spread(420, "exponential")
    per_hour = CALLS_PER_HOUR * people / PEOPLE / len(TOPICS)
    queues = [QueueModel("shop", "ko", [topic], [per_hour] * 24, handle, patience) for topic in TOPICS]
    staff = [StaffModel("all", people, ["ko"], ["00:00-24:00"])]
    return Model(staff, queues, AppointmentModel(booked_percent=60))


def kept_in(day: Model, seed: int) -> tuple[Kept, float]:
    """Simulate a day. Return how its appointments were kept, and which percentage of all other users was served."""
    found = report(Day(draw_arrivals(day, np.random.default_rng(seed)), day, seed).run(), day)
    assert found.appointments is not None
    return found.appointments, 100 * found.total.served / found.total.offered


def rows(appointments: int = APPOINTMENTS) -> Iterator[Row]:
    booked, broken, on_time, nobody, seed = 0, 0, 0, 0, 0
    served: list[float] = []
    while booked < appointments:
        seed += 1
        kept, share = kept_in(model(), seed)
        booked, broken, on_time = booked + kept.booked, broken + kept.broken, on_time + kept.on_time
        nobody += kept.nobody
        served.append(share)
    yield row("appointments_booked", "booked", [float(booked)])
    yield row("appointment_promises_broken", "promises", [float(broken)])
    yield row("appointments_on_time_percent", "%", [100 * on_time / booked])
    yield row("appointments_never_rang", "booked", [float(nobody)])
    yield row("appointments_others_served_percent", "%", served)
