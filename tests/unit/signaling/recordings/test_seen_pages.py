"""Files that record what staff saw of a user's page.

The tests check what a file holds, when a file ends, and that erased content does not come back.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from signaling.recordings import Recordings, SeenPages, Shown, Span, seen_pages
from signaling.recordings.plan import make_plan
from signaling.recordings.seen_pages import page_name

PART = "A" * 1000


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    return Recordings(tmp_path / "recordings")


def kept(recordings: Recordings, period: int = 1) -> list[dict[str, Any]]:
    path = recordings.folder / "s-1" / page_name(3, period)
    return [json.loads(line) for line in path.read_text().splitlines() if line]


async def begun(recordings: Recordings, period: int = 1) -> SeenPages:
    pages = recordings.pages
    pages.begin("s-1", 3, period)
    pages.add("s-1", Shown(at=10, data=PART, first=True))
    await pages.write()
    return pages


async def test_lines_are_written_in_order_and_after_a_restart(recordings: Recordings) -> None:
    pages = await begun(recordings)
    pages.add("s-1", Shown(at=11, data="", seen_by=["jimin"]))
    pages.end("s-1", 12)
    await pages.write()
    path = recordings.folder / "s-1" / page_name(3, 1)
    path.write_bytes(path.read_bytes() + b'{"at":1')  # as if the server had been killed in the middle of a line
    again = await begun(Recordings(recordings.folder))
    again.end("s-1", 20)
    await again.write()
    lines = path.read_text().splitlines()
    assert [json.loads(line)["at"] for line in lines if line.endswith("}")] == [10, 11, 12, 10, 20]
    assert json.loads(lines[1]) == {"at": 11, "data": "", "seen_by": ["jimin"]}
    assert "" in lines, "an empty line says where the page begins anew"


async def test_page_is_found_where_no_voice_was_recorded(recordings: Recordings) -> None:
    pages = await begun(recordings)
    pages.end("s-1", 2000)
    await pages.write()
    path = recordings.folder / "s-1" / page_name(3, 1)
    path.write_bytes(path.read_bytes() + b'{"at":1')
    (recordings.folder / "s-1" / page_name(3, 2)).write_bytes(b'{"at":1')  # this file has no complete line
    [segment] = await recordings.of("s-1")
    assert (segment.name, segment.span, segment.tracks) == ("3-1", Span(10, 2001), [])
    plan = make_plan([segment], lambda *_: path, path, "staff", "u")
    assert (plan.tracks, plan.pieces) == ([], []), "a file of sound and pictures has nothing of it"
    await recordings.erase("s-1", up_to_period=2)
    assert await recordings.of("s-1") == []


async def test_page_is_kept_up_to_the_sessions_bound(recordings: Recordings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_pages, "MOST_BYTES", 4000)
    await begun(recordings)
    pages = await begun(recordings, period=2)  # the limit counts the bytes of both recording periods
    for at in range(20, 25):
        pages.add("s-1", Shown(at=at, data=PART))
        await pages.write()
    assert kept(recordings, 2)[-1] == {"at": 21, "end": "full"}
    whole = sum(path.stat().st_size for path in (recordings.folder / "s-1").iterdir())
    assert 3000 < whole <= 4000
    for at in range(30, 40):  # again and again, all staff stop seeing the page and then see it again
        pages.begin("s-1", 3, 2)
        pages.add("s-1", Shown(at=at, data=PART, first=True))
        await pages.write()
    assert kept(recordings, 2)[-1] == {"at": 39, "end": "full"}
    assert all(PART not in str(line) for line in kept(recordings, 2)[2:]), "each time only the reason is written"


async def test_page_ends_when_the_disk_cannot_take_it(recordings: Recordings, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = await begun(recordings)
    for _ in range(seen_pages.MOST_WAITING // len(PART)):
        pages.add("s-1", Shown(at=11, data=PART))
    await pages.write()
    assert kept(recordings)[-1]["end"] == "too_slow"
    pages = await begun(recordings, period=2)
    monkeypatch.setattr(seen_pages, "KEEP_FREE_BYTES", shutil.disk_usage(recordings.folder).total + 1)
    for at in (11, 12):
        pages.add("s-1", Shown(at=at, data=PART))
        await pages.write()
    assert [(each["at"], each.get("end")) for each in kept(recordings, 2)] == [(10, None), (11, "disk_full")]


async def test_erased_page_does_not_come_back(recordings: Recordings) -> None:
    pages = await begun(recordings)
    pages.add("s-1", Shown(at=11, data=PART))
    await recordings.erase("s-1")
    pages.end("s-1", 12)
    await pages.write()
    assert not (recordings.folder / "s-1").exists()

    pages = await begun(recordings)
    shutil.rmtree(recordings.folder / "s-1")  # another process erases the folder, as `sangdam session erase` does
    pages.add("s-1", Shown(at=11, data=PART))
    await pages.write()
    assert not (recordings.folder / "s-1").exists()


async def test_revoked_period_is_erased_and_a_later_one_stays(recordings: Recordings) -> None:
    await begun(recordings)
    await begun(recordings, period=2)
    await recordings.erase("s-1", up_to_period=1)
    assert [path.name for path in (recordings.folder / "s-1").iterdir()] == [page_name(3, 2)]
