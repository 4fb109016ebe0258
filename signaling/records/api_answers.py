"""Remembered responses to requests of the API with an Idempotency-Key."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .database import Database, lock_parent, require_kept
from .types import UnknownSession

KEPT_MS = 86_400_000  # a response is remembered for at most this many milliseconds
# A request reserves its idempotency key. If the reservation was not renewed for this many milliseconds, another request can
# reserve the key, because the server that handled the first request has probably died.
STALE_MS = 60_000
MOST_ANSWERS = 1000  # at most this many idempotency keys are remembered for one API token; then a new one replaces the oldest
_c = t.api_answer.c


class Claim(NamedTuple):
    """An idempotency key that a request has reserved. `token`: id of the API token. `owner`: random id of the request."""

    token: str
    key: str
    owner: str


class KnownAnswer(Struct, frozen=True, kw_only=True):
    """An earlier request with the same Idempotency-Key as a new request.

    `digest`: hash of the request. `status`: HTTP status of the response, or 0 while the request is being handled. `body`: the
    encrypted body of the response, or "" if the response was about a session that has been erased.
    """

    digest: str
    status: int
    body: str


class ApiAnswers(Database):
    """The remembered responses to requests with an Idempotency-Key."""

    async def claim_answer(self, by: Claim, digest: str, now: int) -> KnownAnswer | None:
        """Return the earlier request with this idempotency key, or reserve the key for a new request and return None.

        `digest`: hash of the new request. `now`: Unix ms.
        """
        token, key, owner = by

        def claim(connection: sa.Connection) -> KnownAnswer | None:
            lock_parent(connection, t.api_token, token)
            here = sa.and_(_c.token == token, _c.key == key)
            row = connection.execute(sa.select(_c.digest, _c.status, _c.body, _c.at).where(here)).first()
            if row is not None and now - row.at < (KEPT_MS if row.status else STALE_MS):
                return KnownAnswer(digest=row.digest, status=row.status, body=row.body)
            connection.execute(sa.delete(t.api_answer).where(here | (_c.at < now - KEPT_MS)))
            kept = sa.select(_c.key).where(_c.token == token).order_by(_c.at.desc(), _c.key).limit(MOST_ANSWERS - 1)
            connection.execute(sa.delete(t.api_answer).where(_c.token == token, _c.key.not_in(kept)))
            values = {"token": token, "key": key, "digest": digest, "status": 0, "body": "", "at": now, "owner": owner}
            connection.execute(sa.insert(t.api_answer).values(values))
            return None

        return await self._transaction(claim, writes=True)

    async def renew_claim(self, claim: Claim, now: int) -> None:
        """Keep the idempotency key reserved for this request until `STALE_MS` after `now` (Unix ms)."""
        await self._do(sa.update(t.api_answer).where(_held(claim)).values(at=now))

    async def keep_answer(self, claim: Claim, status: int, body: str, now: int, *, session: str = "") -> None:
        """Remember the response to the request that reserved the key. `body`: encrypted. `now`: Unix ms.

        `session`: id of the session that the response is about, or "". An erasure of this session removes the body. If the
        session is erased already, the body is not stored. Do nothing if another request has reserved the key in the meantime.
        """

        def keep(connection: sa.Connection) -> None:
            kept = body if not session or _is_kept(connection, session) else ""
            values = {"status": status, "body": kept, "at": now, "session": session}
            connection.execute(sa.update(t.api_answer).where(_held(claim)).values(values))

        await self._transaction(keep, writes=True)

    async def forget_answer(self, claim: Claim) -> None:
        """Release the key that a failed request had reserved. Do nothing if another request has reserved the key since."""
        await self._do(sa.delete(t.api_answer).where(_held(claim)))


def forget_answers(session: str) -> sa.Update:
    """Return the SQL statement that removes the bodies of the remembered responses about a session.

    The keys stay reserved, so that a repetition of such a request is not carried out.
    """
    return sa.update(t.api_answer).where(_c.session == session).values(body="")


def _is_kept(connection: sa.Connection, session: str) -> bool:
    try:
        require_kept(connection, session)
    except UnknownSession:
        return False
    return True


def _held(claim: Claim) -> sa.ColumnElement[bool]:
    return sa.and_(_c.token == claim.token, _c.key == claim.key, _c.owner == claim.owner, _c.status == 0)
