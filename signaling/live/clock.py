"""The clock of a server: Unix time in milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable

Now = Callable[[], int]


def wall_clock_ms() -> int:
    """Return Unix time in milliseconds."""
    return time.time_ns() // 1_000_000
