"""Invites: the fresh link with which a user who is called back comes to their counselor.

A compact JWS like an identification code (`signaling/access/codes.py`), but with a key and a `typ` of its own, so that neither
passes for the other (RFC 8725, 3.11). It names a session and the request that a counselor has accepted, lives for an hour,
and is exchanged once. In the link it stands behind "#", which no server and no referrer ever sees.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import Struct

from signaling.config.secret import derived
from signaling.protocol.messages import Id
from signaling.protocol.reading import Reader, Unreadable, by
from signaling.protocol.texts import Exact

ALGORITHM = "HS256"
TYP = "invite+jwt"
LIFE_MS = 3_600_000
MOST_CHARS = 2000


class InviteRefused(Exception):
    """`reason`: bad_invite, expired, replayed, over (nobody waits for this user any more)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Claims(Struct, kw_only=True):
    """`exp` in seconds; `server`: host and port of the server that it is for."""

    session: Id
    request: Id
    server: Annotated[str, by(Exact(300))]
    jti: Annotated[str, by(Exact(100))]
    exp: int


_read: Reader[Claims] = Reader(Claims)


class Invites:
    def __init__(self, secret: bytes, url: str, server: str) -> None:
        """`secret`: the one that codes are signed with; `url`: the users' origin."""
        self._key = OctKey.import_key(derived(secret, "invites"))
        self._url = url
        self._server = server

    def issue(self, session: str, request: str, now: int) -> tuple[str, int]:
        """(link, when it expires)."""
        exp = (now + LIFE_MS) // 1000
        claims = Claims(session=session, request=request, server=self._server, jti=secrets.token_urlsafe(16), exp=exp)
        header: dict[str, Any] = {"alg": ALGORITHM, "typ": TYP}
        invite = jws.serialize_compact(header, msgspec.json.encode(claims), self._key, algorithms=[ALGORITHM])
        return f"{self._url}/call#invite={invite}", exp * 1000

    def read(self, invite: str, now: int) -> Claims:
        """InviteRefused: bad_invite, expired."""
        if len(invite) > MOST_CHARS:
            raise InviteRefused("bad_invite")
        try:
            found = jws.deserialize_compact(invite, self._key, algorithms=[ALGORITHM])
            claims = _read(found.payload)
        except (JoseError, Unreadable, ValueError, TypeError, RecursionError) as error:  # the last two: joserfc, of odd headers
            raise InviteRefused("bad_invite") from error
        if found.headers().get("typ") != TYP or claims.server != self._server:
            raise InviteRefused("bad_invite")
        if claims.exp * 1000 <= now:
            raise InviteRefused("expired")
        return claims
