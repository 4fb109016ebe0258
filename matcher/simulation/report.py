"""Computes the figures of a simulated day for each queue, and the predictions of queueing theory for the same load."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from msgspec import Struct

from matcher.simulation.appointments import Kept
from matcher.simulation.day import Outcome
from matcher.simulation.erlang import Prediction, predict
from matcher.simulation.model import DAY_S, HOUR_S, NEVER_S, Model, StaffModel, queue_name

ON_DUTY: Final = ("available", "reserved", "busy", "wrap_up")
WORKING: Final = ("reserved", "busy", "wrap_up")


class Figures(Struct, frozen=True):
    """Figures of one queue. Waits (s) are those of served users. Shares (%) are of all users who came.

    `asa_s`: mean wait. `asa_s`, `p50_s`, `p80_s`, `p95_s`: None if nobody was served. `service_level_percent`: share of users
    served within `Report.within_s`.
    """

    name: str
    offered: int
    served: int
    asa_s: float | None
    p50_s: float | None
    p80_s: float | None
    p95_s: float | None
    service_level_percent: float
    abandoned_percent: float


class Theory(Struct, frozen=True):
    """The predictions of Erlang-C (nobody gives up) and Erlang-A (users give up).

    Each theory treats all counselors as one pool, and each hour as a steady state. The theories predict only calls: each call
    takes one place of a counselor, and text sessions take no places for calls. `…_asa_s`: mean wait; None if the theory says that
    the queue grows without end.
    """

    erlang_c_asa_s: float | None
    erlang_c_level_percent: float
    erlang_a_asa_s: float | None
    erlang_a_level_percent: float
    erlang_a_abandoned_percent: float


class Report(Struct, frozen=True):
    """The figures of a day.

    `within_s`: the longest wait (s) that meets the service level. `occupancy_percent`: group of staff → share of its time on duty
    in which it works; None if nobody was on duty. `wait_promise_kept_percent`: of the ranges of waits that users were told when
    they came, the share that came true. `later_promise_kept_percent`: the same for the ranges that users were told afterwards.
    Each share leaves out the ranges that `Told` does not count, and is None if no range counts. `theory`: None if no user calls,
    or no counselor takes calls. `appointments`: None if the day had no appointments.
    """

    within_s: float
    total: Figures
    queues: list[Figures]
    occupancy_percent: dict[str, float | None]
    wait_promise_kept_percent: float | None
    later_promise_kept_percent: float | None
    theory: Theory | None
    appointments: Kept | None = None


def report(outcome: Outcome, model: Model, within_s: float = 20) -> Report:
    """Return the report of a day. `within_s`: the longest wait (s) that meets the service level."""
    arrivals = outcome.arrivals
    names = [queue_name(key) for key in arrivals.queues]
    everybody = np.ones(len(arrivals), bool)
    return Report(
        within_s,
        _figures("total", outcome, everybody, within_s),
        [_figures(name, outcome, arrivals.queue == index, within_s) for index, name in enumerate(names)],
        {name: _occupancy(states) for name, states in outcome.state_s.items()},
        outcome.first.kept_percent,
        outcome.later.kept_percent,
        _theory(outcome, model, within_s),
        outcome.appointments,
    )


def _figures(name: str, outcome: Outcome, which: Any, within_s: float) -> Figures:
    offered, served = int(which.sum()), which & outcome.served
    waits = outcome.waited_s[served]
    p50, p80, p95 = np.percentile(waits, (50, 80, 95)).tolist() if len(waits) else (None, None, None)
    answered = int((waits <= within_s).sum())
    gone = int((which & outcome.gave_up).sum())
    share = 100 / offered if offered else 0
    asa = float(waits.mean()) if len(waits) else None
    return Figures(name, offered, len(waits), asa, p50, p80, p95, answered * share, gone * share)


def _occupancy(states: dict[Any, float]) -> float | None:
    on_duty = sum(states.get(state, 0) for state in ON_DUTY)
    return 100 * sum(states.get(state, 0) for state in WORKING) / on_duty if on_duty else None


def hours_in_theory(outcome: Outcome, model: Model, within_s: float = 20) -> list[tuple[int, int, Prediction, Prediction]]:
    """Return, for each hour in which users call: the hour, how many users call, and the predictions by Erlang-C and Erlang-A.

    Text sessions and requests for help are left out. The list is empty if no user calls or no counselor takes calls.
    """
    arrivals = outcome.arrivals
    users = np.array([(kind, medium) == ("user", "call") for kind, *_, medium in arrivals.queues])[arrivals.queue]
    counselors = [group for group in model.staff if group.role == "counselor" and group.calls]
    if not users.any() or not counselors:
        return []
    heads = sum(group.people for group in counselors)
    extra_s = sum(group.people * (group.answer.mean_s + group.wrap_up.mean_s) for group in counselors) / heads
    handle_s = float(arrivals.handle_s[users].mean()) + extra_s
    patience = arrivals.patience_s[users]
    patience_s = float(patience.mean()) if (patience < NEVER_S).all() else NEVER_S
    days = int(arrivals.at_s[-1] // DAY_S) + 1
    counts = np.bincount((arrivals.at_s[users] % DAY_S // HOUR_S).astype(int), minlength=24)
    hours = [(hour, int(n), n / days / HOUR_S, _people(counselors, hour)) for hour, n in enumerate(counts) if n]
    return [
        (hour, n, predict(rate, handle_s, people, within_s=within_s), predict(rate, handle_s, people, patience_s, within_s))
        for hour, n, rate, people in hours
    ]


def _theory(outcome: Outcome, model: Model, within_s: float) -> Theory | None:
    """Return what queueing theory predicts for the whole day: the mean of the hours, weighted by their users.

    Return None if no user calls, or no counselor takes calls.
    """
    hours = hours_in_theory(outcome, model, within_s)
    if not hours:
        return None
    weights = np.array([n for _, n, _, _ in hours])
    patient, leaving = [one for _, _, one, _ in hours], [one for _, _, _, one in hours]
    return Theory(
        _mean_wait(patient, weights),
        100 * float(np.average([one.level for one in patient], weights=weights)),
        _mean_wait(leaving, weights),
        100 * float(np.average([one.level for one in leaving], weights=weights)),
        100 * float(np.average([one.gives_up for one in leaving], weights=weights)),
    )


def _mean_wait(hours: list[Prediction], weights: Any) -> float | None:
    """Return the mean wait (s) of served users, or None if a queue would grow without end, or nobody would be served."""
    served = weights * np.array([1 - one.gives_up for one in hours])
    waits = np.array([one.asa_s for one in hours])[served > 0]
    return float(np.average(waits, weights=served[served > 0])) if len(waits) and np.isfinite(waits).all() else None


def _people(groups: list[StaffModel], hour: int) -> int:
    """Return how many simultaneous calls everybody on shift together can take in the middle of an hour."""
    middle = hour * HOUR_S + HOUR_S // 2
    on_shift = [g for g in groups for begin, end in g.hours if begin <= middle < end or begin <= middle + DAY_S < end]
    return sum(group.people * group.calls for group in on_shift)
