"""Why it went where it went: events, messages left, pictures, audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from signaling.protocol.audit_actions import AuditAction

from . import tables as t
from .database import require_kept
from .leading import Leading
from .types import AuditRecord, EventRecord, MessageRecord, MessageState, PictureRecord

_EVENTS = 2000  # of one session, at most, when read
_PAGE = 100
_REREAD = 64  # audit entries
_AUDIT = sa.select(*(t.audit.c[name] for name in AuditRecord.__struct_fields__))


class History(Leading):
    async def add_event(
        self, session_id: str, kind: str, at: int, data: dict[str, Any] | None = None, *, again: bool = False
    ) -> None:
        """UnknownSession: nothing is added to what was erased. So for messages and pictures. `again`: it may have been stored
        already, and is then not stored twice."""
        values = {"session": session_id, "kind": kind, "at": at, "data": data or {}}

        def add(connection: sa.Connection) -> None:
            self.require_leading(connection)
            require_kept(connection, session_id)
            if again:
                c = t.event.c
                same = sa.select(c.data).where(c.session == session_id, c.kind == kind, c.at == at)
                if values["data"] in connection.execute(same).scalars().all():
                    return
            connection.execute(sa.insert(t.event).values(values))

        await self._transaction(add, writes=True)

    async def _add(self, table: sa.Table, session_id: str, values: dict[str, Any]) -> None:
        def add(connection: sa.Connection) -> None:
            require_kept(connection, session_id)
            connection.execute(sa.insert(table).values(values))

        await self._transaction(add, writes=True)

    async def events(self, session_id: str) -> list[EventRecord]:
        columns = (t.event.c[name] for name in EventRecord.__struct_fields__)
        query = sa.select(*columns).where(t.event.c.session == session_id).order_by(t.event.c.n).limit(_EVENTS)
        return [EventRecord(**row) for row in await self._all(query)]

    # --- messages left -------------------------------------------------------------------------------------------------

    async def add_message(self, record: MessageRecord) -> None:
        await self._add(t.message, record.session, {name: getattr(record, name) for name in MessageRecord.__struct_fields__})

    async def messages(self, states: Sequence[MessageState] = ("new", "taken"), limit: int = 200) -> list[MessageRecord]:
        """Oldest first."""
        query = sa.select(t.message).where(t.message.c.state.in_(states)).order_by(t.message.c.at, t.message.c.id).limit(limit)
        return [MessageRecord(**row) for row in await self._all(query)]

    async def set_message_state(self, message_id: str, state: MessageState, staff: str) -> MessageRecord:
        """Moves a message on: new → taken (by `staff`) → done. LookupError: no such message; ValueError("taken"): a message
        that somebody else has taken, or is done, cannot be taken."""
        async with self._writing() as connection:
            here = t.message.c.id == message_id
            row = (await connection.execute(sa.select(t.message).where(here).with_for_update())).mappings().first()
            if row is None:
                raise LookupError(message_id)
            now = MessageRecord(**row)
            if now.state == "done" or (now.state == "taken" and now.taken_by != staff):
                raise ValueError("taken")
            changed = sa.update(t.message).where(here).values(state=state, taken_by=staff)
            await connection.execute(changed)
            return MessageRecord(**(dict(row) | {"state": state, "taken_by": staff}))

    # --- pictures ------------------------------------------------------------------------------------------------------

    async def add_picture(self, record: PictureRecord) -> None:
        await self._add(t.picture, record.session, {name: getattr(record, name) for name in PictureRecord.__struct_fields__})

    async def picture(self, picture_id: str) -> PictureRecord | None:
        row = await self._first(sa.select(t.picture).where(t.picture.c.id == picture_id))
        return PictureRecord(**row) if row else None

    async def count_pictures(self, session_id: str) -> int:
        row = await self._first(sa.select(sa.func.count().label("n")).where(t.picture.c.session == session_id))
        return int(row["n"]) if row else 0

    # --- audit ---------------------------------------------------------------------------------------------------------

    async def audit(
        self, actor: str, action: AuditAction, subject: str, at: int, detail: str = "", *, again: bool = False
    ) -> None:
        """`again`: as in `add_event`."""
        values = {"actor": actor, "action": action, "subject": subject, "at": at, "detail": detail}
        async with self._writing() as connection:
            same = sa.select(t.audit.c.n).where(*(t.audit.c[name] == value for name, value in values.items()))
            if not again or (await connection.execute(same)).first() is None:
                await connection.execute(sa.insert(t.audit).values(values))

    async def erasures(self, after: int) -> tuple[int, list[str]]:
        """Sessions whose erasing was noted after entry `after` (0: all), by whichever process, and the newest entry's number.
        A few entries before `after` are read again: a database of many writers may number before it commits."""
        newest = await self._first(sa.select(sa.func.coalesce(sa.func.max(t.audit.c.n), 0).label("n")))
        noted = sa.and_(t.audit.c.action == "session.erase", t.audit.c.n > after - _REREAD)
        subjects = await self._all(sa.select(t.audit.c.subject).where(noted))
        return int(newest["n"]) if newest else 0, [row["subject"].removeprefix("session/") for row in subjects]

    async def audits(self, page: int = 1) -> tuple[list[AuditRecord], int]:
        """One page (100), newest first, and how many there are in all."""
        total = await self._first(sa.select(sa.func.count().label("n")).select_from(t.audit))
        query = _AUDIT.order_by(t.audit.c.n.desc()).limit(_PAGE).offset((max(page, 1) - 1) * _PAGE)
        return [AuditRecord(**row) for row in await self._all(query)], int(total["n"]) if total else 0
