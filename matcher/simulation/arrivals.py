"""The arrivals of a simulated day: drawn from a model, or read from a CSV file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matcher.queue import QueueKey
from matcher.rules import MEDIA, SERVED_BY
from matcher.simulation.model import HOUR_S, NEVER_S, Model, ModelError

COLUMNS: Final = ("time", "kind", "site", "language", "category", "handle", "patience")
MAX_DAYS: Final = 31  # a file of arrivals covers at most this many days
_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?")


@dataclass(slots=True)
class Arrivals:
    """The arrivals as columns of equal length, in the order of time.

    `queue`: index into `queues`. `at_s`: seconds from midnight of the first day. `handle_s`: length of the conversation.
    `patience_s`: how long the user waits before giving up; inf: the user never gives up. `rules`: index of a queue → its
    priority, and the waiting times after which its requests are offered to more staff (`Request.widens_ms`). A queue with the
    defaults can be left out.
    """

    queues: list[QueueKey]
    at_s: NDArray[np.float64]
    queue: NDArray[np.int32]
    handle_s: NDArray[np.float64]
    patience_s: NDArray[np.float64]
    rules: dict[int, tuple[int, tuple[int, int] | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.at_s)


def draw_arrivals(model: Model, rng: np.random.Generator) -> Arrivals:
    """Draw each queue's arrivals from a Poisson process with one rate for each hour. Raise `ModelError` if there is no queue."""
    at, which, handle, patience = [], [], [], []
    for index, queue in enumerate(model.queue):
        counts = rng.poisson(queue.per_hour)
        total = int(counts.sum())
        at.append(np.repeat(np.arange(24) * HOUR_S, counts) + rng.random(total) * HOUR_S)
        which.append(np.full(total, index, np.int32))
        handle.append(queue.handle.draw(rng, total))
        patience.append(np.full(total, NEVER_S) if queue.patience is None else queue.patience.draw(rng, total))
    if not at:
        raise ModelError("The model has no queues, and there is no file of arrivals.")
    return _by_time([queue.key for queue in model.queue], *(np.concatenate(column) for column in (at, which, handle, patience)))


def read_arrivals(lines: Iterable[str], name: str) -> Arrivals:
    """Read arrivals from a CSV file with a header that names `COLUMNS`.

    A column `medium` (text or call) is optional; without it, all arrivals are calls. The column time has the time since the first
    midnight, as "HH:MM[:SS]" or in seconds; hours can be more than 24, and every time is less than `MAX_DAYS` days. category: a
    path from its root, such as "cameras/lenses". handle: length of the conversation in seconds. patience: how many seconds the
    user waits before giving up; empty: the user never gives up.
    `name`: the file's name, for errors. Raise `ModelError` for a file that cannot be used. The error names the line, unless the
    file has no arrivals.
    """
    reader = csv.DictReader(lines, skipinitialspace=True)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise ModelError(f"{name}, line 1: the header lacks {', '.join(missing)}; it names {','.join(COLUMNS)}.")
    queues: dict[QueueKey, int] = {}
    rows: list[tuple[float, int, float, float]] = []
    try:
        rows.extend(_row(row, queues) for row in reader)
    except (ValueError, csv.Error) as error:
        raise ModelError(f"{name}, line {reader.line_num}: {error}") from error
    if not rows:
        raise ModelError(f"{name} has no arrivals.")
    at, which, handle, patience = zip(*rows, strict=True)
    return _by_time(list(queues), np.array(at), np.array(which, np.int32), np.array(handle), np.array(patience))


def _row(row: dict[str, str], queues: dict[QueueKey, int]) -> tuple[float, int, float, float]:
    if None in row or None in row.values():
        raise ValueError("it has not as many fields as the header")
    if row["kind"] not in SERVED_BY:
        raise ValueError(f"the kind {row['kind']!r} is none of {', '.join(SERVED_BY)}")
    medium = row.get("medium", "call")
    if medium not in MEDIA:
        raise ValueError(f"the medium {medium!r} is neither text nor call")
    path = tuple(reversed(row["category"].split("/")))
    if not all((row["site"], row["language"], *path)):
        raise ValueError("site, language and category may not be empty")
    key: QueueKey = (row["kind"], row["site"], row["language"], path, medium)
    patience = _seconds("patience", row["patience"]) if row["patience"] else NEVER_S
    return _time(row["time"]), queues.setdefault(key, len(queues)), _seconds("handle", row["handle"]), patience


def _time(text: str) -> float:
    clock = _CLOCK.fullmatch(text)
    at = int(clock[1]) * HOUR_S + int(clock[2]) * 60 + float(clock[3] or 0) if clock else _seconds("time", text)
    if at >= MAX_DAYS * 24 * HOUR_S:
        raise ValueError(f"the time {text!r} is more than {MAX_DAYS} days after the first midnight")
    return at


def _seconds(column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < NEVER_S:
        raise ValueError(f"the {column} {text!r} is not a number of seconds" + (" or HH:MM:SS" if column == "time" else ""))
    return value


def _by_time(
    queues: list[QueueKey],
    at_s: NDArray[np.float64],
    queue: NDArray[np.int32],
    handle_s: NDArray[np.float64],
    patience_s: NDArray[np.float64],
) -> Arrivals:
    order = np.argsort(at_s, kind="stable")
    return Arrivals(queues, at_s[order], queue[order], handle_s[order], patience_s[order])
