"""A user's thread: those conversations of one user at one site that the user may read. The partner vouches for the user."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .database import Database
from .types import SessionRecord, Site

_DAY_MS = 86_400_000
_FINAL = ("closed", "message_left")
OPEN_STATES = ("waiting", "active", "asleep", "callback")  # a user can continue a conversation in these states
_TEXT_STATES = ("waiting", "active", "asleep")  # a text conversation is open in these states
_c = t.session.c
_SELECT = sa.select(*(_c[name] for name in SessionRecord.__struct_fields__))


class ThreadReader(Struct, frozen=True, kw_only=True):
    """A user of a site for whom the partner vouches.

    `since`: conversations that ended before this time (Unix ms) are not shown, because the site's retention for them is over.
    """

    site: str
    organisation: str
    user_ref: str
    since: int

    @property
    def theirs(self) -> sa.ColumnElement[bool]:
        """Return the SQL condition for the user's conversations. Without a `user_ref`, no conversation meets the condition."""
        return sa.and_(
            _c.site == self.site, _c.organisation == self.organisation, _c.user_ref == self.user_ref, _c.user_ref != ""
        )


def thread_reader(site: Site, user_ref: str, now: int) -> ThreadReader:
    """Return a `ThreadReader` for the user of this site with this `user_ref`."""
    since = now - site.retention_days * _DAY_MS
    return ThreadReader(site=site.id, organisation=site.organisation, user_ref=user_ref, since=since)


class ThreadsRead(Database):
    """Reads users' threads. A thread is the list of one user's conversations at one site.

    Threads have no rows of their own: they are read from the rows of the sessions.
    """

    async def thread(self, reader: ThreadReader, *, before: SessionRecord | None, limit: int) -> list[SessionRecord]:
        """Return up to `limit` conversations of the user that began before the conversation `before`, newest first.

        A conversation in which the user has not asked for a counselor yet ("preparing") is left out. A finished conversation is
        left out if nobody answered, nobody wrote anything, and the user left no message.
        """
        wanted = sa.and_(reader.theirs, _shown(reader.since))
        if before is not None:
            earlier = sa.and_(_c.started_at == before.started_at, _c.id < before.id)
            wanted &= (_c.started_at < before.started_at) | earlier
        rows = await self._all(_SELECT.where(wanted).order_by(_c.started_at.desc(), _c.id.desc()).limit(limit))
        return [SessionRecord(**row) for row in rows]

    async def in_thread(self, reader: ThreadReader, session_id: str) -> SessionRecord | None:
        """Return the conversation if it belongs to the user's thread, else None."""
        row = await self._first(_SELECT.where(_c.id == session_id, reader.theirs, _shown(reader.since)))
        return SessionRecord(**row) if row else None

    async def open_text(self, reader: ThreadReader) -> str:
        """Return the id of the user's newest open text conversation, or ""."""
        which = sa.and_(reader.theirs, _c.channel == "text", _c.state.in_(_TEXT_STATES))
        row = await self._first(sa.select(_c.id).where(which).order_by(_c.started_at.desc()).limit(1))
        return str(row["id"]) if row is not None else ""

    async def left_message(self, session_id: str) -> str:
        """Return the message that the user left in this conversation, or ""."""
        row = await self._first(sa.select(t.message.c.text).where(t.message.c.session == session_id).order_by(t.message.c.at))
        return str(row["text"]) if row is not None else ""

    async def first_words(self, sessions: Collection[str]) -> dict[str, str]:
        """Return session → the first text that the user wrote there. Conversations without such a text are left out."""
        line = t.line.c
        by_user = sa.and_(
            line.session.in_(sessions),
            line.role == "user",
            line.kind == "text",
            line.audience == "all",
            line.change != "retracted",
        )
        place = sa.func.row_number().over(partition_by=line.session, order_by=line.seq).label("place")
        ranked = sa.select(line.session, line.text, place).where(by_user).subquery()
        rows = await self._all(sa.select(ranked.c.session, ranked.c.text).where(ranked.c.place == 1))
        return {row["session"]: row["text"] for row in rows}


def _shown(since: int) -> sa.ColumnElement[bool]:
    line: Any = t.line.c
    said = sa.exists().where(line.session == _c.id, line.audience == "all", line.role != "system", line.kind != "system")
    over = sa.and_(_c.state.in_(_FINAL), _c.ended_at >= since, _c.active_at.is_not(None) | (_c.state == "message_left") | said)
    return over | sa.and_(_c.state.not_in(_FINAL), _c.state != "preparing")
