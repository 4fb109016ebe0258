"""When a silent worker is dead, and how long to wait before the next one. Pure but for one look into /proc; time is a parameter.

A false alarm costs every call on that worker a second of silence, a missed one costs them the call: hence the silence is
counted in time in which we ourselves were able to hear, and a worker that only waits for a processor gets more of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

TICK_S = 0.05
SILENT_S = 0.75  # three heartbeats
STARVED_S = 2.5  # the same for a worker that is ready to run and does not get to
REMOTE_SILENT_S = 1.25  # on another machine, where nobody can see whether it starves
FIRST_S = 5.0  # until the first event: its stream has yet to be opened

CRASHES_S = 60.0
PAUSES_S = (0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 2.0)  # by the number of crashes in the last minute


class Silence:
    """How long a worker has said nothing; `limit_s` of it is its death. Call ``tick`` every ``TICK_S``: a tick that comes late
    counts as one tick only, because what the worker said meanwhile may lie unread."""

    def __init__(self, limit_s: float = SILENT_S) -> None:
        self._limit_s = limit_s
        self._silent_s = limit_s - FIRST_S

    def heard(self) -> None:
        self._silent_s = 0.0

    def tick(self, elapsed_s: float) -> None:
        self._silent_s += min(elapsed_s, TICK_S)

    def give_up(self) -> None:
        """It is known to be gone: nobody listens where it did."""
        self._silent_s = self._limit_s

    def is_death(self, *, starved: bool) -> bool:
        return self._silent_s >= (STARVED_S if starved else self._limit_s) - TICK_S / 2

    @property
    def is_long(self) -> bool:
        return self.is_death(starved=False)


def is_starved(pid: int, proc: Path = Path("/proc")) -> bool:
    """Does the process want a processor, or the disk, rather than sleep, stand still or lie dead? (Linux; elsewhere never.)"""
    try:
        stat = (proc / str(pid) / "stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] in ("R", "D")  # proc(5): the state follows the name, which may hold anything


def restart_pause_s(crashes_s: Sequence[float], now_s: float) -> float:
    """Before a successor starts. A few deaths cost nothing; what dies again and again must not eat the machine as well."""
    recent = sum(now_s - at < CRASHES_S for at in crashes_s)
    return PAUSES_S[min(recent, len(PAUSES_S) - 1)]
