from __future__ import annotations

import asyncio
from pathlib import Path

from signaling.cli.export import _pages
from signaling.recordings import Recordings, Segment
from signaling.records import Records, SessionRecord

from .commands import a_shop, done, run


async def _talk(folder: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{folder / 'records.sqlite'}")
    await records.create_session(
        SessionRecord(id="s-1", site="shop", category="c", language="ko", channel="text", started_at=1_790_000_000_000)
    )
    for audience in ("all", "staff"):
        await records.append_line(
            "s-1",
            line_id=audience,
            author="p",
            name="Jimin",
            role="counselor",
            kind="text",
            audience=audience,
            text=f"for {audience}",
            at=1_790_000_000_000,
        )
    await records.close()


def test_conversation_is_exported_as_page_and_text(folder: Path) -> None:
    a_shop(folder)
    asyncio.run(_talk(folder))
    page, text = folder / "s-1.html", folder / "s-1.txt"
    done(folder, "export", "s-1", "--zone", "Asia/Seoul", "--language", "en", "--out", str(page))
    assert "23:13" in page.read_text()
    assert "for all" in page.read_text()
    assert "for staff" not in page.read_text()
    assert not page.stat().st_mode & 0o077
    done(folder, "export", "s-1", "--audience", "staff", "--out", str(text))
    assert "[직원만]: for staff" in text.read_text()


def test_impossible_exports_say_why(folder: Path) -> None:
    a_shop(folder)
    asyncio.run(_talk(folder))
    out = str(folder / "s-1.html")
    assert "no session" in run(folder, "export", "s-9", "--out", out).output
    assert "Zones look like" in run(folder, "export", "s-1", "--zone", "Seoul", "--out", out).output
    assert "Name the file" in run(folder, "export", "s-1", "--out", "a.pdf").output
    done(folder, "export", "s-1", "--out", out)
    assert "exists already" in run(folder, "export", "s-1", "--out", out).output


def test_pages_of_segments_stay_apart_even_after_a_crash(folder: Path) -> None:
    recordings, out = Recordings(folder), folder / "s-1.page.jsonl"
    segments = [Segment(name=f"1-{period}", epoch=1, period=period) for period in (1, 2, 3)]
    (folder / "s-1").mkdir(parents=True)
    recordings.page_path("s-1", segments[0]).write_text('{"at":1}\n{"at":2,"da')
    recordings.page_path("s-1", segments[2]).write_text('{"at":3}\n')
    assert _pages(recordings, "s-1", segments, out)
    assert out.read_text().splitlines() == ['{"at":1}', '{"at":2,"da', "", '{"at":3}']
