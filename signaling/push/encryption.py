"""Encryption of a push for one browser (RFC 8291, with the content encoding of RFC 8188). Pure, except for random key and salt.

The push service between us and the browser cannot read the content. All bodies have the same size, so the size reveals nothing
about the content. We use no library because the only one, `http-ece`, comes without a wheel: see
`docs/decisions/0030-own-push-encryption.md`.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MOST_BYTES = 2048  # bytes of a push's content, at most; push services take bodies of 4096 bytes (RFC 8030, 7.2)
POINT_BYTES = 65  # bytes of an uncompressed point of P-256, such as a browser's key
AUTH_BYTES = 16
_RECORD_BYTES = 4096
_SALT_BYTES = 16
_LAST = b"\x02"  # RFC 8188, 2: the delimiter of the last record; zeros follow it as padding


def encrypted(
    content: bytes,
    p256dh: bytes,
    auth: bytes,
    *,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes = b"",
    pads: bool = True,
) -> bytes:
    """Return the encrypted body of a push. `p256dh`, `auth`: the browser's public key and secret.

    `own`, `salt`, `pads`: only for the test with the example of RFC 8291. Without these arguments, our key and the salt are
    random, and the content is padded. Raises ValueError when `p256dh` is no key, or the content is too long.
    """
    if len(content) > MOST_BYTES:
        raise ValueError("The content of the push is too long.")
    own, salt = own or ec.generate_private_key(ec.SECP256R1()), salt or secrets.token_bytes(_SALT_BYTES)
    theirs = point(p256dh)
    ours = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = _hkdf(auth, own.exchange(ec.ECDH(), theirs), b"WebPush: info\0" + p256dh + ours, 32)
    key = _hkdf(salt, shared, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, shared, b"Content-Encoding: nonce\0", 12)
    padding = bytes(MOST_BYTES - len(content)) if pads else b""
    sealed = AESGCM(key).encrypt(nonce, content + _LAST + padding, None)
    return salt + _RECORD_BYTES.to_bytes(4) + bytes([len(ours)]) + ours + sealed


def point(p256dh: bytes) -> ec.EllipticCurvePublicKey:
    """Return a browser's public key from its bytes. Raises ValueError when the bytes are no point of the curve P-256."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)


def unbase64(text: str) -> bytes:
    """Return the bytes of a base64url text without padding. Raises ValueError if the text is not base64url."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def to_base64(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
