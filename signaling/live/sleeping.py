"""Wake sleeping conversations, and limit the number of sleeping conversations in memory.

A text conversation sleeps after its user has left, until the user writes again.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Sequence

from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.queue_places import Places
from signaling.live.sessions import Sessions
from signaling.live.staffing import Staffing
from signaling.session.events import EndedBy, Woken
from signaling.session.model import NotAllowed

LOOK_S = 10.0  # Seconds between two checks of the number of sleeping conversations.
MOST_ASLEEP = 20_000  # Largest number of sleeping conversations, of all organisations together, in memory; each takes 10 KB.


class Sleeping:
    """Wakes sleeping conversations. If too many conversations sleep, closes the ones that have slept longest."""

    def __init__(self, *, sessions: Sessions, staffing: Staffing, places: Places, index: Index, refused: Counter[str]) -> None:
        self._sessions = sessions
        self._staffing = staffing
        self._places = places
        self._index = index
        self._refused = refused

    async def wake(self, entry: Entry) -> None:
        """Wake a sleeping conversation, because its user has written or asks for a counselor."""
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
        """Close conversations that have slept longest, if too many sleep (`too_many`). Runs until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            entries = list(self._index.asleep.values())
            for place in too_many([entry.site.organisation for entry in entries], MOST_ASLEEP):
                self._refused["too_many_asleep"] += 1
                await self._sessions.apply(entries[place], EndedBy("no_room"))


def too_many(organisations: Sequence[str], most: int) -> list[int]:
    """Return the indexes of the sleeping conversations that must close, so that at most `most` are left.

    `organisations`: the organisation of each sleeping conversation; the conversation that has slept longest is first. In each
    step, the organisation with the most sleeping conversations loses the one that has slept longest. So no organisation pushes
    out the conversations of other organisations.
    """
    places: dict[str, list[int]] = {}
    for place, organisation in enumerate(organisations):
        places.setdefault(organisation, []).append(place)
    largest = [(-len(theirs), organisation, 0) for organisation, theirs in places.items()]
    heapq.heapify(largest)
    found = []
    for _ in range(len(organisations) - most):
        count, organisation, closed = heapq.heappop(largest)
        found.append(places[organisation][closed])
        heapq.heappush(largest, (count + 1, organisation, closed + 1))
    return found
