"""Remembered responses to requests of the API with an Idempotency-Key."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .database import Database

KEPT_MS = 86_400_000  # a response is remembered for at most this many milliseconds
# milliseconds after which a claimed key without a response can be claimed again, because the server that claimed it has probably
# died
STALE_MS = 60_000
MOST_ANSWERS = 1000  # at most this many keys are remembered for one token; then a new key replaces the oldest one
_c = t.api_answer.c


class KnownAnswer(Struct, frozen=True, kw_only=True):
    """An earlier request with the same key.

    `digest`: hash of the request. `status`: HTTP status of the response, or 0 while the request is being handled. `body`: the
    sealed body of the response.
    """

    digest: str
    status: int
    body: str


class ApiAnswers(Database):
    """The remembered responses to requests with an Idempotency-Key."""

    async def claim_answer(self, token: str, key: str, digest: str, now: int) -> KnownAnswer | None:
        """Return the earlier request with this key, or claim the key for a new request and return None.

        `token`: id of the API token. `digest`: hash of the new request. `now`: Unix ms.
        """

        def claim(connection: sa.Connection) -> KnownAnswer | None:
            # locks the token's row, so that two requests with one key cannot both claim it
            connection.execute(sa.select(t.api_token.c.id).where(t.api_token.c.id == token).with_for_update())
            here = sa.and_(_c.token == token, _c.key == key)
            row = connection.execute(sa.select(_c.digest, _c.status, _c.body, _c.at).where(here)).first()
            if row is not None and now - row.at < (KEPT_MS if row.status else STALE_MS):
                return KnownAnswer(digest=row.digest, status=row.status, body=row.body)
            connection.execute(sa.delete(t.api_answer).where(here | (_c.at < now - KEPT_MS)))
            kept = sa.select(_c.key).where(_c.token == token).order_by(_c.at.desc(), _c.key).limit(MOST_ANSWERS - 1)
            connection.execute(sa.delete(t.api_answer).where(_c.token == token, _c.key.not_in(kept)))
            connection.execute(sa.insert(t.api_answer).values(token=token, key=key, digest=digest, status=0, body="", at=now))
            return None

        return await self._transaction(claim, writes=True)

    async def keep_answer(self, token: str, key: str, status: int, body: str, now: int) -> None:
        """Remember the response to the request for which this key was claimed. `body`: sealed. `now`: Unix ms."""
        here = sa.and_(_c.token == token, _c.key == key)
        await self._do(sa.update(t.api_answer).where(here).values(status=status, body=body, at=now))

    async def forget_answer(self, token: str, key: str) -> None:
        """Release a claimed key, because the request did not succeed."""
        await self._do(sa.delete(t.api_answer).where(_c.token == token, _c.key == key, _c.status == 0))
