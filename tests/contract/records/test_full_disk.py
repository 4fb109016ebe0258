"""When the disk is full, the server repeats its writes to the database, with longer and longer pauses.

After the first write that succeeds, the other waiting writes follow without pauses.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signaling.live.pending_writes import Owed
from signaling.records import Records, RecordsAway
from tests import PATIENCE_S
from tests.contract.records.samples import session

SNAPSHOT = bytes(range(256)) * 400  # 100 KiB, which is more than the space left on the disk
WATCHED_S = 3.0
BACK_S = PATIENCE_S


@contextmanager
def room_left(folder: Path, left: int) -> Iterator[None]:
    """Limit the size of every file to the present size of the folder's largest file plus `left` bytes.

    The kernel refuses further writes, as on a full disk.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    longest = max(path.stat().st_size for path in folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest + left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    await records.create_session(session())
    yield records
    await records.close()


@pytest.mark.parametrize("left", [0, 8192, 32_768])
async def test_full_disk_loses_no_write_and_keeps_trying_cheaply(records: Records, tmp_path: Path, left: int) -> None:
    owed = Owed(records, lambda reason: None)
    running = asyncio.create_task(owed.run())
    rounds = 0

    async def write(_: bool) -> None:
        nonlocal rounds
        rounds += 1
        await records.save_session("s-1", state="active", channel="text", snapshot=SNAPSHOT)

    with room_left(tmp_path, left):
        await owed.now_or_later("s-1", write, "state")
        assert owed
        began_s = time.process_time()
        seen_back = False
        give_up = time.monotonic() + WATCHED_S
        while time.monotonic() < give_up:
            seen_back |= records.reachable.is_set()
            await asyncio.sleep(0.01)
        assert rounds < 10
        assert time.process_time() - began_s < WATCHED_S / 4
        assert not seen_back, "a small write that succeeds is no proof"
        with pytest.raises(RecordsAway):
            await records.add_event("s-1", "reserved", 1)
    async with asyncio.timeout(BACK_S):
        await records.reachable.wait()
    await owed.settled(1.0)
    assert not owed
    kept = await records.session("s-1")
    assert kept is not None
    assert kept.snapshot == SNAPSHOT
    running.cancel()
