from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signaling.recordings import Recordings
from signaling.records import Records, SessionRecord
from signaling.server import retention
from signaling.server.app_keys import RECORDINGS, RECORDS


async def test_expired_sessions_and_recordings_are_erased_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    old = SessionRecord(id="s-1", site="gone", category="c", language="ko", channel="text", state="closed", ended_at=1)
    await records.create_session(old)
    fresh = SessionRecord(id="s-2", site="gone", category="c", language="ko", channel="voice", state="active")
    await records.create_session(fresh)
    kept, gone, foreign = (tmp_path / "recordings" / name for name in ("s-2", "s-1", "s-9"))
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
    kept.mkdir(parents=True)
    gone.mkdir()
    foreign.mkdir()
    retention.setup(app)
    async with TestClient(TestServer(app)), asyncio.timeout(10):
        await purged.wait()
        while gone.exists():
            await asyncio.sleep(0.01)
    assert kept.exists()
    assert foreign.exists(), "of another server, perhaps"
    assert await records.session("s-1") is None
    await records.close()
