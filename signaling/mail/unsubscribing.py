"""Keyed hashes of mail addresses, and the tokens in the links that unsubscribe an address. Pure.

A token contains the address's hash, so the server does not have to store the token. A token works until the server gets another
key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from signaling.config.secret import derived

_MAC_BYTES = 16
_HASH_BYTES = 32


class Addresses:
    """Makes the keyed hashes of mail addresses. Makes and reads the tokens that unsubscribe an address."""

    def __init__(self, secret: bytes) -> None:
        self._key = derived(secret, "mail addresses")
        self._sign = derived(secret, "unsubscribe")

    def hashed(self, address: str) -> str:
        """Return the keyed hash of a mail address. Upper and lower case make no difference."""
        return hmac.digest(self._key, address.lower().encode(), hashlib.sha256).hex()

    def token(self, address: str) -> str:
        """Return the token by which a mail's link unsubscribes this address."""
        hashed = bytes.fromhex(self.hashed(address))
        return base64.urlsafe_b64encode(hashed + self._mac(hashed)).decode().rstrip("=")

    def read(self, token: str) -> str | None:
        """Return the hash of the address that this token unsubscribes, or None when the token is not ours."""
        try:
            data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            return None
        hashed, mac = data[:_HASH_BYTES], data[_HASH_BYTES:]
        return hashed.hex() if len(data) == _HASH_BYTES + _MAC_BYTES and hmac.compare_digest(mac, self._mac(hashed)) else None

    def _mac(self, hashed: bytes) -> bytes:
        return hmac.digest(self._sign, hashed, hashlib.sha256)[:_MAC_BYTES]
