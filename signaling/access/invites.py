"""Invites: links by which a called-back user comes to their counselor.

An invite is a compact JWS like an identification code (`signaling/access/codes.py`). Invites have their own key and `typ`, so
that an invite is never accepted as a code, or a code as an invite (RFC 8725, 3.11). An invite names a session and the request
that a counselor has accepted. An invite is valid for an hour and can be exchanged only once. In the link, the invite follows "#",
because browsers send that part neither to servers nor in referrers.
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
from signaling.protocol.reading import Reader, Unreadable, by
from signaling.protocol.reasons import InviteReason
from signaling.protocol.texts import Exact
from signaling.protocol.words import Id

ALGORITHM = "HS256"
TYP = "invite+jwt"
LIFE_MS = 3_600_000
MOST_CHARS = 2000


class InviteRefused(Exception):
    """An invite is refused. `reason`: one word that tells the page why."""

    def __init__(self, reason: InviteReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Claims(Struct, kw_only=True):
    """The payload of an invite. `exp`: Unix seconds; `server`: host and port of the server that issued it."""

    session: Id
    request: Id
    server: Annotated[str, by(Exact(300))]
    jti: Annotated[str, by(Exact(100))]
    exp: int


_read: Reader[Claims] = Reader(Claims)


class Invites:
    """Issues and reads invites, by which called-back users come to their counselor."""

    def __init__(self, secret: bytes, url: str, server: str) -> None:
        """Derive the key of invites from `secret`, which signs identification codes. `url`: the origin of the users' pages."""
        self._key = OctKey.import_key(derived(secret, "invites"))
        self.url = url
        self._server = server

    def issue(self, session: str, request: str, now: int) -> tuple[str, int]:
        """Return the link of a new invite to a session, and the time (Unix ms) when the link expires.

        `request`: the id of the user's request, which a counselor has accepted.
        """
        exp = (now + LIFE_MS) // 1000
        claims = Claims(session=session, request=request, server=self._server, jti=secrets.token_urlsafe(16), exp=exp)
        header: dict[str, Any] = {"alg": ALGORITHM, "typ": TYP}
        invite = jws.serialize_compact(header, msgspec.json.encode(claims), self._key, algorithms=[ALGORITHM])
        return f"{self.url}/call#invite={invite}", exp * 1000

    def read(self, invite: str, now: int) -> Claims:
        """Verify an invite and return its payload. Raises InviteRefused with the reason bad_invite or expired."""
        if len(invite) > MOST_CHARS:
            raise InviteRefused("bad_invite")
        try:
            found = jws.deserialize_compact(invite, self._key, algorithms=[ALGORITHM])
            claims = _read(found.payload)
        # joserfc raises TypeError and RecursionError when the invite's header is malformed
        except (JoseError, Unreadable, ValueError, TypeError, RecursionError) as error:
            raise InviteRefused("bad_invite") from error
        if found.headers().get("typ") != TYP or claims.server != self._server:
            raise InviteRefused("bad_invite")
        if claims.exp * 1000 <= now:
            raise InviteRefused("expired")
        return claims
