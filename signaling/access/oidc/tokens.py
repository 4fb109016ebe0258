"""Check the tokens that an OpenID provider signed. Pure: keys and the time are parameters."""

from __future__ import annotations

import warnings
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError, SecurityWarning
from joserfc.jwk import KeySet

# Only algorithms with a key pair are accepted. Everybody who knows the client secret could make an HMAC, and "none" means no
# signature (RFC 8725, 3.1).
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
LEEWAY_S = 60  # Seconds by which the provider's clock can differ from ours without a refusal.
MOST_TOKEN = 32_768  # A token has at most this many characters.
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
MOST_LOGOUT_AGE_S = 120  # a logout token is refused if it is older than this many seconds

Claims = dict[str, Any]


class BadToken(Exception):
    """A token of the OpenID provider is refused. The exception's text says why, and quotes nothing of the token."""


class UnknownKey(BadToken):
    """The key that signed a token is not among the known keys. The provider might have published it since the last fetch."""


def id_claims(token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str | None, now_s: int) -> Claims:
    """Check an ID token, and return its claims (OpenID Connect Core, 3.1.3.7). Raises BadToken.

    `nonce`: the nonce of this sign-in, or None if the provider sent the token in return for a refresh token.
    """
    header, claims = _signed(token, keys)
    options = {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}}
    checked = CodeIDToken(claims, header, options, {"client_id": client_id, "nonce": nonce})
    _validate(checked, now_s)
    if not is_id(claims.get("sub")) or len(claims["sub"]) > 255:
        raise BadToken("its subject is missing")
    return claims


def logout_claims(token: str, keys: KeySet, *, issuer: str, client_id: str, now_s: int) -> Claims:
    """Check a logout token, and return its claims (Back-Channel Logout 1.0, 2.6). Raises BadToken."""
    header, claims = _signed(token, keys)
    options = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client_id},
        "jti": {"essential": True},
        "iat": {"essential": True},
    }
    checked = CodeIDToken(claims | {"sub": claims.get("sub", ""), "exp": claims.get("exp", now_s + 1)}, header, options, {})
    _validate(checked, now_s)
    events = claims.get("events")
    if not isinstance(events, dict) or LOGOUT not in events:
        raise BadToken("it is no logout token")
    if "nonce" in claims:
        raise BadToken("a logout token has no nonce")
    if not is_id(claims["jti"]) or abs(now_s - int(claims["iat"])) > MOST_LOGOUT_AGE_S:
        raise BadToken("it is too old")
    named = [claims[name] for name in ("sub", "sid") if claims.get(name)]
    if not named or not all(map(is_id, named)):
        raise BadToken("it names nobody")
    return claims


def is_id(value: object) -> bool:
    """Return whether a value in a token can be an id of a person or a session.

    Ids with unprintable characters are refused, because some databases cannot store them.
    """
    return isinstance(value, str) and value != "" and value.isprintable()


def _signed(token: str, keys: KeySet) -> tuple[dict[str, Any], Claims]:
    if len(token) > MOST_TOKEN:
        raise BadToken("it is too long")
    try:
        with warnings.catch_warnings():
            # providers still write “EdDSA”, the name before RFC 9864, and joserfc would log a warning for each such token
            warnings.filterwarnings("ignore", "EdDSA is deprecated", SecurityWarning)
            decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except InvalidKeyIdError as error:
        raise UnknownKey(type(error).__name__) from None
    except Exception as error:  # joserfc raises many kinds of errors for a malformed header, such as TypeError
        raise BadToken(type(error).__name__) from None
    return dict(decoded.header), dict(decoded.claims)


def _validate(claims: CodeIDToken, now_s: int) -> None:
    try:
        claims.validate(now_s, LEEWAY_S)
    except (JoseError, TypeError, ValueError) as error:
        raise BadToken(f"{type(error).__name__} {getattr(error, 'claim', '')}".strip()) from None
