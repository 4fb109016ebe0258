from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signaling import upkeep
from signaling.keys import RECORDS
from signaling.records import Records, SessionRecord


async def test_what_is_too_old_goes_when_the_server_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    old = SessionRecord(id="s-1", site="gone", category="c", language="ko", channel="text", state="closed", ended_at=1)
    await records.create_session(old)
    purged = asyncio.Event()
    purge = records.purge

    async def told(now: int) -> int:
        gone = await purge(now)
        purged.set()
        return gone

    monkeypatch.setattr(records, "purge", told)
    app = web.Application()
    app[RECORDS] = records
    upkeep.setup(app)
    async with TestClient(TestServer(app)), asyncio.timeout(10):
        await purged.wait()
    assert await records.session("s-1") is None
    await records.close()
