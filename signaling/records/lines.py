"""The numbered chat lines of a session, and the journal of its shared board: the changes of the board, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, Literal

import msgspec
import pycrdt
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from signaling.protocol.session_views import Former, Line, Mark, Span
from signaling.protocol.words import Audience, Role

from . import tables as t
from .auditing import Audited, add_all
from .database import require_kept
from .leading import Leading
from .types import BoardPart, BoardStep, StaleEpoch, UnknownSession

_LINE = sa.select(*(t.line.c[name] for name in Line.__struct_fields__))
_COMPACT_FROM = 64  # the updates of a board are merged if there are at least this many; merging takes about a millisecond
_PART_STEPS = 512  # a part of a board's journal has at most this many updates
_STEP_MS = 5000  # the time is cut into steps of this many ms; the updates of one step are merged, and a replay shows them at once


class Lines(Leading):
    """The chat lines and the journals of the boards, in the database."""

    async def append_line(
        self,
        session_id: str,
        *,
        line_id: str,
        author: str,
        name: str,
        role: Role | Literal["system"],
        kind: Literal["text", "picture", "file", "note", "caption", "system"],
        audience: Audience,
        text: str = "",
        picture: str = "",
        args: dict[str, str] | None = None,
        reply_to: int = 0,
        at: int,
    ) -> tuple[Line, bool]:
        """Store a line under the session's next number, and return the line and True.

        If `line_id` is stored already, return the stored line and False. `reply_to`: number of the line to which this line
        replies, or 0. `at`: Unix ms. Raises UnknownSession when the session does not exist or was erased. Raises Overtaken when
        another server leads.
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
            reply_to=reply_to,
        )

        def append(connection: sa.Connection) -> tuple[Line, bool]:
            self.require_leading(connection)
            return _append(connection, session_id, line)

        return await self._transaction(append, writes=True)

    async def lines(self, session_id: str, after: int = 0, limit: int = 200, audience: Audience = "all") -> list[Line]:
        """Return up to `limit` lines numbered above `after`, in order.

        `audience`: who will read the lines. "all": users, who get only the lines for everybody. "staff": staff, who get every
        line, with its earlier texts.
        """
        query = _LINE.where(t.line.c.session == session_id, t.line.c.seq > after)
        return await self._read_lines(query.order_by(t.line.c.seq).limit(limit), audience)

    async def line_changes(self, session_id: str, after: int, limit: int, audience: Audience) -> list[Line]:
        """Return up to `limit` lines whose `rev` (number of the last change) is above `after`, in the order of `rev`.

        Captions are left out, because the chat does not show them. `audience`: as in `lines`.
        """
        query = _LINE.where(t.line.c.session == session_id, t.line.c.rev > after, t.line.c.kind != "caption")
        return await self._read_lines(query.order_by(t.line.c.rev).limit(limit), audience)

    async def lines_before(self, session_id: str, before: int, limit: int, audience: Audience) -> list[Line]:
        """Return, in order, the last lines numbered below `before`: at most `limit` lines. Captions are left out.

        `before` 0 stands for the newest lines. `audience`: as in `lines`.
        """
        query = _LINE.where(t.line.c.session == session_id, t.line.c.kind != "caption")
        if before:
            query = query.where(t.line.c.seq < before)
        found = await self._read_lines(query.order_by(t.line.c.seq.desc()).limit(limit), audience)
        return found[::-1]

    async def _read_lines(self, query: sa.Select[Any], audience: Audience) -> list[Line]:
        if audience == "all":
            query = query.where(t.line.c.audience == "all")
        found = [_line(row) for row in await self._all(query)]
        return found if audience == "staff" else [without_former(line) for line in found]

    async def line(self, session_id: str, seq: int) -> Line | None:
        """Return the chat line with the number `seq`, or None when there is no such line."""
        row = await self._first(_LINE.where(t.line.c.session == session_id, t.line.c.seq == seq))
        return _line(row) if row else None

    async def change_line(
        self,
        session_id: str,
        seq: int,
        change: Callable[[Line], Line | None],
        audit: Callable[[Line], Iterable[Audited]] = lambda _: (),
    ) -> Line | None:
        """Change a line by `change`, give it the session's next number as its `rev` (number of the last change), and return it.

        `change` must be pure; its exceptions are passed on. If `change` returns None, the line stays unchanged and the result is
        None. The picture or file of a retracted line is hidden from users. `audit`: a function that returns audit entries to
        store in the same transaction. Raises LookupError when there is no such line, UnknownSession when the session does not
        exist or was erased, and Overtaken when another server leads.
        """

        def work(connection: sa.Connection) -> Line | None:
            self.require_leading(connection)
            line = _change(connection, session_id, seq, change)
            add_all(connection, audit(line) if line is not None else ())
            return line

        return await self._transaction(work, writes=True)

    async def erase_captions(self, session_id: str) -> None:
        """Delete the captions of a session, also from the database's files (see `scrub`).

        Raises Overtaken when another server leads.
        """

        def work(connection: sa.Connection) -> None:
            self.require_leading(connection)
            connection.execute(sa.delete(t.line).where(t.line.c.session == session_id, t.line.c.kind == "caption"))

        await self._transaction(work, writes=True)
        await self.scrub()

    # --- read marks ----------------------------------------------------------------------------------------------------

    async def marks(self, session_id: str) -> dict[str, Mark]:
        """Return the read marks of a session: participant → the lines that this participant has received and read."""
        rows = await self._all(sa.select(t.line_mark).where(t.line_mark.c.session == session_id))
        return {
            row["participant"]: Mark(
                participant=row["participant"], delivered=row["delivered"], read=[Span(**each) for each in row["read"]]
            )
            for row in rows
        }

    async def save_mark(self, session_id: str, mark: Mark) -> None:
        """Store a participant's read mark in place of their older read mark.

        Raises UnknownSession when the session does not exist or was erased, and Overtaken when another server leads.
        """
        values = {"delivered": mark.delivered, "read": [msgspec.structs.asdict(span) for span in mark.read]}
        here = sa.and_(t.line_mark.c.session == session_id, t.line_mark.c.participant == mark.participant)

        def save(connection: sa.Connection) -> None:
            self.require_leading(connection)
            require_kept(connection, session_id)
            if connection.execute(sa.update(t.line_mark).where(here).values(values)).rowcount == 0:
                connection.execute(sa.insert(t.line_mark).values(session=session_id, participant=mark.participant, **values))

        await self._transaction(save, writes=True)

    # --- board ---------------------------------------------------------------------------------------------------------

    async def append_board(self, session_id: str, epoch: int, update: bytes, at: int) -> None:
        """Append one Yjs update to the board's stored changes (its journal).

        `epoch`: how often the session's room had been opened when the board changed. `at`: when the board changed (Unix ms).
        Raises StaleEpoch when the room has been opened again since then, and UnknownSession when the session does not exist.
        """
        async with self._writing() as connection:
            await _claim(connection, session_id, epoch)
            await connection.execute(sa.insert(t.board_update).values(session=session_id, epoch=epoch, at=at, data=update))

    async def open_board(self, session_id: str, epoch: int) -> list[bytes]:
        """Return the board's updates in order. From now on, refuse updates of earlier epochs than `epoch`.

        The openings of a session's room are numbered; the number is the epoch. If the journal has at least `_COMPACT_FROM`
        updates, merge the updates of each period of 5 s in the journal. Raises StaleEpoch when the board was opened under a
        higher epoch, and UnknownSession.
        """
        async with self._writing() as connection:
            await _claim(connection, session_id, epoch)
            steps = await _steps(connection, session_id)
            if len(steps) < _COMPACT_FROM:
                return [step.update for step in steps]
            try:
                merged = _merged(steps)
            except Exception:
                # an update is damaged, so the updates cannot be merged; the room that opens the board skips only the damaged
                # update
                return [step.update for step in steps]
            if len(merged) < len(steps):
                rows = [{"session": session_id, "epoch": epoch, "at": step.at, "data": step.update} for step in merged]
                await connection.execute(sa.delete(t.board_update).where(t.board_update.c.session == session_id))
                await connection.execute(sa.insert(t.board_update), rows)
            return [step.update for step in merged]

    async def board(self, session_id: str) -> bytes:
        """Return the whole board as one update, or b"" when nothing was drawn."""
        updates = await self.board_updates(session_id)
        return await asyncio.to_thread(pycrdt.merge_updates, *updates) if len(updates) > 1 else b"".join(updates)

    async def board_updates(self, session_id: str) -> list[bytes]:
        """Return the journal's updates in order. Unlike `open_board`, change nothing."""
        return [step.update for step in await self.board_steps(session_id)]

    async def board_steps(self, session_id: str) -> list[BoardStep]:
        """Return the journal's updates in order, each with its time. Unlike `open_board`, change nothing."""
        async with self._reading() as connection:
            return await _steps(connection, session_id)

    async def board_part(self, session_id: str, epoch: int, after: int, most_bytes: int) -> BoardPart:
        """Return the next part of the board's journal: the updates after the update number `after`, in order.

        A part has at most `most_bytes` bytes and at most `_PART_STEPS` updates. A larger update is a part of its own. `epoch`:
        the epoch (number of the room's opening) of the previous part. If the board has been opened under a higher epoch since,
        its updates might have been merged and renumbered. Then this method returns the journal from its beginning. Applying an
        update twice does no harm.
        """
        c = t.board_update.c
        async with self._reading() as connection:
            now = (await connection.execute(sa.select(t.session.c.board_epoch).where(t.session.c.id == session_id))).scalar() or 0
            rest = sa.and_(c.session == session_id, c.n > (after if epoch == now else 0))
            sizes = sa.select(c.n, sa.func.length(c.data)).where(rest).order_by(c.n).limit(_PART_STEPS + 1)
            found = [(n, size) for n, size in await connection.execute(sizes)]
            last = _last_within(found[:_PART_STEPS], most_bytes)
            query = sa.select(c.at, c.data).where(rest, c.n <= last).order_by(c.n)
            steps = [BoardStep(at, bytes(data)) for at, data in await connection.execute(query)]
        return BoardPart(steps, now, last, more=bool(found) and found[-1][0] > last)


