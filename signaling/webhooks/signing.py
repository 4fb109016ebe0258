"""Secrets and signatures as Standard Webhooks specifies them. Pure, except for the random secret."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from standardwebhooks import Webhook

_SECRET_BYTES = 32  # random bytes of a secret; Standard Webhooks asks for 24 to 64


def new_secret() -> str:
    """Return a new random secret for an endpoint, in the form of Standard Webhooks ("whsec_…")."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(whsecs: Iterable[str], event_id: str, at_ms: int, body: str) -> dict[str, str]:
    """Return the headers with which a message is posted: its id, the time, and a signature by each secret in `whsecs`.

    `at_ms`: when this try is made. A receiver accepts the message if one signature fits.
    """
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(at_ms // 1000),
        "webhook-signature": " ".join(Webhook(secret).sign(event_id, at, body) for secret in whsecs),
    }
