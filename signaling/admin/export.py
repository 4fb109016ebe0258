"""`sangdam export`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
import msgspec

from ..messages import Audience, Line
from ..recordings.plan import make_plan, web_vtt
from ..records import Records
from ..session import decode_snapshot
from .typed import noted, recordings_here, with_records

MOST_LINES = 5000


@click.command("export")
@click.argument("session_id", metavar="SESSION")
@click.option("--audience", type=click.Choice(["staff", "user"]), default="user", show_default=True, help="For whom it is.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.webm or FILE.mp4; lines beside it."
)
@with_records
async def export(records: Records, session_id: str, audience: str, out: Path) -> None:
    """Make one file of a recorded session: sound mixed, pictures put together, and what was written in FILE.vtt.

    A user's file has nothing of what was said, shown or written among staff.
    """
    if out.suffix not in (".webm", ".mp4"):
        raise click.UsageError("Name the file FILE.webm or FILE.mp4.")
    if await asyncio.to_thread(out.exists):
        raise click.ClickException(f"{out} is there already.")
    record = await records.session(session_id)
    recordings = recordings_here()
    segments = await recordings.of(session_id)
    if record is None or not segments or not record.snapshot:
        raise click.ClickException(f"Nothing is recorded of “{session_id}”.")
    readers: Audience = "staff" if audience == "staff" else "all"
    user = decode_snapshot(record.snapshot).user
    plan = make_plan(segments, lambda segment, track: recordings.path(session_id, segment, track), out, readers, user)
    await noted(records, "recording.export", f"session/{session_id}")
    try:
        await _make(msgspec.json.encode(plan))
    except BaseException:
        await asyncio.to_thread(out.unlink, missing_ok=True)
        raise
    lines = await records.lines(session_id, 0, MOST_LINES, readers)
    out.with_suffix(".vtt").write_text(web_vtt(lines, plan.pieces, _words), "utf-8")
    click.echo(f"Made {out} and {out.with_suffix('.vtt').name}.")


async def _make(plan: bytes) -> None:
    """By a process of its own, which says how far it is."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media.recording.export", stdin=pipe, stdout=pipe, stderr=pipe
    )
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise click.ClickException("The export could not be started.")
    process.stdin.write(plan)
    process.stdin.close()
    with click.progressbar(length=100, label="Exporting") as bar:
        async for line in process.stdout:
            bar.update(int(line) - bar.pos)
    error = (await process.stderr.read()).decode("utf-8", "replace").strip()
    if await process.wait():
        raise click.ClickException(error.splitlines()[-1] if error else "The file could not be made.")


def _words(line: Line) -> str:
    return f"{line.name or line.role}: {'[picture]' if line.kind == 'picture' else line.text}"
