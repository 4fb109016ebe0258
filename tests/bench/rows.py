"""Measured figures as rows, which are printed and merged into build/bench.json.

A row's value is the median of its runs. If the row's name contains p95 or p99, the value is that percentile. The value of
`worker_kill_audio_gap_s` is the 95th percentile, too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[2] / "build" / "bench.json"
NAME_WIDTH = 48
HEAD = f"{'name':{NAME_WIDTH}} {'value':>10} {'unit':8} {'runs':>5} {'min':>10} {'max':>10} {'peer':>12} {'ratio':>6}"


@dataclass(frozen=True)
class Row:
    name: str
    value: float
    unit: str
    runs: int
    min: float
    max: float
    peer: str | None = None
    peer_value: float | None = None
    ratio: float | None = None
    steps: list[dict[str, float]] | None = None
    """The figures of each step of the measurement, if there are several steps, such as one for each number of rooms."""

    def renamed(self, name: str) -> Row:
        return replace(self, name=name)


def row(name: str, unit: str, runs: list[float]) -> Row:
    percent = 95 if "p95" in name or name == "worker_kill_audio_gap_s" else 99 if "p99" in name else 50
    return Row(name, round(float(np.percentile(runs, percent)), 4), unit, len(runs), round(min(runs), 4), round(max(runs), 4))


def compared(name: str, unit: str, ours: list[float], theirs: list[float], peer: str = "janus 1.1.2") -> Row:
    """Compare the figures of our server with those of another server. The two were measured in turn.

    `ratio`: the median of (our figure divided by theirs), over all pairs of figures that were measured right after each other.
    Other work on the machine affects both figures of a pair alike.
    """
    if not ours:
        raise ValueError(f"{name}: every window was void")
    ratio = float(np.median([one / other for one, other in zip(ours, theirs, strict=True)]))
    return replace(row(name, unit, ours), peer=peer, peer_value=round(float(np.median(theirs)), 4), ratio=round(ratio, 3))


def over(name: str, unit: str, ours: list[float], theirs: list[float], peer: str = "rtpengine 10.5.3.5") -> Row:
    """Return the ratios of our figures to those of another server as a row. The two servers were measured in turn.

    `unit`: that of the figures. The row's `steps` hold the figures of each pair.
    """
    steps = [{f"ours {unit}": round(one, 4), f"theirs {unit}": round(other, 4)} for one, other in zip(ours, theirs, strict=True)]
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    return replace(row(name, "times", ratios), peer=peer, steps=steps)


def merge(rows: list[Row], target: Path = TARGET) -> None:
    """Write the rows to the file. These rows replace the file's rows of the same names, and all other rows stay."""
    target.parent.mkdir(exist_ok=True)
    known = {entry["name"]: entry for entry in json.loads(target.read_text())} if target.exists() else {}
    known.update({entry.name: {key: value for key, value in asdict(entry).items() if value is not None} for entry in rows})
    target.write_text(json.dumps(list(known.values()), indent=1, ensure_ascii=False) + "\n")


def one_by_one(rows: AsyncIterator[Row]) -> Iterator[Row]:
    """Yield each row as soon as it is measured. While the caller uses a row, the event loop does not run."""

    async def following() -> Row | None:
        return await anext(rows, None)

    with asyncio.Runner() as runner:
        while (found := runner.run(following())) is not None:
            yield found


def line(of: Row) -> str:
    peer = "" if of.peer_value is None else f"{of.peer_value:>12g} {of.ratio:>6g}"
    return f"{of.name:{NAME_WIDTH}} {of.value:>10g} {of.unit:8} {of.runs:>5} {of.min:>10g} {of.max:>10g} {peer}"


def table(rows: list[Row]) -> str:
    return "\n".join([HEAD, *map(line, rows)])
