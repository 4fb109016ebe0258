"""Queueing theory, to compare with a simulated day. Erlang-C: M/M/n queues whose users never give up. Erlang-A: users give up.

Zeltyn and Mandelbaum, "Call centers with impatient customers: many-server asymptotics of the M/M/n+G queue" (Queueing Systems 51,
2005): the offered wait has the density p·λ·exp(λ·H(x) − n·μ·x). λ is the number of arrivals a second, n the number of servers,
and μ the number of users whom one server serves a second. H(x) is the integral, from 0 to x, of the share of users who would
still be waiting. p is the probability that all servers but one are busy. If nobody gives up, H(x) = x, which is Erlang-C.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, sqrt

import numpy as np

_STEPS = 4_000  # number of points at which the integral over the waiting time is computed


@dataclass(frozen=True, slots=True)
class Prediction:
    """Predicted figures. Shares are from 0 to 1, of all users who come.

    `waits`: share of users who find nobody free. `asa_s`: mean wait (s) of users who are served. `gives_up`: share of users who
    leave. `level`: share of users answered within `within_s`. `occupancy`: share of staff time that is busy. If staff are
    overloaded and nobody gives up, `asa_s` is inf and `level` is 0.
    """

    waits: float
    asa_s: float
    gives_up: float
    level: float
    occupancy: float


def predict(rate: float, handle_s: float, people: int, patience_s: float = inf, within_s: float = 20) -> Prediction:
    """Predict a queue served by `people`, with exponential handling time and patience.

    `rate`: arrivals a second. `handle_s`, `patience_s`: means in seconds (patience inf: nobody gives up). `within_s`: the longest
    wait that `Prediction.level` counts as answered in time.
    """
    if rate <= 0 or handle_s <= 0:
        return Prediction(0, 0, 0, 1, 0)
    if people < 1:
        return Prediction(1, inf, 0.0 if patience_s == inf else 1.0, 0, 0)
    load, capacity = rate * handle_s, people / handle_s
    if patience_s == inf and load >= people:
        return Prediction(1, inf, 0, 0, 1)
    before = _inverse_blocking(load, people - 1)
    if before > 1e12:
        return Prediction(0, 0, 0, 1, load / people)
    x = _grid(rate, capacity, patience_s)
    staying = np.ones_like(x) if patience_s == inf else np.exp(-x / patience_s)
    reached = x if patience_s == inf else patience_s * (1 - staying)
    exponent = rate * reached - capacity * x
    highest = float(exponent.max())  # subtracted from every exponent, because exp() of a large overload overflows a float
    before *= exp(-highest)
    density = rate * np.exp(exponent - highest)
    whole = before + float(np.trapezoid(density, x))
    served_waiting = density * staying / whole
    waits = 1 - before / whole
    gives_up = waits - float(np.trapezoid(served_waiting, x))
    late = float(np.trapezoid(np.where(x > within_s, served_waiting, 0), x))
    served = 1 - gives_up
    return Prediction(
        waits=waits,
        asa_s=float(np.trapezoid(x * served_waiting, x)) / served,
        gives_up=max(0.0, gives_up),
        level=served - late,
        occupancy=min(1.0, load * served / people),
    )


def _grid(rate: float, capacity: float, patience_s: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return waits (s) from 0 to where the density of the wait is negligible, closer together near 0."""
    ends = 40 / (capacity - rate) if capacity > rate else inf
    if patience_s < inf:
        # the wait after which so many users have given up that staff can serve the others, plus eight standard deviations
        ends = min(ends, patience_s * max(0.0, log(rate / capacity)) + 8 * (sqrt(patience_s / capacity) + 1 / capacity))
    return ends * np.linspace(0, 1, _STEPS) ** 2


def _inverse_blocking(load: float, people: int) -> float:
    """Return 1 / B, where B is the blocking probability of the Erlang B formula. Computed by the recursion of that formula."""
    inverse = 1.0
    for number in range(1, people + 1):
        inverse = 1 + inverse * number / load
    return inverse
