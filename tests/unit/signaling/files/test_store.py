from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from signaling.files import Files
from signaling.files.store import FLUSH_BYTES, STALE_S


async def test_kept_part_lies_privately_in_its_session_until_erased(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    async with files.part() as part:
        await part.write(b"a" * FLUSH_BYTES)
        await part.write(b"b")
        await part.finish()
        await files.keep(part, "s-1", "file-1")
    path = files.path("s-1", "file-1")
    assert path.read_bytes() == b"a" * FLUSH_BYTES + b"b"
    assert not path.stat().st_mode & 0o077
    assert not path.parent.stat().st_mode & 0o077
    assert await files.sessions() == ["s-1"]
    await files.erase("s-1")
    assert [each for each in files.folder.rglob("*") if each.is_file()] == []


async def test_part_that_was_not_kept_is_deleted_also_when_cancelled(tmp_path: Path) -> None:
    files, begun = Files(tmp_path), asyncio.Event()

    async def receive() -> None:
        async with files.part() as part:
            await part.write(bytes(FLUSH_BYTES))
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(receive())
    await begun.wait()
    assert list((tmp_path / "arriving").iterdir())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not list((tmp_path / "arriving").iterdir())


@pytest.mark.parametrize(("session", "file"), [("..", "a"), ("s-1", "../a"), ("s-1/x", "a"), ("arriving", "a")])
def test_ids_that_are_not_ours_name_no_file(tmp_path: Path, session: str, file: str) -> None:
    with pytest.raises(ValueError, match=file):
        Files(tmp_path).path(session, file)


async def test_sweep_deletes_what_a_dead_server_left(tmp_path: Path) -> None:
    left = tmp_path / "arriving" / "x"
    left.parent.mkdir()
    left.write_bytes(b"half")
    files = Files(tmp_path)
    await files.sweep()
    assert left.exists()
    await files.sweep(left.stat().st_mtime + STALE_S + 1)
    assert not left.exists()
