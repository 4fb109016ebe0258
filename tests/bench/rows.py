"""Figures as rows: the median of the runs (or p95, p99 where the name says so), in a table and merged into build/bench.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

TARGET = Path(__file__).parents[2] / "build" / "bench.json"


@dataclass(frozen=True)
class Row:
    name: str
    value: float
    unit: str
    runs: int
    min: float
    max: float


def row(name: str, unit: str, runs: list[float]) -> Row:
    percent = 95 if "p95" in name or name == "worker_kill_audio_gap_s" else 99 if "p99" in name else 50
    return Row(name, round(float(np.percentile(runs, percent)), 4), unit, len(runs), round(min(runs), 4), round(max(runs), 4))


def merge(rows: list[Row], target: Path = TARGET) -> None:
    """Replaces rows of the same name, keeps the others."""
    target.parent.mkdir(exist_ok=True)
    known = {entry["name"]: entry for entry in json.loads(target.read_text())} if target.exists() else {}
    known.update({entry.name: asdict(entry) for entry in rows})
    target.write_text(json.dumps(list(known.values()), indent=1, ensure_ascii=False) + "\n")


def table(rows: list[Row]) -> str:
    lines = [f"{'name':32} {'value':>10} {'unit':8} {'runs':>5} {'min':>10} {'max':>10}"]
    lines += [f"{r.name:32} {r.value:>10g} {r.unit:8} {r.runs:>5} {r.min:>10g} {r.max:>10g}" for r in rows]
    return "\n".join(lines)
