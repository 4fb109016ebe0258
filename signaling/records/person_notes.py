"""Notes that stay with a person: staff read these notes in every later conversation with the same user of a site.

A note is kept while the site keeps any session of the person. A note is erased earlier if the session in which it was written is
erased.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .auditing import Audited, add_all
from .database import Database, lock_parent

MOST_NOTES = 100  # at most this many notes about one person

_c = t.person_note.c
_Person = tuple[str, str]
"""A person: a site, and the `user_ref` of a user there, which is never ""."""


class TooManyNotes(ValueError):
    """The person already has `MOST_NOTES` notes. Nothing was stored."""


class PersonNote(Struct, frozen=True, kw_only=True):
    """A note about the user `user_ref` of a site. `session`: the session in which the note was written. `author`: staff id."""

    id: str
    site: str
    user_ref: str
    session: str
    author: str
    text: str
    at: int
    changed_at: int | None = None


class PersonNotes(Database):
    """The notes about people, in the database."""

    async def notes_on(self, person: _Person) -> list[PersonNote]:
        """Return the notes about a person, newest first."""
        rows = await self._all(sa.select(t.person_note).where(_of(person)).order_by(_c.at.desc(), _c.id))
        return [PersonNote(**row) for row in rows]

    async def add_note(self, note: PersonNote, *, audit: Iterable[Audited] = ()) -> None:
        """Store a note. `audit`: audit entries to store in the same transaction.

        Raises TooManyNotes, and LookupError when the note's session was erased or belongs to another person.

        """

        def add(connection: sa.Connection) -> None:
            lock_parent(connection, t.site, note.site)  # lock the site's row, because a person has no row to lock
            person = sa.and_(t.session.c.site == note.site, t.session.c.user_ref == note.user_ref)
            kept = sa.select(t.session.c.id).where(t.session.c.id == note.session, person).with_for_update()
            if connection.execute(kept).first() is None:
                raise LookupError(note.session)
            count = sa.select(sa.func.count()).select_from(t.person_note).where(_of((note.site, note.user_ref)))
            if connection.execute(count).scalar_one() >= MOST_NOTES:
                raise TooManyNotes
            connection.execute(
                sa.insert(t.person_note).values({name: getattr(note, name) for name in PersonNote.__struct_fields__})
            )
            add_all(connection, audit)

        await self._transaction(add, writes=True)

    async def change_note(
        self, note: str, person: _Person, author: str, text: str, now: int, *, audit: Iterable[Audited] = ()
    ) -> bool:
        """Replace the text of a note. Return False when this author has no such note about this person.

        `audit`: audit entries to store in the same transaction.
        """
        changed = sa.update(t.person_note).where(_own(note, person, author)).values(text=text, changed_at=now)
        return await self._do(changed, audit) > 0

    async def remove_note(self, note: str, person: _Person, author: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Remove a note. Return False when this author has no such note about this person.

        `audit`: audit entries to store in the same transaction.
        """
        return await self._do(sa.delete(t.person_note).where(_own(note, person, author)), audit) > 0


def orphaned_notes() -> sa.Delete:
    """Return the SQL statement that deletes the notes about people who have no stored session any more."""
    theirs = sa.and_(t.session.c.site == _c.site, t.session.c.user_ref == _c.user_ref)
    return sa.delete(t.person_note).where(~sa.exists().where(theirs))


def _of(person: _Person) -> sa.ColumnElement[bool]:
    site, user_ref = person
    return sa.and_(_c.site == site, _c.user_ref == user_ref)


def _own(note: str, person: _Person, author: str) -> sa.ColumnElement[bool]:
    return sa.and_(_c.id == note, _c.author == author, _of(person))
