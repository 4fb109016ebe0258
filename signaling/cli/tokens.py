"""`sangdam token`: API tokens for other software."""

from __future__ import annotations

import time
from typing import Any

import click

from signaling.access.api_tokens import MOST_LIFE_DAYS, RIGHTS, new_record, new_token, of_added, of_removed, standing_rights
from signaling.records import FIRST_ORGANISATION, ApiToken, Realm, Records, StaffRecord, TooManyTokens

from .organisations import require_organisation
from .typed import a_name, an_id, an_id_or_none, ids_or_all, json_option, show, with_records

ALL_RIGHTS = "all"


def _row(token: ApiToken, maker: StaffRecord | None, now: int) -> dict[str, Any]:
    return {
        "id": token.id,
        "organisation": token.organisation,
        "name": token.name,
        "rights": token.rights,
        "sites": token.sites,
        "maker": token.maker or "cli",
        "works": bool(standing_rights(token, maker, now)),
        "expires_at": token.expires_at,
        "used_at": token.used_at,
    }


def _now() -> int:
    return time.time_ns() // 1_000_000


@click.group()
def token() -> None:
    """Manage API tokens, with which other software uses /api/v1. See docs/api.md."""


@token.command("add")
@click.argument("name", callback=a_name)
@click.option(
    "--right",
    "rights",
    multiple=True,
    required=True,
    type=click.Choice([*RIGHTS, ALL_RIGHTS]),
    help="What it may do. Repeatable.",
)
@click.option(
    "--site", "sites", multiple=True, required=True, callback=ids_or_all, help="Site that it reaches; * for all. Repeatable."
)
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, MOST_LIFE_DAYS), help="Days after which it expires."
)
@click.option(
    "--organisation", default=FIRST_ORGANISATION, callback=an_id, help="Organisation of the token, if there are several."
)
@json_option
@with_records
async def token_add(
    records: Records, name: str, rights: tuple[str, ...], sites: list[str], days: int, organisation: str, as_json: bool
) -> None:
    """Make a token, and print it. Sangdam does not store the token itself, so nobody can print it again.

    The token belongs to the organisation and depends on no member of staff. A token that is made in the browser belongs to the
    member who made it, and stops working when this member is removed, is deactivated, or loses the right to make tokens.
    """
    await require_organisation(records, organisation)
    theirs = {site.id for site in await records.sites(Realm(organisation=organisation))}
    if missing := set(sites) - theirs - {"*"}:
        raise click.ClickException(f"There is no site “{min(missing)}” in this organisation.")
    secret, now = new_token(), _now()
    given = RIGHTS if ALL_RIGHTS in rights else [right for right in RIGHTS if right in rights]
    record = new_record(secret, organisation=organisation, name=name, rights=given, sites=sites, maker=None, days=days, now=now)
    try:
        await records.add_api_token(record, audit=[of_added(record, "cli")])
    except TooManyTokens:
        raise click.ClickException("There are too many tokens. Remove one first.") from None
    show([_row(record, None, now) | {"token": secret}], as_json=as_json, one=True)


@token.command("list")
@click.option("--organisation", default=None, callback=an_id_or_none, help="List only this organisation's tokens.")
@json_option
@with_records
async def token_list(records: Records, organisation: str | None, as_json: bool) -> None:
    """List tokens, the newest first. The list cannot show the tokens themselves, because they are not stored."""
    staff = {member.id: member for member in await records.all_staff(organisation)}
    now = _now()
    rows = [_row(each, staff.get(each.maker or ""), now) for each in await records.api_tokens(organisation)]
    show(rows, as_json=as_json)


@token.command("remove")
@click.argument("token_id", metavar="ID")
@with_records
async def token_remove(records: Records, token_id: str) -> None:
    """Remove a token. The server refuses the next request with this token."""
    found = await records.api_token(token_id)
    if found is None:
        raise click.ClickException(f"There is no token “{token_id}”. See sangdam token list.")
    await records.remove_api_token(token_id, audit=[of_removed(found, "cli")])