def without_former(line: Line) -> Line:
    """Return the chat line as users may see it: without its earlier texts, and without the file of a retracted line."""
    if not line.former:
        return line
    label = {name: value for name, value in line.args.items() if name == "label"}
    return msgspec.structs.replace(line, former=[], args=label if line.change == "retracted" else line.args)


def _line(row: sa.RowMapping) -> Line:
    return Line(**{**row, "former": [Former(**each) for each in row["former"]]})


def _values(line: Line) -> dict[str, Any]:
    values = {field: getattr(line, field) for field in Line.__struct_fields__}
    return values | {"former": [msgspec.structs.asdict(each) for each in line.former]}


def _next_number(connection: sa.Connection, session_id: str) -> int:
    # This statement must come first: it locks the session's row, so that two transactions never give the same number to two
    # lines.
    numbered = connection.execute(
        sa.update(t.session)
        .where(t.session.c.id == session_id, t.session.c.end_reason != "erased")
        .values(last_seq=t.session.c.last_seq + 1)
        .returning(t.session.c.last_seq)
    )
    number = numbered.scalar_one_or_none()
    if number is None:
        raise UnknownSession(session_id)
    return int(number)


def _append(connection: sa.Connection, session_id: str, line: Line) -> tuple[Line, bool]:
    line.seq = line.rev = _next_number(connection, session_id)
    stored = connection.execute(_LINE.where(t.line.c.session == session_id, t.line.c.id == line.id)).mappings().first()
    if stored is not None:
        connection.rollback()
        return _line(stored), False
    connection.execute(sa.insert(t.line).values(session=session_id, **_values(line)))
    return line, True


