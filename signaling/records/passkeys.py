"""Store the passkeys of staff."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .auditing import Audited, add_all
from .database import Database, lock_parent

MOST_PASSKEYS = 20  # one member of staff has at most this many passkeys


class PasskeyRecord(Struct, frozen=True, kw_only=True):
    """A passkey.

    `credential`: the passkey's id at the authenticator, base64url. `host`: the host of the pages where the passkey works. Times
    are Unix ms. `used_at`: when the passkey was last used; 0: never.
    """

    id: str
    staff: str
    credential: str
    public_key: bytes
    sign_count: int
    name: str
    host: str
    created_at: int
    used_at: int = 0


class TooManyPasskeys(Exception):
    """The member already has as many passkeys as allowed."""


class Passkeys(Database):
    """The passkeys of staff, in the database."""

    async def add_passkey(self, record: PasskeyRecord, *, audit: Iterable[Audited] = ()) -> bool:
        """Store a passkey. Return False when the passkey is stored already.

        `audit`: audit entries to store in the same transaction. Raises TooManyPasskeys.
        """
        values = {name: getattr(record, name) for name in PasskeyRecord.__struct_fields__}

        def add(connection: sa.Connection) -> bool:
            lock_parent(connection, t.staff, record.staff)
            if connection.execute(sa.select(t.passkey.c.id).where(t.passkey.c.id == record.id)).first():
                return False
            mine = sa.select(sa.func.count()).select_from(t.passkey).where(t.passkey.c.staff == record.staff)
            if connection.execute(mine).scalar_one() >= MOST_PASSKEYS:
                raise TooManyPasskeys
            connection.execute(sa.insert(t.passkey).values(values))
            add_all(connection, audit)
            return True

        return await self._transaction(add, writes=True)

    async def passkeys(self, staff: str) -> list[PasskeyRecord]:
        """Return this member's passkeys, the oldest first."""
        mine = sa.select(t.passkey).where(t.passkey.c.staff == staff).order_by(t.passkey.c.created_at)
        return [PasskeyRecord(**row) for row in await self._all(mine)]

    async def passkey(self, passkey_id: str) -> PasskeyRecord | None:
        """Return the passkey with this id, or None."""
        row = await self._first(sa.select(t.passkey).where(t.passkey.c.id == passkey_id))
        return PasskeyRecord(**row) if row else None

    async def used_passkey(self, passkey_id: str, sign_count: int, now: int) -> None:
        """Store when a passkey was used (Unix ms), and the new `sign_count` of its authenticator."""
        this = t.passkey.c.id == passkey_id
        await self._do(sa.update(t.passkey).where(this).values(sign_count=sign_count, used_at=now))

    async def rename_passkey(self, staff: str, passkey_id: str, name: str) -> bool:
        """Rename one of this member's passkeys. Return False when the member has no such passkey."""
        return await self._do(sa.update(t.passkey).where(_mine(staff, passkey_id)).values(name=name)) > 0

    async def remove_passkey(self, staff: str, passkey_id: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Remove one of this member's passkeys. Return False when the member has no such passkey.

        `audit`: audit entries to store in the same transaction.
        """
        return await self._do(sa.delete(t.passkey).where(_mine(staff, passkey_id)), audit) > 0


def _mine(staff: str, passkey_id: str) -> sa.ColumnElement[bool]:
    return (t.passkey.c.staff == staff) & (t.passkey.c.id == passkey_id)
