"""`sangdam session`: list and erase sessions, and scrub the database's files."""

from __future__ import annotations

from typing import Any

import click

from signaling.records import Audited, Records, Search, SessionRecord

from .typed import files_here, json_option, recordings_here, show, with_records


def _session_row(session: SessionRecord) -> dict[str, Any]:
    shown = ("id", "site", "category", "language", "channel", "state", "started_at", "ended_at", "end_reason", "counselor")
    return {name: getattr(session, name) for name in shown}


@click.group()
def session() -> None:
    """List sessions, erase a session, and make sure that no erased data is left in the database's files."""


@session.command("list")
@click.option("--state", default="", help="Show only sessions in this state.")
@click.option("--site", "site_id", default="", help="Show only sessions of this site.")
@click.option("--page", default=1, show_default=True, type=click.IntRange(1, 10_000_000), help="Page of the list.")
@json_option
@with_records
async def session_list(records: Records, state: str, site_id: str, page: int, as_json: bool) -> None:
    """List sessions, newest first, 50 on a page."""
    found, total = await records.search_sessions(Search(state=state, site=site_id), page)
    show([_session_row(each) for each in found], as_json=as_json)
    if not as_json and total > len(found):
        click.echo(f"{total} in all; --page {page + 1} shows more.")


@session.command("erase")
@click.argument("session_id", metavar="ID")
@with_records
async def session_erase(records: Records, session_id: str) -> None:
    """Erase the content of a session: texts, pictures, files, board, recordings, and facts about the user.

    The session's times remain for the reports. If the session is still running, it ends within a second, and nothing more of it
    is stored.
    """
    audit = Audited("cli", "session.erase", f"session/{session_id}")
    if not await records.erase_session(session_id, audit=audit):
        raise click.ClickException(f"There is no session “{session_id}”.")
    await recordings_here().erase(session_id)
    await files_here().erase(session_id)
    click.echo(f"Erased {session_id}.")
    if records.traces_left:
        click.echo(
            "The database's files still contain erased text. Run `sangdam session scrub` when few people are connected.", err=True
        )


@session.command("scrub")
@with_records
async def session_scrub(records: Records) -> None:
    """Make sure that no erased or expired data is left in the database's files.

    `sangdam session erase` does this by itself, unless the database is busy or has large tables in PostgreSQL. `scrub` rewrites
    the files. During this time, nobody else can write to the database.
    """
    if not await records.scrub(everything=True):
        raise click.ClickException("The database is in use, so some of it could not be rewritten. Try again.")
    click.echo("No erased data is left in the database's files.")