def _change(connection: sa.Connection, session_id: str, seq: int, change: Callable[[Line], Line | None]) -> Line | None:
    rev = _next_number(connection, session_id)
    here = sa.and_(t.line.c.session == session_id, t.line.c.seq == seq)
    stored = connection.execute(_LINE.where(here)).mappings().first()
    if stored is None:
        raise LookupError(f"line {seq}")
    before = _line(stored)
    line = change(before)
    if line is None:
        connection.rollback()
        return None
    line.rev = rev
    connection.execute(sa.update(t.line).where(here).values(_values(line)))
    if line.change == "retracted":
        for table, hidden in ((t.picture, before.picture), (t.file, before.args.get("file", ""))):
            connection.execute(sa.update(table).where(table.c.id == hidden).values(audience="staff"))
    return line


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


async def _steps(connection: AsyncConnection, session_id: str) -> list[BoardStep]:
    c = t.board_update.c
    query = sa.select(c.at, c.data).where(c.session == session_id).order_by(c.n)
    return [BoardStep(at, bytes(data)) for at, data in await connection.execute(query)]


def _last_within(sizes: list[tuple[int, int]], most_bytes: int) -> int:
    """Return the number of the last update in the next part of a journal, or 0 when there is no update.

    `sizes`: (number, bytes) of each update. A part contains the first update, whatever its size, and the following updates as
    long as all together have at most `most_bytes`.
    """
    last = used = 0
    for n, size in sizes:
        used += size
        if last and used > most_bytes:
            break
        last = n
    return last


def _merged(steps: list[BoardStep]) -> list[BoardStep]:
    """Merge successive updates that were made in the same period of `_STEP_MS`.

    The merged update has the time of the last update.
    """
    groups = [list(group) for _, group in groupby(steps, key=lambda step: step.at // _STEP_MS)]
    return [
        group[0]
        if len(group) == 1
        else BoardStep(max(step.at for step in group), pycrdt.merge_updates(*(step.update for step in group)))
        for group in groups
    ]
