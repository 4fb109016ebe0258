"""Other users of the machine cannot read the service's files.

This holds with any umask, and for files that an earlier version created.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from signaling.config.private_files import private_data
from signaling.records import Records


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def rights(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


def readable_by_others(folder: Path) -> dict[str, str]:
    found = {str(path.relative_to(folder.parent)): rights(path) for path in (folder, *folder.rglob("*"))}
    return {name: mode for name, mode in found.items() if int(mode, 8) & 0o077}


async def test_new_database_is_private(umask: int, tmp_path: Path) -> None:
    folder = tmp_path / "sangdam"
    private_data(folder, folder / "recordings")
    records = await Records.open(f"sqlite+aiosqlite:///{folder / 'records.sqlite'}")
    await records.use_code("c", 1)
    assert {path.name for path in folder.iterdir()} >= {"records.sqlite", "records.sqlite-wal", "records.sqlite-shm"}
    assert readable_by_others(folder) == {}
    await records.close()


async def test_database_in_its_own_folder_is_private(umask: int, tmp_path: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'elsewhere.sqlite'}")
    await records.use_code("c", 1)
    assert {rights(path) for path in tmp_path.iterdir()} == {"0o600"}
    await records.close()


async def test_files_left_open_by_an_earlier_version_become_private(umask: int, tmp_path: Path) -> None:
    folder = tmp_path / "sangdam"
    recording = folder / "recordings" / "s-1" / "1-1"
    recording.mkdir(parents=True)
    old = sqlite3.connect(folder / "records.sqlite")
    old.execute("PRAGMA journal_mode = WAL")
    old.execute("CREATE TABLE x (y)")
    for path in (folder / "server.key", recording / "0.webm", recording / "log"):
        path.write_bytes(b"x")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    private_data(folder, folder / "recordings")
    assert readable_by_others(folder) == {}
    assert (recording / "0.webm").read_bytes() == b"x"
    old.close()


def test_shared_folder_stays_shared(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "another's").write_bytes(b"")
    (shared / "another's").chmod(0o644)
    private_data(shared, shared / "recordings")
    assert (rights(shared), rights(shared / "another's")) == ("0o1777", "0o644")


def test_symlink_is_not_followed_to_other_files(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"")
    other.chmod(0o644)
    folder = tmp_path / "sangdam"
    (folder / "recordings").mkdir(parents=True)
    (folder / "recordings" / "s-1").symlink_to(other)
    (folder / "server.key").symlink_to(other)
    private_data(folder, folder / "recordings")
    assert rights(other) == "0o644"


@pytest.mark.slow
def test_commands_create_only_private_files(umask: int, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    command = [sys.executable, "-m", "signaling.cli.main", "staff", "list", "--data-dir", str(folder)]
    subprocess.run(command, check=True, capture_output=True, umask=umask)
    assert (folder / "records.sqlite").is_file()
    assert readable_by_others(folder) == {}
