"""Which server of a cluster decides: a number that only grows. Who holds the newest may write sessions; the records refuse all
others, so that a server that stood still cannot write over what has happened since."""

from __future__ import annotations

import sqlalchemy as sa

from . import tables as t
from .database import Database
from .types import Overtaken

WAIT_S = 5.0  # more than the database lets a transaction stand still


class Leading(Database):
    """`term`: the number under which this server writes; None: alone, and nobody asks."""

    term: int | None = None

    async def lead(self) -> int:
        """From now on we decide. Waits for what the former one is writing, and refuses it what comes later."""
        async with self._writing(WAIT_S) as connection:
            newer = sa.update(t.leading).values(term=t.leading.c.term + 1).returning(t.leading.c.term)
            self.term = int((await connection.execute(newer)).scalar_one())
        return self.term

    async def leads(self) -> bool:
        return await self.newest_term() == self.term

    async def newest_term(self) -> int:
        """The term of the server that decides now, or decided last."""
        row = await self._first(sa.select(t.leading.c.term))
        return int(row["term"]) if row is not None else 0

    def require_leading(self, connection: sa.Connection) -> None:
        """Overtaken when another server decides. Holds the row until the end of the transaction, so that a successor waits."""
        if self.term is None:
            return
        held = sa.select(t.leading.c.term).with_for_update(read=True)
        if connection.execute(held).scalar_one() != self.term:
            raise Overtaken
