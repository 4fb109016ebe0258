"""Tell waiting users their place in the queue, in rounds. A round checks a limited number of users, however long the queue is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from matcher.types import MatchStore, Place, Unavailable
from signaling.live.clock import Now
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.sessions import Sessions
from signaling.protocol.server_messages import WaitingUpdate

# A round, which comes every second, checks at most this many sessions in turn. So with 10,000 waiting users, each of them is
# checked every 20 s.
PLACES_A_ROUND = 500
NEAR = 10  # The first users of each queue, up to this many, are checked in every round.
NEAR_A_ROUND = 200  # In one round, at most this many of these first users are checked, in all queues together.

# The matcher is asked for this many queue places at the same time, in one round trip to Redis. After each round trip, other work
# may use the event loop.
AT_ONCE = 25


class Places:
    """Sends a `waiting` message to a user when their place in the queue or their expected wait has changed.

    The message has a tenth of the size of the whole session view.
    """

    def __init__(self, *, sessions: Sessions, store: MatchStore, index: Index, now: Now) -> None:
        self._store = store
        self._index = index
        self._now = now
        self.sessions = sessions
        self._turn: Iterator[Entry] = iter(())
        self._near: dict[str, Entry] = {}

    async def round(self) -> None:
        """Check the places in the queue of those users whose turn is in this round.

        If a check fails, cancel the checks that run at the same time, and raise the exception of the failed check.
        """
        waiting = self._index.waiting
        near = {session: entry for session, entry in self._near.items() if session in waiting}
        self._near = {}
        turn = [*islice(near.values(), NEAR_A_ROUND), *self._next(near)]
        for first in range(0, len(turn), AT_ONCE):
            async with asyncio.TaskGroup() as looks:
                for entry in turn[first : first + AT_ONCE]:
                    looks.create_task(self.look(entry))
            await asyncio.sleep(0)

    def _next(self, near: dict[str, Entry]) -> list[Entry]:
        """Return the waiting sessions that this round must check in addition to those at the heads of queues (`near`).

        Several rounds together check each waiting session once (a pass). Sessions that arrive during a pass are checked in the
        next pass.
        """
        found = [entry for entry in islice(self._turn, PLACES_A_ROUND) if entry.id not in near]
        if len(found) < PLACES_A_ROUND:
            self._turn = iter(list(self._index.waiting.values()))
        return found

    async def look(self, entry: Entry) -> None:
        """Ask the matcher for the user's place in the queue, and tell the user if the place has changed."""
        if not await self.ask(entry) or entry.place is None:
            return
        if entry.place.place <= NEAR:
            self._near[entry.id] = entry
        told = (_as_shown(entry.place), self.sessions.standing(entry))
        if told == entry.told:
            return
        client = entry.holders.get(entry.session.user)
        if entry.told is None or told[1] != entry.told[1]:
            self.sessions.show(entry)
        elif client is not None:
            client.send(WaitingUpdate(session=entry.id, waiting=self.sessions.waiting(entry)))
        entry.told = told

    async def ask(self, entry: Entry) -> bool:
        """Ask the matcher for the session's place in the queue. Return False if the session does not wait."""
        if entry.session.state != "waiting":
            return False
        with suppress(Unavailable):  # if the matcher does not respond, keep the last known place in the queue
            entry.place = await self._store.place(entry.session.request, self._now()) or entry.place
        return entry.session.state == "waiting"


def _as_shown(place: Place) -> tuple[int, int, int, bool]:
    """Return the place in the queue as pages show it, with the expected wait in minutes."""
    low = -1 if place.low_s is None else place.low_s // 60
    high = -1 if place.high_s is None else -(-place.high_s // 60)
    return place.place, low, high, place.staffed
