"""The secret of a cluster, the keys that are derived from the secret, and the passwords of the database and of Redis.

Secrets and passwords come from files or the environment. They never come from the command line, which every user of the machine
can read.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from urllib.parse import quote, urlsplit

VARIABLE = "SANGDAM_SECRET"
# environment variable that passes `captions_token` to media workers and to the captions process
CAPTIONS_VARIABLE = "SANGDAM_CAPTIONS_TOKEN"
LEAST_BYTES = 32


class BadSecret(ValueError):
    """The cluster's secret, or a password file, is missing or unusable. The exception's text does not contain the secret."""


def read_secret(file: Path | None) -> bytes:
    """Return the cluster's secret from `file` or, without a file, from the environment.

    Raises BadSecret when the secret is missing or too short.
    """
    if file is not None:
        try:
            secret = file.read_bytes().strip()
        except OSError as error:
            raise BadSecret(f"The secret cannot be read: {error}") from None
    else:
        secret = os.environ.get(VARIABLE, "").encode().strip()
    if not secret:
        raise BadSecret(
            "A cluster, or an installation with captions, needs a secret that all its parts share: "
            f"--secret-file, or {VARIABLE} in the environment."
        )
    if len(secret) < LEAST_BYTES:
        raise BadSecret(f"The secret is too short. It needs {LEAST_BYTES} bytes or more; `openssl rand -hex 32` makes one.")
    return secret


def derived(secret: bytes, purpose: str) -> bytes:
    """Return a 32-byte key for one purpose, derived from `secret` (HMAC-SHA256 as a KDF, NIST SP 800-108).

    The key of one purpose reveals no key of another purpose.
    """
    return hmac.digest(secret, f"sangdam {purpose}".encode(), hashlib.sha256)


def media_token(secret: bytes) -> str:
    """Return the token with which servers authenticate their commands to media workers."""
    return derived(secret, "media").hex()


def captions_token(secret: bytes) -> str:
    """Return the token with which media workers authenticate to the captions process."""
    return derived(secret, "captions").hex()


def with_password(url: str, file: Path) -> str:
    """Return the URL of a database or of Redis with the password from `file`. Raises BadSecret when `file` cannot be read."""
    try:
        password = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSecret(f"The password cannot be read from {file}: {type(error).__name__}") from None
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    login = f"{user.partition(':')[0]}:{quote(password, safe='')}"
    return parts._replace(netloc=f"{login}@{hosts}").geturl()
