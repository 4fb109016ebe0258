"""All stored data of one person: the sessions of a user for whom a partner vouches, and counts of the rows in these sessions."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .database import Database
from .person_notes import PersonNote
from .realm import Realm
from .types import FileRecord, MessageRecord, SessionRecord

_AT_ONCE = 500  # one query names at most this many sessions, or this many users
_SELECT = sa.select(*(t.session.c[name] for name in SessionRecord.__struct_fields__))


class Held(Struct, kw_only=True):
    """Counts of the rows that belong to some sessions, by kind of row."""

    lines: int = 0
    board_updates: int = 0
    events: int = 0
    messages: int = 0
    pictures: int = 0
    files: int = 0
    notes: int = 0
    mails: int = 0
    push_devices: int = 0


_TABLES: dict[str, sa.Table] = {
    "lines": t.line,
    "board_updates": t.board_update,
    "events": t.event,
    "messages": t.message,
    "pictures": t.picture,
    "files": t.file,
    "notes": t.person_note,
    "mails": t.mail,
    "push_devices": t.push_device,
}


class People(Database):
    """The queries for all stored data of one person."""

    async def sites_with_past(self, realm: Realm) -> set[str]:
        """Return the sites of a realm (an organisation, or some of its sites) that have sessions, including removed sites."""
        c = t.session.c
        rows = await self._all(sa.select(c.site).where(realm.where(c.organisation, c.site)).distinct())
        return {row["site"] for row in rows}

    async def sessions_of(self, person: Collection[tuple[str, str]], realm: Realm) -> list[SessionRecord]:
        """Return all sessions of a person at the sites that `realm` covers, oldest first.

        `person`: pairs of site and `user_ref`.
        """
        c = t.session.c
        found: list[SessionRecord] = []
        for refs in _portions([ref for _, ref in person if ref]):
            rows = await self._all(_SELECT.where(c.user_ref.in_(refs), realm.where(c.organisation, c.site)))
            found += [SessionRecord(**row) for row in rows if (row["site"], row["user_ref"]) in person]
        return sorted(found, key=lambda session: (session.started_at, session.id))

    async def held(self, sessions: list[str]) -> Held:
        """Count the rows that belong to these sessions, by kind."""
        counts = dict.fromkeys(_TABLES, 0)
        for ids in _portions(sessions):
            for name, table in _TABLES.items():
                here = sa.select(sa.func.count().label("n")).select_from(table).where(table.c.session.in_(ids))
                row = await self._first(here)
                counts[name] += int(row["n"]) if row else 0
        return Held(**counts)

    async def pictures_of(self, session: str) -> list[str]:
        """Return the ids of all pictures of a session, oldest first."""
        c = t.picture.c
        return [row["id"] for row in await self._all(sa.select(c.id).where(c.session == session).order_by(c.at, c.id))]

    async def files_of(self, session: str) -> list[FileRecord]:
        """Return all files of a session, oldest first."""
        c = t.file.c
        return [FileRecord(**row) for row in await self._all(sa.select(t.file).where(c.session == session).order_by(c.at, c.id))]

    async def messages_of(self, session: str) -> list[MessageRecord]:
        """Return the messages that the user has left for staff in this session."""
        c = t.message.c
        rows = await self._all(sa.select(t.message).where(c.session == session).order_by(c.at, c.id))
        return [MessageRecord(**row) for row in rows]

    async def notes_of(self, session: str) -> list[PersonNote]:
        """Return the notes about the person that were written in a session."""
        c = t.person_note.c
        rows = await self._all(sa.select(t.person_note).where(c.session == session).order_by(c.at, c.id))
        return [PersonNote(**row) for row in rows]


def _portions(values: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(values), _AT_ONCE):
        yield values[begin : begin + _AT_ONCE]
