from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signaling.files import Files
from signaling.live.clock import wall_clock_ms
from signaling.recordings import Recordings
from signaling.records import Records, SessionRecord
from signaling.server import retention
from signaling.server.app_keys import CLOCK, FILES, RECORDINGS, RECORDS


async def test_expired_sessions_lose_recordings_and_files_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    old = SessionRecord(id="s-1", site="gone", category="c", language="ko", channel="text", state="closed", ended_at=1)
    await records.create_session(old)
    fresh = SessionRecord(id="s-2", site="gone", category="c", language="ko", channel="voice", state="active")
    await records.create_session(fresh)
    folders = [[tmp_path / kind / name for kind in ("recordings", "files")] for name in ("s-2", "s-1", "s-9")]
    kept, gone, foreign = folders
    purged = asyncio.Event()
    purge = records.purge

    async def told(now: int) -> int:
        count = await purge(now)
        purged.set()
        return count

    monkeypatch.setattr(records, "purge", told)
    app = web.Application()
    app[RECORDS] = records
    app[RECORDINGS] = Recordings(tmp_path / "recordings")
    app[FILES] = Files(tmp_path / "files")
    app[CLOCK] = wall_clock_ms
    for folder in (*kept, *gone, *foreign):
        folder.mkdir(parents=True)
    retention.setup(app)
    async with TestClient(TestServer(app)), asyncio.timeout(10):
        await purged.wait()
        while any(folder.exists() for folder in gone):
            await asyncio.sleep(0.01)
    assert all(folder.exists() for folder in kept)
    assert all(folder.exists() for folder in foreign), "of another server, perhaps"
    assert await records.session("s-1") is None
    await records.close()
