"""At its start, a server deletes what has expired: sessions with recordings and files, and used identification codes.

The machine's clock, and not the server's steady clock, decides when these codes expire.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from tests import PATIENCE_S


@asynccontextmanager
async def upkeep(tmp_path: Path, records: Records, monkeypatch: pytest.MonkeyPatch, ahead_ms: int = 0) -> AsyncIterator[None]:
    """Start a server, and wait until its upkeep has deleted what has expired.

    `ahead_ms`: how far the server's steady clock is ahead of the machine's clock.
    """
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
    app[CLOCK] = lambda: wall_clock_ms() + ahead_ms
    retention.setup(app)
    async with TestClient(TestServer(app)), asyncio.timeout(PATIENCE_S):
        await purged.wait()
        yield


async def test_expired_sessions_lose_recordings_and_files_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    old = SessionRecord(id="s-1", site="gone", category="c", language="ko", channel="text", state="closed", ended_at=1)
    await records.create_session(old)
    fresh = SessionRecord(id="s-2", site="gone", category="c", language="ko", channel="voice", state="active")
    await records.create_session(fresh)
    folders = [[tmp_path / kind / name for kind in ("recordings", "files")] for name in ("s-2", "s-1", "s-9")]
    kept, gone, foreign = folders
    for folder in (*kept, *gone, *foreign):
        folder.mkdir(parents=True)
    async with upkeep(tmp_path, records, monkeypatch):
        while any(folder.exists() for folder in gone):
            await asyncio.sleep(0.01)
    assert all(folder.exists() for folder in kept)
    assert all(folder.exists() for folder in foreign), "of another server, perhaps"
    assert await records.session("s-1") is None
    await records.close()


async def test_used_code_stays_used_after_the_clock_was_set_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    assert await records.use_code("shop/code-1", wall_clock_ms() + 600_000)
    assert await records.use_code("shop/code-2", wall_clock_ms() - 1)
    async with upkeep(tmp_path, records, monkeypatch, ahead_ms=3_600_000):
        assert not await records.use_code("shop/code-1", wall_clock_ms() + 600_000), "the machine's clock ends codes"
        assert await records.use_code("shop/code-2", wall_clock_ms() - 1)
    await records.close()


async def test_upkeep_goes_on_when_the_records_are_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    other = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def free() -> None:
        await records.away.wait()
        other.execute("ROLLBACK")

    freeing = asyncio.create_task(free())
    async with upkeep(tmp_path, records, monkeypatch):
        await freeing
    other.close()
    await records.close()
