"""Tell webhooks about queues that nobody serves."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.staffing import Staffing
from signaling.records import Records, RecordsAway
from signaling.records.announcing import Event

LOOK_S = 10.0  # Seconds between two checks of all queues of waiting users.
NOBODY_MS = 60_000  # A queue counts as unattended if somebody has waited for this many ms and no member at work serves the queue.
AGAIN_MS = 30 * 60_000  # At least this many ms pass between two webhook events about the same unattended queue.


class Unattended:
    """Looks for queues that nobody serves, and announces them to webhooks."""

    def __init__(self, *, records: Records, index: Index, staffing: Staffing, now: Now) -> None:
        self._records = records
        self._index = index
        self._staffing = staffing
        self._now = now
        self._told: dict[tuple[str, str, str], int] = {}  # (site, language, category) of a queue → last announcement (ms)

    async def run(self) -> None:
        """Look at the queues every `LOOK_S` seconds. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(RecordsAway):
                await self.look()

    async def look(self) -> None:
        """Announce each queue in which somebody has waited for `NOBODY_MS` and that nobody at work serves.

        A queue is not announced again within `AGAIN_MS`.
        """
        now = self._now()
        self._told = {queue: at for queue, at in self._told.items() if now - at < AGAIN_MS}
        for queue in list(self._index.queues.values()):
            if waiting := list(queue.values()):
                await self._look_at(waiting, now)

    async def _look_at(self, waiting: list[Entry], now: int) -> None:
        oldest = min(waiting, key=lambda entry: entry.session.enqueued_at)
        site, session = oldest.site, oldest.session
        queue, waited = (site.id, session.language, session.category), now - session.enqueued_at
        if waited < NOBODY_MS or queue in self._told:
            return
        if self._staffing.helpers(site, session.language, site.category_path(session.category)):
            return
        data = {
            "site": site.id,
            "category": session.category,
            "language": session.language,
            "waiting": len(waiting),
            "longest_wait_ms": waited,
        }
        # a server that takes over in the same period of `AGAIN_MS` makes an event with the same id, which is not sent twice
        about = f"{session.id}|{now // AGAIN_MS}"
        await self._records.announce(Event("queue.unattended", site.organisation, site.id, now, about, data))
        self._told[queue] = now
