"""The term: a number in the database that only grows.

Each new leader of a cluster raises the term. Only the server with the newest term may write sessions. If another server tries to
write a session, `require_leading` raises Overtaken. So an old leader that hung for a while cannot overwrite newer states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from . import tables as t
from .database import Database
from .types import Overtaken

# A new leader waits at most this many seconds for open transactions of the old leader. This is longer than `IDLE_MS`, after which
# the database ends the transaction of a hanging server.
WAIT_S = 5.0


class Leading(Database):
    """A database with a term: a number that each new leader of a cluster raises.

    `term`: the term that this server has set; None if there is no cluster. Without a cluster, no write is refused.
    `on_overtaken`: a function that is called, in any thread, whenever a write is refused because another server leads.
    """

    term: int | None = None

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.on_overtaken: Callable[[], object] = lambda: None

    async def lead(self) -> int:
        """Raise the term (the number in the database), which makes this server the leader. Return the new term.

        The call first waits until no transaction of the old leader is open. It raises RecordsAway if one is still open after
        `WAIT_S`. Later transactions of the old leader are refused.
        """
        async with self._writing(WAIT_S) as connection:
            newer = sa.update(t.leading).values(term=t.leading.c.term + 1).returning(t.leading.c.term)
            self.term = int((await connection.execute(newer)).scalar_one())
        return self.term

    async def leads(self) -> bool:
        """Return whether this server still leads: whether the database has the term (number) that this server has set."""
        return await self.newest_term() == self.term

    async def newest_term(self) -> int:
        """Return the term (number) in the database: the term of the present leader or, without a leader, of the last leader.

        Return 0 if no server has led yet.
        """
        row = await self._first(sa.select(t.leading.c.term))
        return int(row["term"]) if row is not None else 0

    def require_leading(self, connection: sa.Connection) -> None:
        """Raise Overtaken when another server leads.

        Otherwise the row with the term stays locked until the end of the transaction, so that a new leader has to wait.
        """
        if self.term is None:
            return
        held = sa.select(t.leading.c.term).with_for_update(read=True)
        if connection.execute(held).scalar_one() != self.term:
            self.on_overtaken()
            raise Overtaken
