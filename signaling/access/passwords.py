"""New passwords of staff: a member changes their password with the old one, or sets a new one by a one-time link."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable

from signaling.config.settings import Settings
from signaling.records import Audited, Records, StaffRecord

from .identity import Identity, hash_password, token_hash
from .sign_in_refused import SignInRefused

LINK_LIFE_MS = 24 * 3_600_000


def link_for(settings: Settings, member: StaffRecord, token: str) -> str:
    """Return the link to the page where this member sets a new password. `token`: the token of the one-time link.

    The token follows "#". Browsers send that part to no server, so no log contains the token.
    """
    page = "operator" if member.role == "operator" else "console"
    return f"{settings.staff_url(member.role)}/{page}#new-password={token}"


async def make_link(records: Records, settings: Settings, member: StaffRecord, now: int, *, audit: Iterable[Audited] = ()) -> str:
    """Make a one-time link with which this member sets a new password. The link replaces the member's earlier link.

    Any person who has the link can take over the account, so give the link to this member only. `audit`: entries to store with
    the link. Raises SignInRefused with the reason by_provider if the member signs in at an OpenID provider.
    """
    if await records.is_of_provider(member.id):
        raise SignInRefused("by_provider")
    token = secrets.token_urlsafe(32)
    await records.add_reset_link(token_hash(token), member.id, now + LINK_LIFE_MS, audit=audit)
    return link_for(settings, member, token)


class Passwords:
    """Changes passwords of staff, by the old password or by a one-time link."""

    def __init__(self, records: Records, identity: Identity) -> None:
        self._records = records
        self._identity = identity

    async def change(self, member: StaffRecord, old: str, new: str, *, keep: str, address: str, now: int) -> str:
        """Change the member's own password. End their one-time links, and all sign-ins except the one with the token hash `keep`.

        Return the new password hash. Raises SignInRefused with the reason wrong_password, weak_password or too_many_sign_ins.
        """
        await self._identity.check_password(member, old, address=address, now=now)
        hashed = await _hashed(new, member)
        audit = [Audited(member.id, "password.change", f"staff/{member.id}")]
        if not await self._records.change_password(member.id, member.password_hash, hashed, keep, audit=audit):
            raise SignInRefused("wrong_password")  # another HTTP request has changed the password after the check
        return hashed

    async def reset(self, token: str, new: str, now: int) -> StaffRecord:
        """Set the password of the member to whom a one-time link belongs. Return the member. `token`: the link's token.

        Raises SignInRefused with the reason link_over or weak_password.
        """
        owner = await self._records.reset_link_owner(token_hash(token), now)
        member = await self._records.staff(owner) if owner else None
        if member is None:
            raise SignInRefused("link_over")
        hashed = await _hashed(new, member)  # check the password first, so that a weak password does not use up the link
        audit = [Audited(member.id, "password.reset", f"staff/{member.id}")]
        if not await self._records.use_reset_link(token_hash(token), hashed, now, audit=audit):
            raise SignInRefused("link_over")
        return member


async def _hashed(password: str, member: StaffRecord) -> str:
    try:
        return await asyncio.to_thread(hash_password, password, member.login, *member.name.split())
    except ValueError as error:
        raise SignInRefused("weak_password", str(error)) from None
