"""Draw the waits of a simulated day, through the day and by queue, beside the waits that theory expects for the same load.

Erlang-C is left out for hours in which its queue would grow without end. matplotlib is an extra (`pip install 'sangdam[plot]'`);
without it `draw` raises ImportError.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from matcher.simulation.day import Outcome
from matcher.simulation.model import DAY_S, HOUR_S, Model
from matcher.simulation.report import Report, hours_in_theory

SLICE_S: Final = 900  # the plot has one point for each slice of this many seconds
SUFFIXES: Final = (".svg", ".png", ".pdf")  # suffixes of files to which a picture can be written
_SIMULATED, _HIGH = "#2563a8", "#9cc0e6"
_THEORIES: Final = (("Erlang-C", "#b4530a"), ("Erlang-A", "#3f7d3a"))


def through_the_day(outcome: Outcome) -> tuple[Any, Any, Any]:
    """Return three arrays: the hours, the median wait and the 95th percentile of the waits, in seconds. Only served users count.

    The arrays have one entry for each slice of the day (`SLICE_S`) in which a user came who was served, then or later.
    """
    slices = (outcome.arrivals.at_s % DAY_S // SLICE_S).astype(int)
    found = []
    for each in range(DAY_S // SLICE_S):
        waits = outcome.waited_s[outcome.served & (slices == each)]
        if len(waits):
            found.append(((each + 0.5) * SLICE_S / HOUR_S, *np.percentile(waits, (50, 95))))
    hours, medians, high = zip(*found, strict=True) if found else ((), (), ())
    return np.array(hours), np.array(medians), np.array(high)


def draw(outcome: Outcome, model: Model, found: Report, target: Path) -> None:
    """Write the picture to `target`, in the format of its suffix (`SUFFIXES`)."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.fonttype": "none", "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 8), layout="constrained")
        day, queues = figure.subplots(2, 1)
        _draw_day(day, outcome, model)
        _draw_queues(queues, found)
        figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)


def _draw_day(axes: Any, outcome: Outcome, model: Model) -> None:
    hours, medians, high = through_the_day(outcome)
    axes.fill_between(hours, medians, high, color=_HIGH, alpha=0.6, label="up to the 95th percentile", linewidth=0)
    axes.plot(hours, medians, color=_SIMULATED, label="median")
    theory = hours_in_theory(outcome, model)
    for number, (name, color) in enumerate(_THEORIES):
        means = [(hour, pair[number].asa_s) for hour, _, *pair in theory if np.isfinite(pair[number].asa_s)]
        if means:
            begins, waits = np.array(means).T
            axes.hlines(waits, begins, begins + 1, color=color, linestyle="--", label=f"{name}, mean of the hour")
    axes.set(
        title="Waits through the day", xlabel="hour in which they came", ylabel="seconds", xlim=(0, 24), xticks=range(0, 25, 2)
    )
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)


def _draw_queues(axes: Any, found: Report) -> None:
    shown = [each for each in found.queues if each.asa_s is not None]
    at = np.arange(len(shown))
    for offset, title, color, values in (
        (-0.2, "mean", _SIMULATED, [each.asa_s or 0 for each in shown]),
        (0.2, "95th percentile", _HIGH, [each.p95_s or 0 for each in shown]),
    ):
        axes.bar_label(axes.bar(at + offset, values, 0.4, color=color, label=title), fmt="%.0f", fontsize=8)
    theory = found.theory
    means = (theory.erlang_c_asa_s, theory.erlang_a_asa_s) if theory is not None else ()
    for (name, color), mean in zip(_THEORIES, means, strict=False):
        if mean is not None:
            axes.axhline(mean, color=color, linestyle="--", label=f"{name}, all as one pool: {mean:.0f} s")
    names = [f"{each.name}\n{each.served} served, {each.abandoned_percent:.0f} % gave up" for each in shown]
    axes.set_xticks(at, names, fontsize=8)
    axes.set(title="Waits by queue", ylabel="seconds")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
