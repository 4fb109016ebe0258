"""Read the sessions of the last weeks.

From these, the preview of a change of settings learns which users came and who was at work.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import sqlalchemy as sa
from msgspec import Struct

from signaling.protocol.words import Channel, SessionState

from . import tables as t
from .database import Database

_AT_ONCE = 500  # one transaction reads the events of at most this many sessions, so that other transactions do not wait long
# kinds of events that the preview reads
EVENTS: Final = ("reserved", "active", "after", "closed", "asleep", "callback", "message_left", "help")
_TOLD: Final = ("reserved", "help")  # kinds of events whose `data` the preview reads


class PastEvent(Struct, frozen=True):
    """An event of a session. `data`: as in `EventRecord`, but only for events of the kinds in `_TOLD`; {} for other events."""

    kind: str
    at: int
    data: dict[str, Any]


class PastSession(Struct, frozen=True, kw_only=True):
    """A session with those of its events whose kind is in `EVENTS`, in order. The fields are those of `SessionRecord`."""

    id: str
    site: str
    category: str
    language: str
    channel: Channel
    state: SessionState
    started_at: int
    waiting_at: int | None
    active_at: int | None
    ended_at: int | None
    counselor: str
    events: list[PastEvent]


_COLUMNS = tuple(name for name in PastSession.__struct_fields__ if name != "events")


class Arrivals(Database):
    """Reads past sessions for the preview of a change of settings."""

    async def past_sessions(self, organisation: str, since: int, most: int) -> list[PastSession]:
        """Return the newest sessions of the organisation, at most `most`, that began at or after `since` (Unix ms).

        In the result, the oldest session comes first.
        """
        c = t.session.c
        here = (c.organisation == organisation) & (c.started_at >= since)
        newest = sa.select(*(c[name] for name in _COLUMNS)).where(here).order_by(c.started_at.desc()).limit(most)
        rows = (await self._all(newest))[::-1]
        events: dict[str, list[PastEvent]] = defaultdict(list)
        for begin in range(0, len(rows), _AT_ONCE):
            e = t.event.c
            theirs = e.session.in_([row["id"] for row in rows[begin : begin + _AT_ONCE]]) & e.kind.in_(EVENTS)
            for event in await self._all(sa.select(e.session, e.kind, e.at, e.data).where(theirs).order_by(e.n)):
                data = event["data"] if event["kind"] in _TOLD else {}
                events[event["session"]].append(PastEvent(event["kind"], event["at"], data))
        return [PastSession(**row, events=events[row["id"]]) for row in rows]
