"""One-time links. Each leads to one thing, such as a conversation. Only the hash of a link's token is stored."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from signaling.protocol.reasons import InviteReason

from . import tables as t
from .database import Database, require_kept

_c = t.link.c


class LinkUnusable(Exception):
    """The link does not work (any more)."""

    def __init__(self, reason: InviteReason) -> None:
        super().__init__(reason)
        self.reason = reason


class LinkRecord(Struct, frozen=True, kw_only=True):
    """A link. `purpose`: such as "thread". `subject`: the id of what the link leads to. `mail`: the mail with the link, or ""."""

    token_hash: str
    purpose: str
    subject: str
    session: str | None
    mail: str
    expires_at: int


class Links(Database):
    """The one-time links."""

    async def add_link(self, link: LinkRecord) -> None:
        """Store a link. Raises UnknownSession when its session was erased."""
        values = {name: getattr(link, name) for name in LinkRecord.__struct_fields__}

        def add(connection: sa.Connection) -> None:
            if link.session is not None:
                require_kept(connection, link.session)
            connection.execute(sa.insert(t.link).values(values))

        await self._transaction(add, writes=True)

    async def use_link(self, token_hash: str, purpose: str, now: int) -> str:
        """Use a link up, together with the other links of the same mail. Return the link's subject.

        A mail that was sent twice has two links, and only one of them may be used. Raises LinkUnusable: bad_invite, replayed,
        expired.
        """

        def use(connection: sa.Connection) -> str:
            here = sa.and_(_c.token_hash == token_hash, _c.purpose == purpose)
            row = connection.execute(sa.select(t.link).where(here).with_for_update()).mappings().first()
            if row is None:
                raise LinkUnusable("bad_invite")
            if row["used_at"] is not None:
                raise LinkUnusable("replayed")
            if row["expires_at"] <= now:
                raise LinkUnusable("expired")
            same_mail = sa.and_(_c.mail == row["mail"], _c.mail != "")
            connection.execute(sa.update(t.link).where(here | same_mail).values(used_at=now))
            return str(row["subject"])

        return await self._transaction(use, writes=True)
