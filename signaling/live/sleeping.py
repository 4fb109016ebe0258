"""Wake sleeping conversations, and limit how many of them are in memory."""

from __future__ import annotations

import asyncio
from collections import Counter

from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.queue_places import Places
from signaling.live.sessions import Sessions
from signaling.live.staffing import Staffing
from signaling.session.events import EndedBy, Woken
from signaling.session.model import NotAllowed

LOOK_S = 10.0  # seconds between two checks how many conversations sleep in memory
MOST_ASLEEP = 20_000  # sleeping conversations in memory, about 10 KB each


class Sleeping:
    """Wakes conversations, and closes those that have slept longest when too many sleep."""

    def __init__(self, *, sessions: Sessions, staffing: Staffing, places: Places, index: Index, refused: Counter[str]) -> None:
        self._sessions = sessions
        self._staffing = staffing
        self._places = places
        self._index = index
        self._refused = refused

    async def wake(self, entry: Entry) -> None:
        """Wake a sleeping conversation: its user has written, or asks for a counselor."""
        staff = self._staffing.preferred(entry, entry.session.owner)
        first = (staff.id, staff.name) if staff is not None else ("", "")
        try:
            await self._sessions.apply(entry, Woken(entry.session.user, *first))
        except NotAllowed:
            if entry.session.state == "asleep":
                raise
            return  # another line of the user has just woken the conversation
        await self._places.look(entry)

    async def bound(self) -> None:
        """Close the conversations that have slept longest, if too many sleep. Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            for entry in list(self._index.asleep.values())[: max(0, len(self._index.asleep) - MOST_ASLEEP)]:
                self._refused["too_many_asleep"] += 1
                await self._sessions.apply(entry, EndedBy("no_room"))
