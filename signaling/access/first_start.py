"""Make the one-time link by which the first owner of an installation gets an account."""

from __future__ import annotations

import secrets

from signaling.config.settings import Settings
from signaling.records import Records

from .identity import token_hash
from .passwords import LINK_LIFE_MS


async def make_first_link(records: Records, settings: Settings, now: int) -> str | None:
    """Return a new link to the page on which the first owner sets up the installation. Return None when an owner exists.

    A new link replaces an earlier one. Any person who opens the link can become the owner. The link's token follows "#", and
    browsers send that part to no server.
    """
    token = secrets.token_urlsafe(32)
    if not await records.save_first_link(token_hash(token), now + LINK_LIFE_MS):
        return None
    return f"{settings.staff_url('operator')}/operator#first-start={token}"
