"""Measure how long each member of staff is in each state, and store these times for reports."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from signaling.live.clock import Now
from signaling.records import Records, RecordsAway
from signaling.records.staff_time_counts import Tally, kind_of
from signaling.records.types import Overtaken, StaffRecord

# seconds between two writes; if the leader is killed, the reports lack at most this much of each member's time
STORE_S = 15.0


class StaffHours:
    """Measures how long each member of staff is in each state, while this server leads.

    A member's time begins with the first state that this server sees.
    """

    def __init__(self, records: Records, now: Now) -> None:
        self._records = records
        self._now = now
        self._tally = Tally()

    def moved(self, record: StaffRecord, state: str, why_away: str, at: int) -> None:
        """Record that the member's state at the matcher became `state` at the time `at` (Unix ms)."""
        self._tally.enter(record.organisation, record.id, kind_of(state, why_away), at)

    async def run(self) -> None:
        """Regularly store how long staff were in each state, until cancelled."""
        while True:
            await asyncio.sleep(STORE_S)
            await self.store()

    async def store(self) -> None:
        """Store how long staff were in each state since the last call.

        If the database is unavailable, keep these times, and store them with the next call.
        """
        sums = self._tally.take(self._now())
        try:
            await self._records.add_staff_time(sums)
        except RecordsAway:
            self._tally.put_back(sums)

    async def close(self) -> None:
        """Store the sums of staff's time that are not stored yet, because this server ends."""
        with suppress(Overtaken):
            await self.store()
