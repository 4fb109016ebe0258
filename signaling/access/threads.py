"""The right of a user to see their thread. A thread is all conversations of one user at one site.

Only a user for whom the partner vouches has a thread. The page sends an identification code in which the partner names
the user, and gets a short-lived token in return. The token is a compact JWS with a key and a `typ` for this purpose only
(RFC 8725, 3.11). The server does not store the token. A token holds the site and the keyed hash of the partner's id for the user
(`Codes.user_ref`).

The token of a session gives no right to the thread. The reason is that links in mails give tokens of sessions, too, and somebody
could forward such a mail.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from msgspec import Meta, Struct

from signaling.config.secret import derived
from signaling.config.settings import Settings
from signaling.protocol.reading import Reader, Unreadable, by
from signaling.protocol.texts import Exact

from .codes import Verified, signing_secret

ALGORITHM = "HS256"
TYP = "thread+jwt"
# A token for a thread expires this many ms after its issue. Then the page must bring a new identification code of the partner. So
# a user who has signed out at the partner soon loses the right to the thread.
LIFE_MS = 1_800_000
MOST_CHARS = 2000


class Vouched(NamedTuple):
    """A user for whom a site's partner vouches. `user_ref`: keyed hash of the partner's id for the user, never ""."""

    site: str
    user_ref: str


class _Claims(Struct, kw_only=True):
    site: Annotated[str, Meta(min_length=1), by(Exact(200))]
    user_ref: Annotated[str, Meta(min_length=1), by(Exact(100))]
    server: Annotated[str, by(Exact(300))]
    exp: int


_read: Reader[_Claims] = Reader(_Claims)


def signed_user(verified: Verified) -> str:
    """Return the partner's id for the user.

    Return "" if the identification code names no user, or no partner vouches for what the code says.
    """
    user = verified.claims.user
    return user.id if verified.kind == "partner" and user is not None else ""


class Threads:
    """Issues and reads the tokens that allow a user to see their thread."""

    def __init__(self, secret: bytes, server: str) -> None:
        """Derive the key that signs these tokens from `secret`, which signs identification codes. `server`: our host and port."""
        self._key = OctKey.import_key(derived(secret, "threads"))
        self._server = server

    @classmethod
    def open(cls, settings: Settings) -> Threads:
        """Return the `Threads` of a server with these settings."""
        return cls(signing_secret(settings), settings.server_name)

    def issue(self, user: Vouched, now: int) -> tuple[str, int]:
        """Return a new token for a user's thread, and the time (Unix ms) when the token expires."""
        exp = (now + LIFE_MS) // 1000
        claims = _Claims(site=user.site, user_ref=user.user_ref, server=self._server, exp=exp)
        header: dict[str, Any] = {"alg": ALGORITHM, "typ": TYP}
        return jws.serialize_compact(header, msgspec.json.encode(claims), self._key, algorithms=[ALGORITHM]), exp * 1000

    def read(self, token: str, now: int) -> Vouched | None:
        """Return the user whose thread a token opens. Return None if the token has expired or is not for a thread."""
        if token.count(".") != 2 or len(token) > MOST_CHARS:  # a token without dots is a session's token
            return None
        try:
            found = jws.deserialize_compact(token, self._key, algorithms=[ALGORITHM])
            claims = _read(found.payload)
        # joserfc raises TypeError and RecursionError when the token's header is malformed
        except (JoseError, Unreadable, ValueError, TypeError, RecursionError):
            return None
        ours = found.headers().get("typ") == TYP and claims.server == self._server
        return Vouched(claims.site, claims.user_ref) if ours and claims.exp * 1000 > now else None
