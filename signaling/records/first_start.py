"""The first start of an installation: a one-time link by which the first owner adds their account."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from . import tables as t
from .auditing import Audited, add_all
from .database import Database
from .types import FIRST_ORGANISATION, StaffRecord

_PURPOSE = "first_start"
_c = t.link.c
_FIRST = t.organisation.c.id == FIRST_ORGANISATION


class FirstStart(Database):
    """The one-time link of the first start, in the database. The link works only while there is no owner."""

    async def save_first_link(self, token_hash: str, expires_at: int) -> bool:
        """Store the link of the first start, in place of an earlier one. `expires_at`: Unix ms.

        Return False, and store nothing, when there is an owner already.
        """
        values = {"token_hash": token_hash, "purpose": _PURPOSE, "subject": "", "session": None, "mail": ""}

        def save(connection: sa.Connection) -> bool:
            _lock_first_start(connection)
            if _has_owner(connection):
                return False
            connection.execute(sa.delete(t.link).where(_c.purpose == _PURPOSE))
            connection.execute(sa.insert(t.link).values(**values, expires_at=expires_at))
            return True

        return await self._transaction(save, writes=True)

    async def first_link_works(self, token_hash: str, now: int) -> bool:
        """Return whether the link of the first start can still be used."""
        found = await self._first(sa.select(_c.token_hash).where(_usable(token_hash, now)))
        return found is not None and not await self._transaction(_has_owner, writes=False)

    async def use_first_link(
        self, token_hash: str, owner: StaffRecord, organisation: str, now: int, *, audit: Iterable[Audited] = ()
    ) -> bool:
        """Add the first owner, name the first organisation, and remove the link.

        `audit`: audit entries to store in the same transaction. Return False, and store nothing, when the link cannot be used.
        Raises ValueError("login_taken") when another member of staff has the owner's login.
        """

        def use(connection: sa.Connection) -> bool:
            _lock_first_start(connection)
            if connection.execute(sa.select(_c.token_hash).where(_usable(token_hash, now))).first() is None:
                return False
            if not _add_owner(connection, owner):
                return False
            connection.execute(sa.update(t.organisation).where(_FIRST).values(name=organisation))
            add_all(connection, audit)
            return True

        return await self._transaction(use, writes=True)

    async def add_first_owner(self, owner: StaffRecord, *, audit: Iterable[Audited] = ()) -> bool:
        """Add the first owner, and end the link of the first start. `audit`: audit entries to store in the same transaction.

        Return False, and store nothing, when there is an owner already. Raises ValueError("login_taken") when another member of
        staff has this login.
        """

        def add(connection: sa.Connection) -> bool:
            _lock_first_start(connection)
            added = _add_owner(connection, owner)
            add_all(connection, audit if added else ())
            return added

        return await self._transaction(add, writes=True)


def _lock_first_start(connection: sa.Connection) -> None:
    """Lock the first organisation's row for the transaction, so that only one of several HTTP requests adds the first owner."""
    connection.execute(sa.select(t.organisation.c.id).where(_FIRST).with_for_update(key_share=True))


def _add_owner(connection: sa.Connection, owner: StaffRecord) -> bool:
    if _has_owner(connection):
        return False
    if connection.execute(sa.select(t.staff.c.id).where(t.staff.c.login == owner.login)).first():
        raise ValueError("login_taken")
    connection.execute(sa.insert(t.staff).values({name: getattr(owner, name) for name in StaffRecord.__struct_fields__}))
    connection.execute(sa.delete(t.link).where(_c.purpose == _PURPOSE))
    return True


def _usable(token_hash: str, now: int) -> sa.ColumnElement[bool]:
    return sa.and_(_c.token_hash == token_hash, _c.purpose == _PURPOSE, _c.expires_at > now)


def _has_owner(connection: sa.Connection) -> bool:
    return any("owner" in offices for offices in connection.execute(sa.select(t.staff.c.offices)).scalars())
