"""`sangdam export`: write a session into one file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from signaling.protocol.session_views import Line
from signaling.protocol.words import Audience
from signaling.recordings import Recordings, Segment
from signaling.recordings.export import ExportFailed
from signaling.recordings.export import export as make
from signaling.recordings.plan import make_plan, web_vtt
from signaling.records import Records, SessionRecord
from signaling.session import decode_snapshot
from signaling.transcripts import page, plain, zone_of
from signaling.transcripts.reading import conversation_of, pictures_for

from .typed import a_language, noted, recordings_here, with_records

MOST_LINES = 5000  # at most this many chat lines go into FILE.vtt
RECORDED = (".webm", ".mp4")
WRITTEN = (".html", ".txt")


@click.command("export")
@click.argument("session_id", metavar="SESSION")
@click.option(
    "--audience", type=click.Choice(["staff", "user"]), default="user", show_default=True, help="Who will get the file."
)
@click.option("--zone", default="", metavar="ZONE", help="Time zone of the reader, such as Asia/Seoul. [default: UTC]")
@click.option("--language", default="", callback=a_language, help="Language of the reader: ko or en. [default: the session's]")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="FILE.webm or FILE.mp4 with chat and page in FILE.vtt and FILE.page.jsonl; FILE.html or FILE.txt for what was written.",
)
@with_records
async def export(records: Records, session_id: str, audience: str, zone: str, language: str, out: Path) -> None:
    """Export a session. The ending of FILE decides what is exported.

    FILE.webm or FILE.mp4 gets the session's recording, with sounds mixed and videos side by side. Next to it, FILE.vtt gets the
    chat, and FILE.page.jsonl gets the user's page if staff saw it. FILE.html gets the conversation with its pictures inside.
    FILE.txt gets only the texts. A file for the user contains nothing that was said, shown or written among staff.
    """
    if out.suffix not in (*RECORDED, *WRITTEN):
        raise click.UsageError("Name the file FILE.webm, FILE.mp4, FILE.html or FILE.txt.")
    if await asyncio.to_thread(out.exists):
        raise click.ClickException(f"{out} exists already.")
    record = await records.session(session_id)
    readers: Audience = "staff" if audience == "staff" else "all"
    if out.suffix in RECORDED:
        await _recording(records, record, session_id, readers, out)
    else:
        await _transcript(records, record, session_id, readers, zone, language, out)


async def _transcript(
    records: Records, record: SessionRecord | None, session_id: str, readers: Audience, zone: str, language: str, out: Path
) -> None:
    if record is None:
        raise click.ClickException(f"There is no session “{session_id}”.")
    if zone and zone_of(zone) == zone_of(""):
        raise click.UsageError(f"There is no time zone “{zone}”. Zones look like Asia/Seoul.")
    you = decode_snapshot(record.snapshot).user if readers == "all" and record.snapshot else ""
    conversation = await conversation_of(records, record, readers, language, zone_of(zone), you)
    await noted(records, "transcript.export", f"session/{session_id}")
    with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        if out.suffix == ".txt":
            file.write(plain(conversation))
        else:
            async for piece in page(conversation, pictures_for(records, session_id, readers)):
                file.write(piece)
    click.echo(f"Made {out}.")


async def _recording(records: Records, record: SessionRecord | None, session_id: str, readers: Audience, out: Path) -> None:
    recordings = recordings_here()
    segments = await recordings.of(session_id)
    if record is None or not segments or not record.snapshot:
        raise click.ClickException(f"There is no recording of “{session_id}”.")
    page = out.with_suffix(".page.jsonl")
    if not any(segment.tracks for segment in segments):
        await noted(records, "recording.export", f"session/{session_id}")
        await asyncio.to_thread(_pages, recordings, session_id, segments, page)
        click.echo(f"Only the page that staff saw was recorded. Made {page}.")
        return
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
    made = [out.with_suffix(".vtt").name]
    if await asyncio.to_thread(_pages, recordings, session_id, segments, page):
        made.append(page.name)
    click.echo(f"Made {out}, {' and '.join(made)}.")


def _pages(recordings: Recordings, session: str, segments: list[Segment], out: Path) -> bool:
    """Write into the file `out` what staff saw of the user's page. Return False, and write nothing, if staff saw no page."""
    found = [path for each in segments if (path := recordings.page_path(session, each)).is_file()]
    if found:
        with os.fdopen(os.open(out, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            # an empty line tells the player that a new recording of the page begins
            file.write(b"\n\n".join(path.read_bytes() for path in found))
    return bool(found)


def _words(line: Line) -> str:
    gone = "[unsent]" if line.change == "retracted" else "[picture]" if line.kind == "picture" else ""
    return f"{line.name or line.role}: {gone or line.text}"
