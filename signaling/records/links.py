"""One-time links. Each link leads to one thing, such as a conversation. Only the hash of a link's token is stored."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.exc import IntegrityError

from signaling.protocol.reasons import InviteReason

from . import tables as t
from .database import require_kept
from .leading import Leading

_c = t.link.c


class LinkUnusable(Exception):
    """The one-time link is unknown, used or expired."""

    def __init__(self, reason: InviteReason) -> None:
        super().__init__(reason)
        self.reason = reason


class LinkRecord(Struct, frozen=True, kw_only=True):
    """A link.

    `purpose`: what the link is for, such as "thread". `subject`: text that says to what the link leads, such as the id of a
    conversation. `mail`: id of the mail that contains the link, or another name for a group of links; "" if the link belongs to
    no group. When one link is used, all links with the same `mail` count as used. `expires_at`: Unix ms.
    """

    token_hash: str
    purpose: str
    subject: str
    session: str | None
    mail: str
    expires_at: int


class Links(Leading):
    """The one-time links in the database."""

    async def add_link(self, link: LinkRecord, *, alone: bool = False) -> None:
        """Store a link.

        `alone`: end the earlier links with the same `mail`, which must not be "". Raises UnknownSession when the link's session
        does not exist or was erased.
        """
        values = {name: getattr(link, name) for name in LinkRecord.__struct_fields__}

        def add(connection: sa.Connection) -> None:
            if link.session is not None:
                require_kept(connection, link.session)
            if alone:
                connection.execute(sa.delete(t.link).where(_c.mail == link.mail))
            connection.execute(sa.insert(t.link).values(values))

        await self._transaction(add, writes=True)

    async def link_subject(self, token_hash: str, purpose: str, now: int) -> str:
        """Return the subject of an unused link: the text that says to what the link leads, such as a session's id.

        The link stays unused. Raises LinkUnusable with the reason bad_invite, replayed or expired. `now`: Unix ms.
        """
        found = await self._transaction(lambda connection: _usable(connection, token_hash, purpose, now), writes=False)
        return str(found["subject"])

    async def use_link(self, token_hash: str, purpose: str, now: int, *, session_token: str = "") -> str:
        """Mark a link as used, together with the other links of the same mail. Return the link's subject.

        A mail whose first try timed out might have arrived twice, with two links. Each of the two links works until one of them
        is used. `session_token`: hash of a new token of the link's session. This hash is stored in the same transaction, so that
        after a failure the link still works. Raises LinkUnusable with the reason bad_invite, replayed or expired. If
        `session_token` is given, raises also Overtaken when another server leads, and UnknownSession when the session was erased.
        """

        def use(connection: sa.Connection) -> str:
            found = _usable(connection, token_hash, purpose, now)
            same_mail = sa.and_(_c.mail == found["mail"], _c.mail != "")
            connection.execute(sa.update(t.link).where((_c.token_hash == token_hash) | same_mail).values(used_at=now))
            if session_token:
                self.require_leading(connection)
                _renew_token(connection, str(found["session"]), session_token)
            return str(found["subject"])

        return await self._transaction(use, writes=True)

    async def use_invite(self, jti: str, expires_at: int, session: str, session_token: str) -> bool:
        """Mark the invite `jti` as used, and store `session_token`, the hash of a new token of `session`, in one transaction.

        Return False, and change nothing, when the invite was used before. Raises UnknownSession when the session does not exist
        or was erased, and Overtaken when another server leads.
        """

        def use(connection: sa.Connection) -> None:
            self.require_leading(connection)
            connection.execute(sa.insert(t.used_code).values(jti=jti, expires_at=expires_at))
            _renew_token(connection, session, session_token)

        try:
            await self._transaction(use, writes=True)
        except IntegrityError:
            return False
        return True


def _usable(connection: sa.Connection, token_hash: str, purpose: str, now: int) -> sa.RowMapping:
    here = sa.and_(_c.token_hash == token_hash, _c.purpose == purpose)
    row = connection.execute(sa.select(t.link).where(here).with_for_update()).mappings().first()
    if row is None:
        raise LinkUnusable("bad_invite")
    if row["used_at"] is not None:
        raise LinkUnusable("replayed")
    if row["expires_at"] <= now:
        raise LinkUnusable("expired")
    return row


def _renew_token(connection: sa.Connection, session: str, token_hash: str) -> None:
    require_kept(connection, session)
    connection.execute(sa.update(t.session).where(t.session.c.id == session).values(token_hash=token_hash))
