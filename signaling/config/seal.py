"""Seal (encrypt) secrets that the server must read again, such as the seeds of authenticator apps.

The encryption is AES-256-GCM under the installation's key.

A stolen copy of the database alone reveals no sealed secret.
"""

from __future__ import annotations

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .secret import derived

_NONCE_BYTES = 12  # random nonces of 96 bits (NIST SP 800-38D, 8.2.2)


class Unsealable(ValueError):
    """A sealed text cannot be opened: it was changed, was sealed for another purpose or owner, or was sealed with another key."""


class Seal:
    """Seals texts, and opens sealed texts. `secret`: the installation's key (`signing_secret`)."""

    def __init__(self, secret: bytes) -> None:
        self._key = AESGCM(derived(secret, "sealed"))

    def close(self, text: str, about: str) -> str:
        """Seal `text`. Return the sealed text.

        `about`: names the purpose and the owner of the text; `open` needs the same `about`.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + self._key.encrypt(nonce, text.encode(), about.encode())).decode()

    def open(self, sealed: str, about: str) -> str:
        """Return the text that `close` has sealed with the same `about`.

        Raises Unsealable if the text was changed, or was sealed with another key or another `about`.
        """
        try:
            data = base64.urlsafe_b64decode(sealed.encode())
            return self._key.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], about.encode()).decode()
        except (ValueError, InvalidTag):
            raise Unsealable("A sealed secret cannot be opened.") from None
