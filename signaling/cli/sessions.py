"""`sangdam session`."""

from __future__ import annotations

from typing import Any

import click

from signaling.records import Records, SessionRecord

from .typed import json_option, noted, recordings_here, show, with_records


def _session_row(session: SessionRecord) -> dict[str, Any]:
    shown = ("id", "site", "category", "language", "channel", "state", "started_at", "ended_at", "end_reason", "counselor")
    return {name: getattr(session, name) for name in shown}


@click.group()
def session() -> None:
    """Past and present sessions."""


@session.command("list")
@click.option("--state", default="")
@click.option("--site", "site_id", default="")
@click.option("--page", default=1, type=click.IntRange(1, 10_000_000))
@json_option
@with_records
async def session_list(records: Records, state: str, site_id: str, page: int, as_json: bool) -> None:
    """Newest first, 50 a page."""
    found, total = await records.search_sessions(state=state, site=site_id, page=page)
    show([_session_row(each) for each in found], as_json=as_json)
    if not as_json and total > len(found):
        click.echo(f"{total} in all; --page {page + 1} shows more.")


@session.command("erase")
@click.argument("session_id", metavar="ID")
@with_records
async def session_erase(records: Records, session_id: str) -> None:
    """Remove all that was said, written, shown, recorded and known in a session; its times stay as figures.

    One that still runs is ended: a running server notices within a second, and nothing is added from this moment on.
    """
    if not await records.erase_session(session_id):
        raise click.ClickException(f"There is no session “{session_id}”.")
    await recordings_here().erase(session_id)
    await noted(records, "session.erase", f"session/{session_id}")
    click.echo(f"Erased {session_id}.")
    if records.traces_left:
        click.echo(
            "The database's files still hold what it said: run `sangdam session scrub` when few people are there.", err=True
        )


@session.command("scrub")
@with_records
async def session_scrub(records: Records) -> None:
    """Write the database anew, without anything that was erased or whose retention is over.

    Erasing does this by itself, except in a PostgreSQL whose tables are large. Others wait meanwhile.
    """
    if not await records.scrub(everything=True):
        raise click.ClickException("Somebody is using the database: not everything could be written anew. Try again.")
    click.echo("Nothing is left of what was erased.")
