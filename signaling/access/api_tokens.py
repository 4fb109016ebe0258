"""API tokens: how other software acts for an organisation.

A token acts like a manager of the sites that it names, and only within the token's rights. A token never opens a WebSocket. A
token ends when it is removed or expires. A token made in the browser also ends when its maker is deactivated, removed, or loses
the right to make tokens. At any time, a token made in the browser may do only what its maker may do at that time. A token made
on the command line has no maker.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, get_args

from signaling.protocol.words import Action, TokenRight
from signaling.records import ApiToken, Audited, Records, RecordsAway, StaffRecord

from .identity import SEEN_MS, token_hash
from .rights import Thing, anywhere, may

PREFIX: Final = "sgd_"  # prefix by which people and secret scanners recognise a token
MOST_LIFE_DAYS: Final = 366
DAY_MS: Final = 86_400_000
ACTOR: Final = "token/"  # an audit entry whose actor is a token names the actor by this prefix and the token's id
_FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")

RIGHTS: Final[tuple[TokenRight, ...]] = get_args(TokenRight)
NEEDS: Final[dict[TokenRight, Action]] = {
    "sessions.read": "past.read",
    "sessions.export": "past.read",
    "sessions.erase": "past.erase",
    "messages.read": "messages.manage",
    "messages.mark": "messages.manage",
    "live.read": "live.watch",
    "reports.read": "reports.read",
    "settings.read": "sites.change",
    "settings.write": "sites.change",
    "codes.make": "keys.change",
    "keys.write": "keys.change",
    "conversations.start": "keys.change",
    "appointments.read": "appointments.manage",
    "appointments.change": "appointments.manage",
    "appointments.book": "keys.change",
}
"""Right of a token → action in the table of rights. Only a member who may do the action may give a token the right."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The software that holds a token.

    `member`: a record made for the token and never stored. The table of rights and the audit log use this record as if the token
    were a member of staff.
    """

    token: ApiToken
    member: StaffRecord
    rights: frozenset[TokenRight]


def new_token() -> str:
    """Return a new token: the prefix and 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def new_record(
    token: str,
    *,
    organisation: str,
    name: str,
    rights: Iterable[TokenRight],
    sites: list[str],
    maker: str | None,
    days: int,
    now: int,
) -> ApiToken:
    """Return the record of a new token that is valid for this many days."""
    return ApiToken(
        id=f"k-{secrets.token_hex(6)}",
        organisation=organisation,
        name=name,
        token_hash=token_hash(token),
        rights=[right for right in RIGHTS if right in set(rights)],
        sites=["*"] if "*" in sites else sorted(set(sites)),
        maker=maker,
        created_at=now,
        expires_at=now + days * DAY_MS,
    )


def may_give(member: StaffRecord) -> list[TokenRight]:
    """Return the rights that this member may give to a token. A token may never do more than the member who makes it."""
    if not anywhere(member.roles, "tokens.change"):
        return []
    return [right for right in RIGHTS if anywhere(member.roles, NEEDS[right])]


def of_added(token: ApiToken, actor: str) -> Audited:
    """Return the audit entry about a new token."""
    detail = f"{token.name}: {', '.join(token.rights)}; {', '.join(token.sites)}"
    return Audited(actor, "token.add", f"token/{token.id}", detail, organisation=token.organisation)


def of_removed(token: ApiToken, actor: str) -> Audited:
    """Return the audit entry about a removed token."""
    return Audited(actor, "token.remove", f"token/{token.id}", token.name, organisation=token.organisation)


def standing_rights(token: ApiToken, maker: StaffRecord | None, now: int) -> frozenset[TokenRight]:
    """Return the rights that the token has now. Return an empty set when the token has ended."""
    if now >= token.expires_at:
        return frozenset()
    if token.maker is None:
        return frozenset(token.rights)
    if maker is None or not maker.active or not may(maker, "tokens.change", Thing(token.organisation)):
        return frozenset()
    return frozenset(token.rights) & set(may_give(maker))


async def holder_of(records: Records, token: str, now: int) -> Holder | None:
    """Return the holder of this token, or None when the token is unknown or has ended. Store the time of this use."""
    if not _FORM.fullmatch(token):
        return None
    found = await records.api_token_by_hash(token_hash(token))
    if found is None:
        return None
    record, maker = found
    rights = standing_rights(record, maker, now)
    if not rights:
        return None
    if now - record.used_at > SEEN_MS:
        with suppress(RecordsAway):
            await records.saw_api_token(record.id, now)
    return Holder(record, _stand_in(record), rights)


def _stand_in(token: ApiToken) -> StaffRecord:
    return StaffRecord(
        id=f"{ACTOR}{token.id}",
        login="",
        name=token.name,
        organisation=token.organisation,
        role="operator",
        offices=["manager"],
        sites=token.sites,
    )
