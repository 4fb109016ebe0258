"""The organisations of an installation."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from . import tables as t
from .auditing import Audited, add_all
from .database import Database, insert_into
from .types import FIRST_ORGANISATION, Organisation


class Organisations(Database):
    """The organisations in the database."""

    async def organisations(self) -> list[Organisation]:
        """Return all organisations: the first organisation first, then the others in the order of their ids."""
        rows = await self._all(sa.select(t.organisation).order_by(t.organisation.c.id != FIRST_ORGANISATION, t.organisation.c.id))
        return [Organisation(**row) for row in rows]

    async def organisation(self, organisation_id: str) -> Organisation | None:
        """Return the organisation with this id, or None when there is no such organisation."""
        row = await self._first(sa.select(t.organisation).where(t.organisation.c.id == organisation_id))
        return Organisation(**row) if row else None

    async def save_organisation(self, organisation: Organisation, *, audit: Iterable[Audited] = ()) -> None:
        """Insert the organisation. If an organisation with this id is stored already, change its name.

        `audit`: audit entries to store in the same transaction.
        """
        values = {"id": organisation.id, "name": organisation.name}

        def save(connection: sa.Connection) -> None:
            stored = insert_into(connection, t.organisation).values(values)
            named = {"name": organisation.name}
            connection.execute(stored.on_conflict_do_update(index_elements=[t.organisation.c.id], set_=named))
            add_all(connection, audit)

        await self._transaction(save, writes=True)


def count_organisations(connection: sa.Connection) -> int:
    """Return how many organisations there are."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(t.organisation)).scalar_one())
