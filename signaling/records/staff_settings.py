"""The settings of a member that people edit together in one form. Login, organisation and password are edited elsewhere."""

from __future__ import annotations

from typing import Annotated, cast

from msgspec import Meta, Struct, field
from msgspec.structs import fields, replace

from signaling.protocol.mail_addresses import MOST_CHARACTERS
from signaling.protocol.reading import by
from signaling.protocol.texts import Exact, Seen
from signaling.protocol.words import Office, StaffRole

from .checks import Invalid
from .types import StaffRecord

Typed = Annotated[str, by(Exact(100))]
Names = Annotated[list[Typed], Meta(max_length=300)]


class StaffSettings(Struct, kw_only=True):
    """A member's settings. `records/types.StaffRecord` describes the fields."""

    name: Annotated[str, by(Seen(200, cut=True))]
    roles: Annotated[list[StaffRole], Meta(max_length=6)]
    languages: Names = []
    sites: Names = field(default_factory=lambda: ["*"])
    categories: Names = field(default_factory=lambda: ["*"])
    texts: Annotated[int, Meta(ge=-1, le=1_000_000)] = 3
    calls: Annotated[int, Meta(ge=-1, le=1_000_000)] = 1
    active: bool = True
    mail: Annotated[str, by(Exact(MOST_CHARACTERS))] = ""
    locale: Annotated[str, by(Exact(35))] = ""


_SAME = tuple(each.name for each in fields(StaffSettings) if each.name != "roles")


def settings_of_member(member: StaffRecord) -> StaffSettings:
    """Return the member's settings."""
    return StaffSettings(**{name: getattr(member, name) for name in _SAME}, roles=list(member.roles))


def member_with_settings(member: StaffRecord, settings: StaffSettings) -> StaffRecord:
    """Return the member with these settings. Raises Invalid when a member cannot have these roles together."""
    parts = [role for role in settings.roles if role in ("counselor", "professional")]
    if len(parts) > 1:
        raise Invalid({"roles": "two_parts"})
    offices = [cast(Office, role) for role in settings.roles if role not in parts]
    values = {name: getattr(settings, name) for name in _SAME}
    return replace(member, **values, role=parts[0] if parts else "operator", offices=offices)
