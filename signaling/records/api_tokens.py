"""API tokens of organisations. Only the hash of a token is stored."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from msgspec import Struct

from signaling.protocol.words import TokenRight

from . import tables as t
from .auditing import Audited, add_all
from .database import Database, lock_parent
from .realm import Realm
from .types import FIRST_ORGANISATION, StaffRecord

MOST_TOKENS = 100  # one organisation has at most this many API tokens
_c = t.api_token.c
_MAKER = tuple(StaffRecord.__struct_fields__)


class TooManyTokens(ValueError):
    """The organisation already has `MOST_TOKENS` tokens. Nothing was stored."""


class ApiToken(Struct, frozen=True, kw_only=True):
    """An API token.

    `sites`: ids of sites, or "*" for all sites. `maker`: id of the member of staff who made the token; None for the command line.
    Times are Unix ms. `used_at`: when the token was last used, to the minute; 0: never.
    """

    id: str
    organisation: str = FIRST_ORGANISATION
    name: str
    token_hash: str
    rights: list[TokenRight]
    sites: list[str]
    maker: str | None
    created_at: int
    expires_at: int
    used_at: int = 0

    @property
    def realm(self) -> Realm:
        """The realm of the token: the sites for which the token may be used."""
        return Realm(organisation=self.organisation, sites=None if "*" in self.sites else frozenset(self.sites))


class ApiTokens(Database):
    """The API tokens in the database."""

    async def api_tokens(self, organisation: str | None = None) -> list[ApiToken]:
        """Return the tokens of an organisation, the newest first.

        Without an organisation, return the tokens of all organisations.
        """
        which = sa.true() if organisation is None else _c.organisation == organisation
        rows = await self._all(sa.select(t.api_token).where(which).order_by(_c.created_at.desc(), _c.id))
        return [ApiToken(**row) for row in rows]

    async def api_token(self, token_id: str) -> ApiToken | None:
        """Return the token with this id, or None."""
        row = await self._first(sa.select(t.api_token).where(_c.id == token_id))
        return ApiToken(**row) if row else None

    async def api_token_by_hash(self, token_hash: str) -> tuple[ApiToken, StaffRecord | None] | None:
        """Return the token with this hash, and its maker. Return None when there is no such token.

        The maker of a token made on the command line is None.
        """
        maker = [t.staff.c[name].label(f"maker_{name}") for name in _MAKER]
        joined = t.api_token.outerjoin(t.staff, t.staff.c.id == _c.maker)
        row = await self._first(sa.select(t.api_token, *maker).select_from(joined).where(_c.token_hash == token_hash))
        if row is None:
            return None
        token = ApiToken(**{name: row[name] for name in ApiToken.__struct_fields__})
        made = StaffRecord(**{name: row[f"maker_{name}"] for name in _MAKER}) if row["maker_id"] is not None else None
        return token, made

    async def add_api_token(self, token: ApiToken, *, audit: Iterable[Audited] = ()) -> None:
        """Store a token. `audit`: audit entries to store in the same transaction. Raises TooManyTokens."""

        def add(connection: sa.Connection) -> None:
            lock_parent(connection, t.organisation, token.organisation)
            count = sa.select(sa.func.count()).select_from(t.api_token).where(_c.organisation == token.organisation)
            if connection.execute(count).scalar_one() >= MOST_TOKENS:
                raise TooManyTokens
            connection.execute(sa.insert(t.api_token).values({name: getattr(token, name) for name in ApiToken.__struct_fields__}))
            add_all(connection, audit)

        await self._transaction(add, writes=True)

    async def remove_api_token(self, token_id: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Remove a token, and the stored responses to HTTP requests with this token. Return False when there is no such token.

        `audit`: audit entries to store in the same transaction.
        """
        return await self._do(sa.delete(t.api_token).where(_c.id == token_id), audit) > 0

    async def saw_api_token(self, token_id: str, now: int) -> None:
        """Store that this token was used at `now` (Unix ms)."""
        await self._do(sa.update(t.api_token).where(_c.id == token_id, _c.used_at < now).values(used_at=now))
