"""The key by which push services know this installation (VAPID, RFC 8292), and the header that is signed with this key."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey

from .encryption import to_base64

_LIFE_S = 12 * 3600  # seconds for which a token in the header is valid; RFC 8292, 2 allows at most 24 hours
_RENEWED_S = 3600
_MOST_KEPT = 200  # at most this many tokens are kept in memory, at most one for each push service


def new_key() -> str:
    """Return a new private key for signing requests to push services, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Vapid:
    """Signs requests to push services. `subject`: an address (mailto: or https:) of the operator, or ""."""

    def __init__(self, pem: str, subject: str) -> None:
        key = load_pem_private_key(pem.encode(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("not a key of an elliptic curve")
        self._key = ECKey.import_key(pem)
        self._subject = subject
        self._kept: dict[str, tuple[int, str]] = {}
        self.public = to_base64(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    def header(self, origin: str, now_ms: int) -> str:
        """Return the value of the header `Authorization` for requests to the push service at this origin."""
        now_s = now_ms // 1000
        made, token = self._kept.get(origin, (0, ""))
        if now_s - made > _RENEWED_S:
            claims: dict[str, str | int] = {"aud": origin, "exp": now_s + _LIFE_S}
            token = jwt.encode(
                {"alg": "ES256", "typ": "JWT"}, claims | ({"sub": self._subject} if self._subject else {}), self._key
            )
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[origin] = (now_s, token)
        return f"vapid t={token}, k={self.public}"
