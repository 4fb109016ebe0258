"""Sessions in the database: creation, changes, search, erasure and retention."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from . import tables as t
from .announcing import now_ms, session_event
from .api_answers import forget_answers
from .auditing import Audited, add_audit
from .database import LONG_S
from .outbox import links_of_refused_mails, old_mails
from .person_notes import orphaned_notes
from .push import unneeded_devices
from .reports import rated_late
from .saves import Saves
from .search import Search
from .types import EarlierRecord, SessionRecord, UnknownSession
from .webhooks import old_deliveries

_COLUMNS = SessionRecord.__struct_fields__
_SELECT = sa.select(*(t.session.c[name] for name in _COLUMNS))
_FINAL = ("closed", "message_left")
_DAY_MS = 86_400_000
PAGE_SIZE = 50  # one page of a search shows at most this many sessions
_NOT_CONTENT = 2  # a user who rates a session with at most this (1 to 5) was not content
_AUDIT_KEPT_DAYS = 400  # days for which audit entries are kept, and for which expired API tokens are kept
_LINKS_KEPT_DAYS = 30  # days for which an expired one-time link is kept, so that people are told why the link does not work
MOST_CONVERSATIONS = 50  # at most this many finished sessions are listed for one person
MOST_EARLIER = 5  # at most this many earlier sessions, the newest ones, are read for one user
_REFS_AT_ONCE = 500  # one query reads the earlier sessions of at most this many users
_LIVE_AT_ONCE = 500  # one query reads at most this many live sessions

ERASED: dict[str, Any] = {
    "state": "closed",
    "end_reason": "erased",
    "token_hash": "",
    "user_ref": "",
    "user_name": "",
    "brief": b"{}",
    "snapshot": b"",
    "rating_words": "",
    "wrap_up_notes": "",
    "wrap_up_outcome": "",
    "wrap_up_tags": [],
}


class Sessions(Saves):
    """The sessions in the database, and searches among them."""

    async def create_session(self, record: SessionRecord, audit: Audited | None = None) -> None:
        """Store a new session, and an audit entry about it if `audit` is given. Raises Overtaken when another server leads."""
        values = {name: getattr(record, name) for name in _COLUMNS}

        def create(connection: sa.Connection) -> None:
            self.require_leading(connection)
            connection.execute(sa.insert(t.session).values(values))
            add_audit(connection, audit)

        await self._transaction(create, writes=True)

    async def save_token(self, session_id: str, token_hash: str) -> None:
        """Replace the session's token. After this, only the new token opens the session. An erased session stays unchanged.

        Raises UnknownSession when the session never existed, and Overtaken when another server leads.
        """
        await self._change(session_id, {"token_hash": token_hash})

    async def save_brief(self, session_id: str, brief: bytes) -> None:
        """Replace the session's brief (facts about the user's visit), for example because the user has typed a name.

        An erased session stays unchanged. Raises UnknownSession when the session never existed, and Overtaken when another server
        leads.
        """
        await self._change(session_id, {"brief": brief})

    async def save_rating(self, session_id: str, score: int, words: str, at: int = 0) -> None:
        """Store the user's rating: `score` from 1 to 5. `at`: Unix ms, 0 for now. An erased session stays unchanged.

        Raises UnknownSession when the session never existed, and Overtaken when another server leads.
        """
        at = at or now_ms()

        def rated(connection: sa.Connection) -> None:
            session_event(connection, "session.rated", session_id, at, str(at), score=score)

        def counted(connection: sa.Connection) -> None:
            rated_late(connection, session_id, score)

        await self._change(session_id, {"rating_score": score, "rating_words": words}, rated, counted)

    async def save_wrap_up(self, session_id: str, staff: str, notes: str, outcome: str, tags: Sequence[str] = ()) -> None:
        """Store the wrap-up (notes, outcome and tags) that this member of staff wrote. An erased session stays unchanged.

        Raises UnknownSession when the session never existed, and Overtaken when another server leads.
        """
        values = {"wrap_up_staff": staff, "wrap_up_notes": notes, "wrap_up_outcome": outcome, "wrap_up_tags": list(tags)}
        await self._change(session_id, values)

    async def _change(
        self,
        session_id: str,
        values: dict[str, Any],
        changed_too: Callable[[sa.Connection], None] = lambda _: None,
        changed_first: Callable[[sa.Connection], None] = lambda _: None,
    ) -> None:
        here = sa.and_(t.session.c.id == session_id, t.session.c.end_reason != "erased")

        def change(connection: sa.Connection) -> int:
            self.require_leading(connection)
            changed_first(connection)
            found = connection.execute(sa.update(t.session).where(here).values(values)).rowcount
            if found:
                changed_too(connection)
            return found

        changed = await self._transaction(change, writes=True)
        if not changed and await self.session(session_id) is None:
            raise UnknownSession(session_id)

    async def session(self, session_id: str) -> SessionRecord | None:
        """Return the session with this id, or None when there is no such session."""
        return await self._one(t.session.c.id == session_id)

    async def session_by_token(self, token_hash: str) -> SessionRecord | None:
        """Return the session that this token opens, or None."""
        return await self._one(t.session.c.token_hash == token_hash) if token_hash else None

    async def _one(self, which: sa.ColumnElement[bool]) -> SessionRecord | None:
        row = await self._first(_SELECT.where(which))
        return SessionRecord(**row) if row else None

    async def live_sessions(self) -> list[SessionRecord]:
        """Return all live sessions, each with the encoded state of its state machine (`snapshot`), oldest first.

        A session is not live when it is closed, or when nobody could serve the user and the user has left a message. Several
        transactions read the sessions, because reading very many sessions takes longer than one transaction is allowed to take.
        """
        found: list[SessionRecord] = []
        after: sa.ColumnElement[bool] = sa.true()
        while True:
            live = _SELECT.where(t.session.c.state.not_in(_FINAL), after)
            rows = await self._all(live.order_by(t.session.c.started_at, t.session.c.id).limit(_LIVE_AT_ONCE))
            found += [SessionRecord(**row) for row in rows]
            if len(rows) < _LIVE_AT_ONCE:
                return found
            begun = found[-1].started_at
            after = (t.session.c.started_at > begun) | ((t.session.c.started_at == begun) & (t.session.c.id > found[-1].id))

    async def earlier_sessions(
        self, users: Collection[tuple[str, str]], *, before: int | None = None
    ) -> dict[tuple[str, str], list[EarlierRecord]]:
        """Return the finished sessions of these users, newest first, at most `MOST_EARLIER` for each user.

        `users`: pairs of (site, `user_ref`: hash of the partner's id for the user). `before`: only sessions that began before
        this time, in Unix ms.
        """
        found: dict[tuple[str, str], list[EarlierRecord]] = {}
        refs = [ref for _, ref in users if ref]
        for begin in range(0, len(refs), _REFS_AT_ONCE):
            for row in await self._all(_earlier(refs[begin : begin + _REFS_AT_ONCE], before)):
                if (user := (row["site"], row["user_ref"])) in users:
                    found.setdefault(user, []).append(EarlierRecord(**row))
        return found

    async def conversations_of(self, person: tuple[str, str], *, since: int, q: str = "") -> list[SessionRecord]:
        """Return a person's finished sessions that ended at or after `since`: the newest `MOST_CONVERSATIONS`, newest first.

        `person`: site and `user_ref` (hash of the partner's id for the user). `since`: Unix ms. `q`: only sessions whose lines or
        wrap-up notes contain this text, ignoring case.
        """
        c = t.session.c
        site, user_ref = person
        wanted = sa.and_(c.site == site, c.user_ref == user_ref, c.state.in_(_FINAL), c.ended_at >= since)
        if q:
            said = sa.select(t.line.c.session).where(t.line.c.session == c.id, t.line.c.text.icontains(q, autoescape=True))
            wanted &= c.wrap_up_notes.icontains(q, autoescape=True) | sa.exists(said)
        rows = await self._all(_SELECT.where(wanted).order_by(c.started_at.desc(), c.id).limit(MOST_CONVERSATIONS))
        return [SessionRecord(**row) for row in rows]

    async def served_by(self, session_id: str) -> str:
        """Return the counselor who served this session's user in the user's latest other session on the same site, or "".

        Return "" also when the partner does not vouch for the user, or the user rated that other session 2 or less.
        """
        here = await self.session(session_id)
        if here is None or not here.user_ref:
            return ""
        c = t.session.c
        talked = sa.and_(c.site == here.site, c.user_ref == here.user_ref, c.active_at.is_not(None), c.id != session_id)
        row = await self._first(sa.select(c.counselor, c.rating_score).where(talked).order_by(c.started_at.desc()).limit(1))
        content = row is not None and (row["rating_score"] is None or row["rating_score"] > _NOT_CONTENT)
        return str(row["counselor"]) if row is not None and content else ""

    async def search_sessions(self, search: Search, page: int = 1) -> tuple[list[SessionRecord], int]:
        """Return one page of at most `PAGE_SIZE` sessions, newest first, and the number of all sessions that meet the filters."""
        c, which = t.session.c, search.where()
        async with self._reading(LONG_S) as connection:
            total = (await connection.execute(sa.select(sa.func.count()).select_from(t.session).where(which))).scalar_one()
            newest = (
                _SELECT.where(which).order_by(c.started_at.desc(), c.id).limit(PAGE_SIZE).offset((max(page, 1) - 1) * PAGE_SIZE)
            )
            rows = (await connection.execute(newest)).mappings().all()
        return [SessionRecord(**row) for row in rows], int(total)

    async def sessions_after(self, after: tuple[int, str] | None, limit: int, search: Search) -> list[SessionRecord]:
        """Return up to `limit` sessions that meet the search's filters, newest first.

        `after`: `started_at` and id of a session; only the sessions that follow it in this order are returned.
        """
        c, which = t.session.c, search.where()
        if after is not None:
            began, session_id = after
            which &= (c.started_at < began) | ((c.started_at == began) & (c.id > session_id))
        query = _SELECT.where(which).order_by(c.started_at.desc(), c.id).limit(limit)
        async with self._reading(LONG_S) as connection:
            return [SessionRecord(**row) for row in (await connection.execute(query)).mappings()]

    async def erase_session(self, session_id: str, at: int = 0, *, audit: Audited | None = None) -> bool:
        """Erase the content of a session, also from the database's files (see `scrub`). `at`: Unix ms, 0 for now.

        `audit`: an audit entry to store in the same transaction. Other processes learn of the erasure from this entry
        (`History.news`).

        The session's times, category, staff and rating score stay in the database for the reports. Return False when there is
        no such session.
        """
        async with self._writing() as connection:
            values = ERASED | {"ended_at": sa.func.coalesce(t.session.c.ended_at, t.session.c.started_at)}
            erased = await connection.execute(sa.update(t.session).where(t.session.c.id == session_id).values(values))
            for table in (
                t.line,
                t.line_mark,
                t.board_update,
                t.event,
                t.message,
                t.picture,
                t.file,
                t.person_note,
                t.mail,
                t.link,
                t.push_device,
            ):
                await connection.execute(sa.delete(table).where(table.c.session == session_id))
            sent = sa.and_(t.webhook_delivery.c.session == session_id, t.webhook_delivery.c.state != "queued")
            await connection.execute(sa.delete(t.webhook_delivery).where(sent))
            await connection.execute(forget_answers(session_id))
            await connection.execute(orphaned_notes())
            if erased.rowcount:
                erased_at = at or now_ms()
                await connection.run_sync(lambda here: session_event(here, "person.erased", session_id, erased_at))
                await connection.run_sync(add_audit, audit)
        await self.scrub()
        return erased.rowcount > 0

    async def expired(self, now: int) -> list[str]:
        """Return the ids of the sessions whose retention is over at `now` (Unix ms).

        A session whose site was removed is retained for 90 days after its end.
        """
        async with self._reading(LONG_S) as connection:
            over = await _over(connection, now)
            return list((await connection.execute(sa.select(t.session.c.id).where(over))).scalars())

    async def purge(self, now: int) -> int:
        """Delete sessions whose retention is over at `now` (Unix ms).

        Also delete other rows that are no longer needed: about used identification codes and invites that have expired, expired
        sign-ins, old one-time links, old audit entries, and more.

        Return the number of deleted sessions.
        """
        async with self._writing(LONG_S) as connection:
            deleted = await connection.execute(sa.delete(t.session).where(await _over(connection, now)))
            await connection.execute(orphaned_notes())
            for table in (t.used_code, t.sign_in, t.reset_link):
                await connection.execute(sa.delete(table).where(table.c.expires_at < now))
            await connection.execute(sa.delete(t.link).where(t.link.c.expires_at < now - _LINKS_KEPT_DAYS * _DAY_MS))
            await connection.execute(sa.delete(t.link).where(links_of_refused_mails(now)))
            await connection.execute(sa.delete(t.mail).where(old_mails(now)))
            await connection.execute(sa.delete(t.push_device).where(unneeded_devices()))
            await connection.execute(sa.delete(t.api_answer).where(t.api_answer.c.at < now - _DAY_MS))
            ended = t.api_token.c.expires_at < now - _AUDIT_KEPT_DAYS * _DAY_MS
            await connection.execute(sa.delete(t.api_token).where(ended))
            await connection.execute(sa.delete(t.webhook_delivery).where(old_deliveries(now)))
            await connection.execute(sa.delete(t.audit).where(t.audit.c.at < now - _AUDIT_KEPT_DAYS * _DAY_MS))
        if deleted.rowcount or self.traces_left:
            await self.scrub()
        return deleted.rowcount


def _earlier(user_refs: list[str], before: int | None) -> sa.Select[Any]:
    c = t.session.c
    same = sa.and_(c.user_ref.in_(user_refs), c.state.in_(_FINAL), c.ended_at.is_not(None))
    if before is not None:
        same &= c.started_at < before
    age = sa.func.row_number().over(partition_by=(c.site, c.user_ref), order_by=c.started_at.desc()).label("age")
    ranked = sa.select(*(c[name] for name in EarlierRecord.__struct_fields__), age).where(same).subquery()
    newest = sa.select(*(ranked.c[name] for name in EarlierRecord.__struct_fields__)).where(ranked.c.age <= MOST_EARLIER)
    return newest.order_by(ranked.c.started_at.desc())


async def _over(connection: AsyncConnection, now: int) -> sa.ColumnElement[bool]:
    sites = (await connection.execute(sa.select(t.site.c.id, t.site.c.retention_days))).all()
    gone = t.session.c.site.not_in([row.id for row in sites]) & (t.session.c.ended_at < now - 90 * _DAY_MS)
    expired = [(t.session.c.site == row.id) & (t.session.c.ended_at < now - row.retention_days * _DAY_MS) for row in sites]
    return t.session.c.state.in_(_FINAL) & sa.or_(gone, *expired)
