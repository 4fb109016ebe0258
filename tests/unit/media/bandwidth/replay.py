"""Replay the events of a real call to a bandwidth estimator. The events are in traces that `tests.bench.lines` has written.

Each line of a trace is an event. `s NUMBER SECONDS BYTES`: a packet was sent. `f SECONDS BASE TIME …`: the receiver reported on
the packets from number BASE on. Each TIME is the arrival of one packet, in steps of 250 µs of the receiver's clock, or `-` for a
packet that did not arrive.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from pathlib import Path

from media.bandwidth import Estimator, TransportFeedback

TRACES = Path(__file__).parent / "traces"
TICKS_PER_S = 4000
TICK_EVERY_S = 0.2
"""Seconds between two ticks of the estimator, as in `Room`."""


def congestion(name: str) -> Iterator[float]:
    """Yield the moments at which the estimator sees congestion, in seconds since the first packet."""
    began: float | None = None
    seen = float("-inf")
    for line in lzma.decompress((TRACES / f"{name}.xz").read_bytes()).decode().splitlines():
        kind, *fields = line.split()
        now = float(fields[1] if kind == "s" else fields[0])
        if began is None:
            began = ticked = now
            estimator = Estimator(now)
        while ticked + TICK_EVERY_S < now:
            ticked += TICK_EVERY_S
            estimator.tick(ticked)
        if kind == "s":
            assert estimator.sent(int(fields[2]), now) == int(fields[0]) & 0xFFFF
        else:
            estimator.feedback(_report(fields), now)
        if estimator.last_congestion > seen:
            seen = estimator.last_congestion
            yield seen - began


def _report(fields: list[str]) -> TransportFeedback:
    base = int(fields[1])
    times = [None if each == "-" else int(each) / TICKS_PER_S for each in fields[2:]]
    return TransportFeedback(tuple((base + index & 0xFFFF, when) for index, when in enumerate(times)))
