"""`sangdam replies`: the saved replies of a site, as CSV."""

from __future__ import annotations

import time
from typing import IO

import click

from signaling.records import Records, SavedReply, TooManyReplies
from signaling.records.replies import new_reply_id
from signaling.records.reply_csv import BadTable, Row, read, write

from .sites import site_of
from .typed import note_of, with_records


@click.group()
def replies() -> None:
    """Manage the saved replies that a site shares with its staff."""


@replies.command("export")
@click.argument("site_id", metavar="SITE")
@with_records
async def replies_export(records: Records, site_id: str) -> None:
    """Print the site's replies as CSV: language, title, text."""
    site = await site_of(records, site_id)
    found = await records.shared_replies(site.id)
    click.echo(write(Row(reply.language, reply.title, reply.text) for reply in found), nl=False)


@replies.command("import")
@click.argument("site_id", metavar="SITE")
@click.argument("file", metavar="FILE.csv", type=click.File("rb"))
@with_records
async def replies_import(records: Records, site_id: str, file: IO[bytes]) -> None:
    """Add the replies of a CSV file, or of standard input (-).

    If the site already has a reply with the row's language and title, the row replaces the text of that reply. No reply is
    removed.
    """
    site = await site_of(records, site_id)
    now = time.time_ns() // 1_000_000
    try:
        rows = read(file.read(), site.language_for)
        fresh = [SavedReply(id=new_reply_id(), site=site.id, changed_at=now, **row._asdict()) for row in rows]
        stored = await records.import_replies(site.id, fresh, note=note_of("reply.import", f"site/{site.id}"))
    except BadTable as error:
        raise click.ClickException(str(error)) from error
    except TooManyReplies as error:
        raise click.ClickException(f"A site may have at most {error.most} replies. Nothing was stored.") from error
    click.echo(f"Added {stored.added}, changed {stored.changed}.")
