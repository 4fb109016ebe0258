"""If a program starts while its database does not answer, the program waits for the database.

If the database stays unavailable, the program says what is wrong. If waiting cannot help, the program says this immediately.

After the program has closed the database, no thread of the program uses the database any more.
"""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from signaling.records import Records
from signaling.records.opening import CannotOpen, opened
from tests import PATIENCE_S
from tests.ports import free_port
from tests.postgres_server import running_postgres


async def test_database_that_starts_later_is_waited_for() -> None:
    with running_postgres() as server:
        server.stop()
        waiting = asyncio.create_task(opened(server.url, 30))
        await asyncio.sleep(1.2)
        assert not waiting.done()
        await asyncio.to_thread(server.start)
        records = await waiting
        assert len(await records.organisations()) == 1
        await records.close()


async def test_database_that_never_answers_is_named_without_its_password() -> None:
    port = free_port()
    with pytest.raises(CannotOpen) as refused:
        await opened(f"postgresql+asyncpg://sangdam:hunter2@127.0.0.1:{port}/desk", 1.5)
    assert f"127.0.0.1:{port}/desk" in str(refused.value)
    assert "--database" in str(refused.value)
    assert "hunter2" not in str(refused.value)


async def test_fault_that_stays_is_said_at_once(postgres_server: str, tmp_path: Path) -> None:
    missing = postgres_server.rpartition("/")[0] + "/nowhere"
    folder = f"sqlite+aiosqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}"
    async with asyncio.timeout(PATIENCE_S):
        for url in (missing, folder):
            with pytest.raises(CannotOpen):
                await opened(url, 600)


async def test_no_transaction_runs_after_the_close(tmp_path: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    for engine in records.engines:
        sa.event.listen(engine, "before_cursor_execute", lambda *_: time.sleep(0.2))
    reads = [asyncio.create_task(records.sites()) for _ in range(8)]
    await asyncio.sleep(0.05)
    for read in reads:
        read.cancel()
    await records.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("records")] == []
