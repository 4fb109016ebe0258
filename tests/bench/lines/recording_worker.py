"""`python -m tests.bench.lines.recording_worker FOLDER …`: a media worker that logs the input of each bandwidth estimator.

The worker writes one file for each peer, in the format of `tests.unit.media.bandwidth.replay`. The other arguments are those of
`python -m media`.
"""

from __future__ import annotations

import atexit
import itertools
import sys
from pathlib import Path

import media.peer.peer
from media.bandwidth import Estimator, TransportFeedback
from media.worker.process import main

TICKS_PER_S = 4000
"""Time resolution of recorded arrivals: steps of 250 µs."""


class Recording(Estimator):
    folder: Path
    numbers = itertools.count()

    def __init__(self, now: float) -> None:
        super().__init__(now)
        self._file = (self.folder / f"{next(self.numbers)}.txt").open("w")
        atexit.register(self._file.close)

    def sent(self, size_bytes: int, now: float) -> int:
        number = super().sent(size_bytes, now)
        self._file.write(f"s {number} {now:.6f} {size_bytes}\n")
        return number

    def feedback(self, report: TransportFeedback, now: float) -> None:
        base = report.packets[0][0]
        times = " ".join("-" if when is None else str(round(when * TICKS_PER_S)) for _, when in report.packets)
        self._file.write(f"f {now:.6f} {base} {times}\n")
        super().feedback(report, now)


if __name__ == "__main__":
    Recording.folder = Path(sys.argv.pop(1))
    Recording.folder.mkdir(parents=True, exist_ok=True)
    media.peer.peer.Estimator = Recording
    main()
