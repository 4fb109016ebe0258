"""The one secret of a cluster, the keys that its parts make of it, and passwords of databases. They are in files or the
environment, never in a command line, where every user of the machine could read them."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path
from urllib.parse import quote, urlsplit

VARIABLE = "SANGDAM_SECRET"
LEAST_BYTES = 32


class BadSecret(ValueError):
    """The sentence says what is wrong with it, and not what it is."""


def read_secret(file: Path | None) -> bytes:
    """From the file, else from the environment. BadSecret when there is none or it is too short."""
    if file is not None:
        try:
            secret = file.read_bytes().strip()
        except OSError as error:
            raise BadSecret(f"The secret cannot be read: {error}") from None
    else:
        secret = os.environ.get(VARIABLE, "").encode().strip()
    if not secret:
        raise BadSecret(f"A cluster needs a secret that all its parts know: --secret-file, or {VARIABLE} in the environment.")
    if len(secret) < LEAST_BYTES:
        raise BadSecret(f"The secret is too short: at least {LEAST_BYTES} bytes, such as `openssl rand -hex 32` prints.")
    return secret


def derived(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose, which tells nothing of the others (HMAC-SHA256 as a KDF, NIST SP 800-108)."""
    return hmac.digest(secret, f"sangdam {purpose}".encode(), hashlib.sha256)


def media_token(secret: bytes) -> str:
    """What commands to media workers carry."""
    return derived(secret, "media").hex()


def with_password(url: str, file: Path) -> str:
    """The URL of a database with the password that stands in `file`. BadSecret when it cannot be read."""
    try:
        password = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSecret(f"The password cannot be read from {file}: {type(error).__name__}") from None
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    login = f"{user.partition(':')[0]}:{quote(password, safe='')}"
    return parts._replace(netloc=f"{login}@{hosts}").geturl()
