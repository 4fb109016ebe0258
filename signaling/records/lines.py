"""The numbered lines of a session, and the journal of its board."""

from __future__ import annotations

import asyncio
from typing import Literal

import pycrdt
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from signaling.protocol.session_views import Line
from signaling.protocol.words import Audience, Role

from . import tables as t
from .leading import Leading
from .types import StaleEpoch, UnknownSession

_LINE = sa.select(*(t.line.c[name] for name in Line.__struct_fields__))
_COMPACT_FROM = 64  # updates; a merge of as many takes about a millisecond


class Lines(Leading):
    """Lines and boards."""

    async def append_line(
        self,
        session_id: str,
        *,
        line_id: str,
        author: str,
        name: str,
        role: Role | Literal["system"],
        kind: Literal["text", "picture", "file", "note", "system"],
        audience: Audience,
        text: str = "",
        picture: str = "",
        args: dict[str, str] | None = None,
        at: int,
    ) -> tuple[Line, bool]:
        """Store a line under the session's next number, and return it with True.

        If `line_id` is stored already, return the stored line with False. Raises UnknownSession when the session does not
        exist or was erased, and Overtaken.
        """
        line = Line(
            seq=0,
            id=line_id,
            author=author,
            name=name,
            role=role,
            kind=kind,
            audience=audience,
            at=at,
            text=text,
            picture=picture,
            args=args or {},
        )

        def append(connection: sa.Connection) -> tuple[Line, bool]:
            self.require_leading(connection)
            return _append(connection, session_id, line)

        return await self._transaction(append, writes=True)

    async def lines(self, session_id: str, after: int = 0, limit: int = 200, audience: Audience = "all") -> list[Line]:
        """Return up to `limit` lines numbered above `after`, in order.

        `audience` is who reads: "all" (users) gets the lines for all, "staff" gets every line.
        """
        query = _LINE.where(t.line.c.session == session_id, t.line.c.seq > after)
        if audience == "all":
            query = query.where(t.line.c.audience == "all")
        return [Line(**row) for row in await self._all(query.order_by(t.line.c.seq).limit(limit))]

    # --- board ---------------------------------------------------------------------------------------------------------

    async def append_board(self, session_id: str, epoch: int, update: bytes) -> None:
        """Append one Yjs update to the journal. Raises StaleEpoch when a newer epoch has opened the board, and UnknownSession."""
        async with self._writing() as connection:
            await _claim(connection, session_id, epoch)
            await connection.execute(sa.insert(t.board_update).values(session=session_id, epoch=epoch, data=update))

    async def open_board(self, session_id: str, epoch: int) -> list[bytes]:
        """Claim the board for `epoch` and return its updates in order, merged into one when there are many.

        From now on, appends under older epochs are refused. Raises StaleEpoch when a newer epoch has opened the board, and
        UnknownSession.
        """
        async with self._writing() as connection:
            await _claim(connection, session_id, epoch)
            updates = await _updates(connection, session_id)
            if len(updates) < _COMPACT_FROM:
                return updates
            try:
                merged = pycrdt.merge_updates(*updates)
            except Exception:
                return updates  # one update is damaged; the board's room skips only that one
            await connection.execute(sa.delete(t.board_update).where(t.board_update.c.session == session_id))
            await connection.execute(sa.insert(t.board_update).values(session=session_id, epoch=epoch, data=merged))
            return [merged]

    async def board(self, session_id: str) -> bytes:
        """Return the whole board as one update; b"" when nothing was drawn."""
        updates = await self.board_updates(session_id)
        return await asyncio.to_thread(pycrdt.merge_updates, *updates) if len(updates) > 1 else b"".join(updates)

    async def board_updates(self, session_id: str) -> list[bytes]:
        """Return the journal's updates in order, without claiming the board."""
        async with self._reading() as connection:
            return await _updates(connection, session_id)


def _append(connection: sa.Connection, session_id: str, line: Line) -> tuple[Line, bool]:
    # This statement comes first because it locks the session's row, so that lines of one session are numbered in turn.
    numbered = connection.execute(
        sa.update(t.session)
        .where(t.session.c.id == session_id, t.session.c.end_reason != "erased")
        .values(last_seq=t.session.c.last_seq + 1)
        .returning(t.session.c.last_seq)
    )
    seq = numbered.scalar_one_or_none()
    if seq is None:
        raise UnknownSession(session_id)
    stored = connection.execute(_LINE.where(t.line.c.session == session_id, t.line.c.id == line.id)).mappings().first()
    if stored is not None:
        connection.rollback()
        return Line(**stored), False
    line.seq = seq
    values = {field: getattr(line, field) for field in Line.__struct_fields__}
    connection.execute(sa.insert(t.line).values(session=session_id, **values))
    return line, True


async def _claim(connection: AsyncConnection, session_id: str, epoch: int) -> None:
    here = sa.and_(t.session.c.id == session_id, t.session.c.end_reason != "erased")
    claimed = await connection.execute(
        sa.update(t.session).where(here, t.session.c.board_epoch <= epoch).values(board_epoch=epoch)
    )
    if claimed.rowcount:
        return
    if (await connection.execute(sa.select(t.session.c.id).where(here))).first() is None:
        raise UnknownSession(session_id)
    raise StaleEpoch(f"epoch {epoch}")


async def _updates(connection: AsyncConnection, session_id: str) -> list[bytes]:
    query = sa.select(t.board_update.c.data).where(t.board_update.c.session == session_id).order_by(t.board_update.c.n)
    return [bytes(data) for data in (await connection.execute(query)).scalars()]
