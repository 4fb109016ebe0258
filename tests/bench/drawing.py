"""Draw the results in build/bench.json as plots in docs/plots. `make bench` runs this module at its end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from tests.bench.aims import AIMS, BESIDE_JANUS, DERIVED, Aim, Rows, with_derived
from tests.bench.rows import TARGET, Row

FOLDER = Path(__file__).parents[2] / "docs" / "plots"
INK, FAINT, PAPER = "#1f2329", "#d5d9df", "#fefefe"
KEPT, MISSED, OTHER = "#2563a8", "#b4530a", "#7a828e"
DARK = {INK: "#e4e7eb", FAINT: "#3a4048", PAPER: "#14171b", KEPT: "#6aa9ee", MISSED: "#ee9a4d", OTHER: "#98a1ad"}
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "sangdam",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.facecolor": "none",
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}
TWICE = 2.0
"""Largest value that a bar shows. For a greater value, the bar ends here, and the label beside the bar shows the value."""


def draw(source: Path = TARGET, folder: Path = FOLDER) -> None:
    """Draw all plots. Leave a plot's file unchanged if one of its rows is missing."""
    entries = json.loads(source.read_text()) if source.exists() else []
    rows = with_derived({entry["name"]: Row(**entry) for entry in entries})
    folder.mkdir(exist_ok=True)
    for name, (needed, draws) in PLOTS.items():
        target = folder / f"{name}.svg"
        missing = [each for each in needed if each not in rows]
        if missing:
            print(f"{target.name} was not drawn: {', '.join(missing[:3])}{' …' if missing[3:] else ''} not measured yet")
            continue
        with mpl.rc_context(STYLE):
            figure = draws(rows)
            figure.supxlabel(_where(source), x=0.99, ha="right", fontsize=7, color=OTHER)
            figure.savefig(target, metadata={"Date": None, "Creator": None})
        target.write_text(_themed(target.read_text()))
        print(f"drew {target.name}")


def _where(source: Path) -> str:
    measured = datetime.fromtimestamp(source.stat().st_mtime, UTC).date()
    models = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    machine = f"{len(models)} × {models[0].strip()}" if models else "unknown processor"
    return f"{measured} · {machine} · Python {python_version()} · aiortc {version('aiortc')}"


def _themed(svg: str) -> str:
    """Make the plot follow the reader's colour theme, light or dark. Return the changed SVG.

    The plot has its own background, so it is legible on every page.
    """
    names = {color: f"--c{number}" for number, color in enumerate(DARK)}
    for color, name in names.items():
        svg = svg.replace(color, f"var({name}, {color})")
    light, dark = ("".join(f"{names[each]}:{shown[each]};" for each in DARK) for shown in ({each: each for each in DARK}, DARK))
    style = f"<style>svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"
    return re.sub(r"(<svg [^>]*>)", rf"\1\n {style}", svg, count=1)


def _bars(axes: Any, titles: list[str], values: list[float], limits: list[float], notes: list[str]) -> None:
    """Draw horizontal bars, one below the other, with a short line at each bar's limit."""
    at = np.arange(len(values))[::-1]
    colors = [KEPT if value <= limit else MISSED for value, limit in zip(values, limits, strict=True)]
    shown = np.minimum(values, TWICE)
    axes.barh(at, shown, 0.62, color=colors)
    for place, limit in zip(at, limits, strict=True):
        axes.vlines(limit, place - 0.45, place + 0.45, color=INK, linewidth=1.5)
    for place, value, limit, note in zip(at, shown, limits, notes, strict=True):
        axes.text(
            max(value, limit) + 0.03,
            place,
            note,
            va="center",
            fontsize=8,
            bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 1},
        )
    axes.set_yticks(at, titles)
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, TWICE + 0.55), ylim=(-0.7, len(values) - 0.3))
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def _janus(rows: Rows) -> Figure:
    figure = Figure(figsize=(8.4, 3.7), layout="constrained")
    axes = figure.subplots()
    found = [(rows[aim.row], aim.title, aim.limit) for aim in BESIDE_JANUS]
    ratios = [each.ratio or 0.0 for each, _, _ in found]
    notes = [f"{each.ratio:.2f}, aim {limit:g}  ({each.value:.2f} : {each.peer_value:.2f} %)" for each, _, limit in found]
    _bars(axes, [title for _, title, _ in found], ratios, [limit for _, _, limit in found], notes)
    axes.axvline(1, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlabel("processor time of Sangdam over that of Janus (a room; for pictures, a Mb/s and viewer)")
    return figure


def _aims(rows: Rows) -> Figure:
    figure = Figure(figsize=(8.4, 5.6), layout="constrained")
    axes = figure.subplots()
    aims = [aim for aim in AIMS if aim.row in rows]
    notes = [f"{_short(aim.of(rows))}{' ≥ ' if aim.at_least else ' of '}{_short(aim.limit)}" for aim in aims]
    _bars(axes, [aim.title for aim in aims], [aim.used(rows) for aim in aims], [1.0] * len(aims), notes)
    axes.set_xlabel("share of what is promised that is used up; 1 is the limit")
    return figure


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _rooms(rows: Rows) -> Figure:
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    cost, late = figure.subplots(1, 2)
    for name, title, color in ((CROWD, "two, relayed", KEPT), (SCALE, "three, mixed", MISSED)):
        steps = rows[name].steps or []
        rooms = [each["rooms"] for each in steps]
        cost.plot(rooms, [each["percent_per_room"] for each in steps], "o-", color=color, markersize=3.5, label=title)
        late.plot(rooms, [each["p99_ms"] for each in steps], "o-", color=color, markersize=3.5, label=title)
    cost.set(ylabel="% of a core a room", xlabel="rooms in one worker")
    late.set(ylabel="ms late, p99", xlabel="rooms in one worker")
    late.axhline(LATE_MS, color=INK, linewidth=0.8, linestyle=":")
    cost.legend(frameon=False, title="rooms of")
    for axes in (cost, late):
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)
    return figure


LATE_MS = 20
CROWD, SCALE = "rooms2_cpu_percent_per_room", "rooms3_cpu_percent_per_room"


def _named(aims: list[Aim]) -> list[str]:
    return [aim.row for aim in aims]


PLOTS: dict[str, tuple[list[str], Callable[[Rows], Figure]]] = {
    "beside-janus": (_named(BESIDE_JANUS), _janus),
    "aims": ([name for name in _named(AIMS) if name != DERIVED], _aims),
    "rooms": ([CROWD, SCALE], _rooms),
}
