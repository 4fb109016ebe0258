"""`sangdam export`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from signaling.protocol.session_views import Line
from signaling.protocol.words import Audience
from signaling.recordings.export import ExportFailed
from signaling.recordings.export import export as make
from signaling.recordings.plan import make_plan, web_vtt
from signaling.records import Records
from signaling.session import decode_snapshot

from .typed import noted, recordings_here, with_records

MOST_LINES = 5000  # of one session that are exported


@click.command("export")
@click.argument("session_id", metavar="SESSION")
@click.option(
    "--audience", type=click.Choice(["staff", "user"]), default="user", show_default=True, help="Who will get the file."
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="FILE.webm or FILE.mp4. The chat goes into FILE.vtt.",
)
@with_records
async def export(records: Records, session_id: str, audience: str, out: Path) -> None:
    """Export a recorded session into one file, with sounds mixed and videos side by side, and its chat into FILE.vtt.

    A user's file contains nothing that was said, shown or written among staff.
    """
    if out.suffix not in (".webm", ".mp4"):
        raise click.UsageError("Name the file FILE.webm or FILE.mp4.")
    if await asyncio.to_thread(out.exists):
        raise click.ClickException(f"{out} exists already.")
    record = await records.session(session_id)
    recordings = recordings_here()
    segments = await recordings.of(session_id)
    if record is None or not segments or not record.snapshot:
        raise click.ClickException(f"There is no recording of “{session_id}”.")
    readers: Audience = "staff" if audience == "staff" else "all"
    user = decode_snapshot(record.snapshot).user
    plan = make_plan(segments, lambda segment, track: recordings.path(session_id, segment, track), out, readers, user)
    await noted(records, "recording.export", f"session/{session_id}")
    try:
        with click.progressbar(length=100, label="Exporting") as bar:
            await make(plan, lambda percent: bar.update(percent - bar.pos))
    except BaseException as error:
        await asyncio.to_thread(out.unlink, missing_ok=True)
        if isinstance(error, ExportFailed):
            raise click.ClickException(str(error)) from None
        raise
    lines = await records.lines(session_id, 0, MOST_LINES, readers)
    out.with_suffix(".vtt").write_text(web_vtt(lines, plan.pieces, _words), "utf-8")
    click.echo(f"Made {out} and {out.with_suffix('.vtt').name}.")


def _words(line: Line) -> str:
    gone = "[unsent]" if line.change == "retracted" else "[picture]" if line.kind == "picture" else ""
    return f"{line.name or line.role}: {gone or line.text}"
