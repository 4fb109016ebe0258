"""What all parts of the runtime share."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from matcher.types import MatchStore
from signaling.access.turn_credentials import Turn
from signaling.live.connections import Hub
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.meters import Meters
from signaling.live.pending_writes import Owed
from signaling.mediaworkers.interface import MediaWorkers
from signaling.recordings import Recordings
from signaling.records import Records


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class House:
    """What all parts of the runtime share. ``refused``: counts of what was refused, by reason.
    ``unsettled``: sessions and matcher may not agree."""

    records: Records
    store: MatchStore
    workers: MediaWorkers
    recordings: Recordings
    hub: Hub = field(default_factory=Hub)
    entries: dict[str, Entry] = field(default_factory=dict)
    index: Index = field(default_factory=Index)
    refused: Counter[str] = field(default_factory=Counter)
    meters: Meters = field(default_factory=Meters)
    unsettled: asyncio.Event = field(default_factory=asyncio.Event)
    now: Callable[[], int] = wall_clock_ms
    turn: Turn | None = None
    owed: Owed = field(init=False)

    def __post_init__(self) -> None:
        self.owed = Owed(self.records, self.count)

    def count(self, reason: str) -> None:
        self.refused[reason] += 1

    def time(self) -> int:
        """``now()``, for those who keep hold of a clock."""
        return self.now()
