"""The network links over which quality is measured."""

from __future__ import annotations

from tests.peers.proxy import Line

CLEAN = "clean"
PROMISED = "loss 10 %, jitter 50 ms"
LINES = {
    CLEAN: Line(),
    "loss 1 %": Line(loss=0.01),
    "loss 5 %": Line(loss=0.05),
    "loss 10 %": Line(loss=0.1),
    "loss 20 %": Line(loss=0.2),
    "loss 10 % in bursts of 3": Line(loss=0.1, burst=3.0),
    "jitter 30 ms": Line(jitter_s=0.03),
    "jitter 50 ms": Line(jitter_s=0.05),
    "jitter 100 ms": Line(jitter_s=0.1),
    PROMISED: Line(loss=0.1, jitter_s=0.05),
    "5 % come twice, jitter 30 ms": Line(twice=0.05, jitter_s=0.03),
    "48 kb/s": Line(bps=48_000),
}
"""Name of each simulated link → its properties. The 48 kbit/s of the last link include all packet headers. Opus at 32 kbit/s with
these headers needs slightly less."""
