"""The rule that an organisation always has an owner who can sign in.

Without such an owner, nobody could manage the organisation in the browser.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from . import tables as t
from .checks import Invalid
from .types import StaffRecord


class LastOwner(Invalid):
    """A change would take the last active owner from an organisation. Nothing was stored. `login`: the login of that owner."""

    def __init__(self, before: StaffRecord, after: StaffRecord | None) -> None:
        field = "active" if after is not None and "owner" in after.offices else "roles"
        super().__init__({field: "last_owner"})
        self.login = before.login


def is_owner(member: StaffRecord) -> bool:
    """Return whether this member is an owner of their organisation and active. Only active members may sign in."""
    return member.active and "owner" in member.offices


def ownerless(before: Iterable[StaffRecord], after: Iterable[StaffRecord]) -> set[str]:
    """Return the organisations that have an active owner before a change and none after it."""
    had, have = ({member.organisation for member in members if is_owner(member)} for members in (before, after))
    return had - have


def other_active_staff(member: StaffRecord) -> sa.Select[Any]:
    """Return the query for the active staff of a member's organisation, without this member."""
    here = t.staff.c.organisation == member.organisation
    return sa.select(t.staff).where(here & t.staff.c.active & (t.staff.c.id != member.id))


async def require_owner(connection: AsyncConnection, before: StaffRecord, after: StaffRecord | None) -> None:
    """Raise LastOwner when this change would leave the organisation without an owner. `after`: None when the member is removed.

    Locks the organisation first, so that two owners cannot remove each other's role at the same time.
    """
    if not ownerless([before], [after] if after is not None else []):
        return
    organisation = before.organisation
    locked = sa.select(t.organisation.c.id).where(t.organisation.c.id == organisation)
    await connection.execute(locked.with_for_update(key_share=True))
    rows = (await connection.execute(other_active_staff(before))).mappings()
    if not any(is_owner(StaffRecord(**row)) for row in rows):
        raise LastOwner(before, after)
