"""The one-time link with which the first owner of an installation comes in."""

from __future__ import annotations

import secrets

from signaling.config.settings import Settings
from signaling.records import Records

from .identity import token_hash
from .passwords import LINK_LIFE_MS


async def make_first_link(records: Records, settings: Settings, now: int) -> str | None:
    """Return a link to the page of the first start, or None when there is an owner already. It replaces an earlier link.

    Whoever has the link becomes the owner. The token is behind "#", which browsers send to no server.
    """
    token = secrets.token_urlsafe(32)
    if not await records.save_first_link(token_hash(token), now + LINK_LIFE_MS):
        return None
    return f"{settings.staff_url('operator')}/operator#first-start={token}"
