"""Keys that check the signature of an identification code: shared secrets (HS256) and public keys (EdDSA, ES256). Pure.

A key has exactly one algorithm, which follows from the key and never from the code. So nobody can present a public key as a
shared secret (RFC 8725, 2.1 and 3.1).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey
from msgspec import Meta, Struct

from signaling.protocol.reading import Reader, Unreadable, by, read_object
from signaling.protocol.reasons import FieldProblem
from signaling.protocol.texts import Exact

Algorithm = Literal["HS256", "EdDSA", "ES256"]
NAMES: Final[dict[Algorithm, tuple[str, ...]]] = {
    "HS256": ("HS256",),
    "EdDSA": ("EdDSA", "Ed25519"),  # RFC 9864 gives EdDSA with this curve the new name Ed25519
    "ES256": ("ES256",),
}
"""Algorithm → the names that this algorithm can have in the field `alg` of an identification code's header."""
ALL_NAMES: Final = frozenset(name for names in NAMES.values() for name in names)
MOST_TYPED_BYTES = 4096  # Longer public keys in a form are refused.
MOST_FETCHED = 50  # At most this many keys of one JWK set are used.
MOST_LISTED = 200  # At most this many keys of one JWK set are read, usable or not.

_CURVES: Final[dict[tuple[str, str], Algorithm]] = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256"}
_Number = Annotated[str, by(Exact(100))]


class BadKey(ValueError):
    """A text is no usable public key. `problem`: "bad_key", or "private_key" when the text holds the private part."""

    def __init__(self, problem: FieldProblem) -> None:
        super().__init__(problem)
        self.problem: FieldProblem = problem


class _Jwk(Struct, kw_only=True):
    """A key as JWK (RFC 7517, RFC 8037). `d`: the private part. A key with a private part is refused."""

    kty: Annotated[str, by(Exact(20))]
    crv: Annotated[str, by(Exact(20))] = ""
    x: _Number = ""
    y: _Number = ""
    kid: Annotated[str, by(Exact(200))] = ""
    alg: Annotated[str, by(Exact(20))] = ""
    use: Annotated[str, by(Exact(20))] = ""
    key_ops: Annotated[list[Annotated[str, by(Exact(20))]], Meta(max_length=20)] | None = None
    d: Annotated[str, by(Exact(2000))] | None = None


_read_jwk: Reader[_Jwk] = Reader(_Jwk)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that checks identification codes, with the only algorithm for which the key may be used."""

    algorithm: Algorithm
    key: OctKey | OKPKey | ECKey

    def allows(self, name: str) -> bool:
        """Return whether `name`, the algorithm in the header of an identification code, is this key's algorithm."""
        return name in NAMES[self.algorithm]

    def signed(self, code: str) -> bool:
        """Return whether this key has signed the identification code, which is well-formed (`codes.read`)."""
        try:
            if isinstance(self.key, OKPKey):
                _verify_ed25519(self.key, code)
            else:
                jws.deserialize_compact(code, self.key, algorithms=list(NAMES[self.algorithm]))
        except (JoseError, InvalidSignature, ValueError, TypeError):
            return False
        return True


def _verify_ed25519(key: OKPKey, code: str) -> None:
    """Raise InvalidSignature unless the key has signed the code. joserfc is not used, because it warns about each “EdDSA”."""
    text, _, signature = code.rpartition(".")
    public_key = key.public_key
    if not isinstance(public_key, Ed25519PublicKey):
        raise InvalidSignature
    public_key.verify(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)), text.encode())


def shared(secret: bytes) -> SigningKey:
    """Return the HS256 key of a secret that a site shares with this server."""
    return SigningKey("HS256", OctKey.import_key(secret))


@lru_cache(maxsize=1024)
def public(stored: str) -> SigningKey:
    """Return the key that the database stores as this text (`stored_form`), ready to check signatures. Raises BadKey."""
    return _key_of(_jwk(stored))


def stored_form(typed: str) -> str:
    """Return the form in which the database stores a public key: a JWK without optional members. Raises BadKey.

    `typed`: the key as JWK or PEM.
    """
    text = typed.strip()
    if len(text.encode(errors="replace")) > MOST_TYPED_BYTES:
        raise BadKey("bad_key")
    jwk = _jwk(text) if text.startswith("{") else _from_pem(text)
    _key_of(jwk)
    return msgspec.json.encode(_numbers(jwk)).decode()


def fetched(body: bytes) -> dict[str, SigningKey]:
    """Return the usable keys of a JWK set by their ids. Keys without an id, of another kind or with a private part are left out.

    Of two keys with the same id, the first counts. At most `MOST_FETCHED` keys are returned. The result is empty when a set has
    no usable key, for example after its owner has removed all keys. Raises BadKey when the text is no JWK set.
    """
    found: dict[str, SigningKey] = {}
    for each in _listed(body):
        try:
            jwk = _jwk(msgspec.json.encode(each))
            if jwk.kid and jwk.kid not in found:
                found[jwk.kid] = _key_of(jwk)
        except BadKey:
            continue
        if len(found) >= MOST_FETCHED:
            break
    return found


def _listed(body: bytes) -> list[Any]:
    try:
        keys = read_object(body).get("keys")
    except Unreadable:
        raise BadKey("bad_key") from None
    if not isinstance(keys, list):
        raise BadKey("bad_key")
    return keys[:MOST_LISTED]


def _jwk(text: str | bytes) -> _Jwk:
    try:
        return _read_jwk(text)
    except Unreadable:
        raise BadKey("bad_key") from None


def _key_of(jwk: _Jwk) -> SigningKey:
    if jwk.d is not None:
        raise BadKey("private_key")
    algorithm = _CURVES.get((jwk.kty, jwk.crv))
    if algorithm is None or (jwk.alg and jwk.alg not in NAMES[algorithm]):
        raise BadKey("bad_key")
    if jwk.use not in ("", "sig") or (jwk.key_ops is not None and "verify" not in jwk.key_ops):
        raise BadKey("bad_key")
    try:
        imported = (OKPKey if algorithm == "EdDSA" else ECKey).import_key(_numbers(jwk))
        imported.get_op_key("verify")  # this call parses the key's numbers, and refuses a point that is not on the curve
    except (JoseError, ValueError, TypeError):
        raise BadKey("bad_key") from None
    return SigningKey(algorithm, imported)


def _numbers(jwk: _Jwk) -> Any:
    return {"kty": jwk.kty, "crv": jwk.crv, "x": jwk.x} | ({"y": jwk.y} if jwk.kty == "EC" else {})


def _from_pem(text: str) -> _Jwk:
    if "PRIVATE KEY" in text:
        raise BadKey("private_key")
    try:
        key = serialization.load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("bad_key") from None
    if isinstance(key, Ed25519PublicKey):
        jose: OKPKey | ECKey = OKPKey.import_key(key)
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        jose = ECKey.import_key(key)
    else:
        raise BadKey("bad_key")
    return _jwk(msgspec.json.encode(jose.as_dict(private=False)))
