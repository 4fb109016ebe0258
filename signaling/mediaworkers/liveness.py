"""Decide when a silent worker counts as dead, and how long to wait before its successor starts.

This module does no I/O, except that it reads one file of /proc. If the server wrongly counts a live worker as dead, every call on
this worker loses a second of sound. If the server wrongly counts a dead worker as alive, the worker's calls are lost. So time
counts as silence only if this server itself was able to read in that time. A worker that waits for a CPU gets more time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

TICK_S = 0.05  # Seconds between two ticks. The silence of a worker is counted in ticks.
SILENT_S = 0.75  # Seconds of silence after which a worker counts as dead: three heartbeats.
STARVED_S = 2.5  # Seconds of silence after which a starved worker, which is ready to run but gets no CPU, counts as dead.

# seconds of silence after which a worker on another machine counts as dead. This is longer than `SILENT_S`, because this server
# cannot see whether such a worker only lacks processor time
REMOTE_SILENT_S = 1.25
# a new worker counts as dead if its first event has not come after this many seconds; this includes the time to open the worker's
# event stream
FIRST_S = 5.0

CRASHES_S = 60.0  # The pause before a restart depends on the number of crashes within this many seconds.

# Seconds of pause before a restart, indexed by the number of crashes in the last minute.
PAUSES_S = (0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 2.0)


class Silence:
    """The time for which a worker has been silent. After `limit_s` of silence the worker counts as dead.

    Call ``tick`` every ``TICK_S``. A late tick counts as one tick only, because events that arrived in the meantime may still be
    unread.
    """

    def __init__(self, limit_s: float = SILENT_S) -> None:
        self._limit_s = limit_s
        self._silent_s = limit_s - FIRST_S

    def heard(self) -> None:
        """Reset the silence, because an event of the worker has arrived."""
        self._silent_s = 0.0

    def tick(self, elapsed_s: float) -> None:
        """Count one tick in which no event of the worker was read."""
        self._silent_s += min(elapsed_s, TICK_S)

    def give_up(self) -> None:
        """Count the worker as dead, because nothing listens at its address any more."""
        self._silent_s = self._limit_s

    def is_death(self, *, starved: bool) -> bool:
        """Return whether the worker counts as dead, because it has been silent for too long.

        `starved`: whether the worker gets no CPU. A starved worker may be silent for longer.
        """
        return self._silent_s >= (STARVED_S if starved else self._limit_s) - TICK_S / 2

    @property
    def is_long(self) -> bool:
        """Return whether the worker has been silent so long that it counts as dead, unless it is starved (gets no CPU)."""
        return self.is_death(starved=False)


def is_starved(pid: int, proc: Path = Path("/proc")) -> bool:
    """Return whether the process is running, or is waiting for a CPU or the disk.

    The result is False if the process sleeps, hangs or is dead.

    On systems other than Linux, the result is always False.
    """
    try:
        stat = (proc / str(pid) / "stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] in ("R", "D")  # the state comes after the process's name in brackets (proc(5))


def restart_pause_s(crashes_s: Sequence[float], now_s: float) -> float:
    """Return the pause in seconds before a successor starts.

    The first crashes cause no pause. If a worker crashes again and again, there are pauses, so that restarts do not use up the
    CPU.
    """
    recent = sum(now_s - at < CRASHES_S for at in crashes_s)
    return PAUSES_S[min(recent, len(PAUSES_S) - 1)]
