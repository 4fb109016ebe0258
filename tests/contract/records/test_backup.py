"""A backup is made while another program writes to the database, and is restored into an empty installation.

The restored data equal the saved data, on SQLite and PostgreSQL.
"""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
import tarfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.ext.asyncio import create_async_engine

from signaling import backup
from signaling.backup import BackupFailed, Restored, make
from signaling.backup.databases import database_at
from signaling.backup.sealed import CHUNK_BYTES, MAGIC, SealedReader, SealedWriter
from signaling.cli.main import main
from signaling.config.settings import Settings
from signaling.records import Records
from signaling.records.tables import metadata, used_code
from tests.postgres_server import running_postgres

PASSPHRASE = "four words make one"
ROWS = 3


@pytest.fixture(params=["sqlite", "postgres"])
async def installed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Settings, Settings]:
    """Return the settings of two installations: one with rows in every table and with files, and an empty one."""
    full, empty = (Settings(data_dir=tmp_path / name) for name in ("full", "empty"))
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_server")
        urls = [sa.make_url(url).set(database=name).render_as_string(hide_password=False) for name in ("saved", "blank")]
        async with connected(url, isolation_level="AUTOCOMMIT") as connection:
            for name in ("saved", "blank"):
                await connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                await connection.execute(sa.text(f"CREATE DATABASE {name}"))
        full, empty = replace(full, database=urls[0]), replace(empty, database=urls[1])
    full.data_dir.mkdir()
    await (await Records.open(full.database_url)).close()
    async with connected(full.database_url) as connection:
        for table in metadata.sorted_tables:
            await connection.execute(sa.delete(table))
            await connection.execute(sa.insert(table), [row(table, n) for n in range(ROWS)])
        await connection.commit()
    (full.data_dir / "server.key").write_bytes(bytes(range(32)))
    for path, content in {
        "recordings/s-1/1-1/0.webm": b"\x1aE\xdf\xa3" * 300_000,
        "recordings/s-1/1-1/segment.jsonl": b'{"type":"ended","at":1}\n',
        "files/s-1/f-1": b"",
        "files/s-2/f-2": bytes(range(256)) * 9000,
        "files/arriving/half": b"an unfinished upload",
    }.items():
        file = full.data_dir / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return full, empty


def restore(settings: Settings, file: Path, passphrase: str | None) -> Restored:
    with file.open("rb") as source:
        return backup.restore(settings, source, passphrase)


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Any]:
    engine = create_async_engine(url, **options)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def row(table: sa.Table, n: int) -> dict[str, Any]:
    """Return a row with a value in each column; a foreign key names row `n` of the table that it refers to."""
    values: dict[type, Callable[[str], Any]] = {
        sa.Text: lambda name: f"{name} {n} 상담 \U0001f44b",
        sa.Boolean: lambda _name: n % 2 == 0,
        sa.Float: lambda _name: n + 0.25,
        sa.Integer: lambda _name: n + 1,
        sa.JSON: lambda name: {name: [n, None, "é"]},
        sa.LargeBinary: lambda _name: bytes([n, 0, 255]) * 4000,
    }
    kept: dict[str, Any] = {}
    for column in table.columns:
        source = next(iter(column.foreign_keys)).column if column.foreign_keys else column
        make_value = next(made for kind, made in values.items() if isinstance(source.type, kind))
        kept[column.name] = make_value(source.name)
    return kept


async def content(settings: Settings) -> dict[str, Any]:
    """Return every row of every table, and every file with its bytes."""
    found: dict[str, Any] = {}
    async with connected(settings.database_url) as connection:
        for table in metadata.sorted_tables:
            found[table.name] = sorted(map(repr, (await connection.execute(sa.select(table))).mappings().all()))
        found["alembic_version"] = (await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar()
    for path in settings.data_dir.rglob("*"):
        if path.is_file() and not path.name.startswith("records.sqlite"):
            found[str(path.relative_to(settings.data_dir))] = (path.read_bytes(), path.stat().st_mode & 0o077)
    return found


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
async def test_restored_installation_equals_the_saved_one(
    installed: tuple[Settings, Settings], passphrase: str | None, tmp_path: Path
) -> None:
    full, empty = installed
    saved = await content(full)
    made = make(full, tmp_path / "backup", passphrase)
    again = restore(empty, tmp_path / "backup", passphrase)
    restored = await content(empty)
    assert saved.pop("files/arriving/half"), "an upload that has not ended is nobody's file yet"
    assert len(restored["line"]) == ROWS
    assert restored == {name: (value[0], 0) if isinstance(value, tuple) else value for name, value in saved.items()}
    assert (made.parts, made.size_bytes) == (again.parts, again.size_bytes)
    assert sorted(path.name for path in full.data_dir.iterdir()) == sorted(
        {"files", "recordings", "server.key"} | {path.name for path in full.data_dir.glob("records.sqlite*")}
    ), "no copy of the database is left"
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    plain = (tmp_path / "backup").read_bytes()
    assert (b"server.key" in plain) is (passphrase is None)


def test_backup_reaches_a_database_by_its_unix_socket(tmp_path: Path) -> None:
    with running_postgres() as server:
        where = f"host={server.data.parent}&port={server.port}"
        assert database_at(f"postgresql+asyncpg://sangdam@/postgres?{where}").is_empty()


async def test_backup_takes_the_present_while_others_write(installed: tuple[Settings, Settings], tmp_path: Path) -> None:
    full, empty = installed
    done = asyncio.Event()

    async def write() -> None:
        async with connected(full.database_url) as other:
            n = 0
            while not done.is_set():
                n += 1
                # a backup must contain both of these rows or neither of them
                both = [{"jti": f"{letter}{n}", "expires_at": 0} for letter in "ab"]
                await other.execute(sa.insert(used_code), both[:1])
                await other.execute(sa.insert(used_code), both[1:])
                await other.commit()

    writing = asyncio.create_task(write())
    try:
        for number in range(3):
            await asyncio.to_thread(make, full, tmp_path / f"backup-{number}", None)
    finally:
        done.set()
        await writing
    restore(empty, tmp_path / "backup-2", None)
    async with connected(empty.database_url) as restored:
        codes = {jti for jti in (await restored.execute(sa.select(used_code.c.jti))).scalars() if jti[0] in "ab"}
    assert codes
    assert {code[1:] for code in codes if code[0] == "a"} == {code[1:] for code in codes if code[0] == "b"}


async def test_restore_overwrites_nothing(installed: tuple[Settings, Settings], tmp_path: Path) -> None:
    full, empty = installed
    make(full, tmp_path / "backup", None)
    with pytest.raises(BackupFailed, match=r"not empty: it has .*server\.key, .*recordings, .*files, the database"):
        restore(full, tmp_path / "backup", None)
    with pytest.raises(BackupFailed, match="exists already"):
        make(full, tmp_path / "backup", None)
    (empty.data_dir / "files" / "s-9").mkdir(parents=True)
    with pytest.raises(BackupFailed, match="not empty"):
        restore(empty, tmp_path / "backup", None)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
async def test_damaged_backup_changes_nothing(
    installed: tuple[Settings, Settings], passphrase: str | None, tmp_path: Path
) -> None:
    full, empty = installed
    make(full, tmp_path / "good", passphrase)
    good = (tmp_path / "good").read_bytes()
    for at in (3, len(MAGIC) + 3, len(good) // 3, len(good) - 20_000):
        flipped = bytearray(good)
        flipped[at] ^= 0xFF
        assert_refused(empty, tmp_path, bytes(flipped), passphrase)
    for length in (0, 10, 600, len(good) // 2, len(good) - 20_000):
        assert_refused(empty, tmp_path, good[:length], passphrase)
    restore(empty, tmp_path / "good", passphrase)


def assert_refused(empty: Settings, folder: Path, damaged: bytes, passphrase: str | None) -> None:
    (folder / "damaged").write_bytes(damaged)
    with pytest.raises(BackupFailed, match=r"damaged|not a backup|wrong"):
        restore(empty, folder / "damaged", passphrase)
    assert not [path for path in empty.data_dir.rglob("*") if path.is_file()]


@pytest.mark.parametrize("broken", ["a file", "the database"])
async def test_restore_that_fails_late_leaves_the_installation_empty(
    installed: tuple[Settings, Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The disk or the database fails after the restore has put some files in place. The same restore succeeds afterwards."""
    full, empty = installed
    make(full, tmp_path / "backup", None)
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if Path(target).parent == empty.files_dir:
            raise OSError(5, "Input/output error")
        return rename(path, target)

    def refuse(*_: object) -> None:
        raise BackupFailed("pg_restore failed: no space")

    if broken == "a file":
        monkeypatch.setattr(Path, "rename", fail)
    else:
        kind = type(database_at(empty.database_url))
        monkeypatch.setattr(kind, "fill", refuse)
    with pytest.raises(BackupFailed, match=r"Input/output error|no space"):
        restore(empty, tmp_path / "backup", None)
    monkeypatch.undo()
    assert not [path for path in empty.data_dir.rglob("*") if path.is_file()]
    restore(empty, tmp_path / "backup", None)
    assert (await content(empty))["server.key"] == (bytes(range(32)), 0)


async def test_newer_backup_is_refused_with_its_version(
    installed: tuple[Settings, Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, empty = installed
    monkeypatch.setattr("signaling.backup.making.version", lambda _name: "9.1.0")
    make(full, tmp_path / "backup", None)
    monkeypatch.setattr("signaling.backup.restoring.newest_revision", lambda: "0001")
    with pytest.raises(BackupFailed, match=r"newer version 9\.1\.0"):
        restore(empty, tmp_path / "backup", None)
    other = replace(empty, database="" if empty.database else "postgresql+asyncpg://nobody@127.0.0.1:1/none")
    monkeypatch.undo()
    with pytest.raises(BackupFailed, match=r"holds a database of|psql failed"):
        restore(other, tmp_path / "backup", None)


async def test_backup_of_somebody_else_leads_nowhere(installed: tuple[Settings, Settings], tmp_path: Path) -> None:
    _, empty = installed
    for name, kind in (
        ("files/../../outside", tarfile.REGTYPE),
        ("/etc/passwd", tarfile.REGTYPE),
        ("keys/s/x", tarfile.REGTYPE),
        ("keys/records.sqlite", tarfile.REGTYPE),
        ("files/link", tarfile.SYMTYPE),
        ("elsewhere/x", tarfile.REGTYPE),
    ):
        file = tmp_path / "backup"
        about = (
            f'{{"format":1,"version":"1","database":"{"postgresql" if empty.database else "sqlite"}","revision":"","made_at":0}}'
        )
        with tarfile.open(file, "w") as archive:
            for member, data in (("about.json", about.encode()), (name, b"x")):
                info = tarfile.TarInfo(member)
                info.size, info.linkname = len(data), "/etc/passwd"
                info.type = kind if member == name else tarfile.REGTYPE
                archive.addfile(info, io.BytesIO(data))
        with pytest.raises(BackupFailed, match="damaged"):
            restore(empty, file, None)
    assert not (tmp_path / "outside").exists()


async def test_copies_of_killed_processes_are_removed(installed: tuple[Settings, Settings], tmp_path: Path) -> None:
    full, _ = installed
    killed, running = full.data_dir / "backup-in-progress-1", full.data_dir / "backup-in-progress-2"
    restoring = full.data_dir / "recordings/restore-in-progress-1"
    for folder in (killed, running, restoring):
        folder.mkdir()
        (folder / "database").write_bytes(b"what was said")
        os.utime(folder, (1, 1))
    lock = os.open(running, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    await asyncio.to_thread(make, full, tmp_path / "backup", None)
    assert [folder.exists() for folder in (killed, running, restoring)] == [False, True, False]
    os.close(lock)
    backup.remove_leftovers(full)
    assert not running.exists()


def command(settings: Settings, *words: str, typed: str = "") -> Result:
    options = ["--data-dir", str(settings.data_dir)] + (["--database", settings.database] if settings.database else [])
    return CliRunner().invoke(main, [*words, *options], input=typed)


async def test_commands_ask_for_the_passphrase(installed: tuple[Settings, Settings], tmp_path: Path) -> None:
    full, empty = installed
    target, file = str(tmp_path / "backup"), tmp_path / "passphrase"
    short = command(full, "backup", target, "--encrypt", typed="short\nshort\n")
    assert (short.exit_code, "shorter than 12" in short.output) == (1, True)
    made = command(full, "backup", target, "--encrypt", typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert made.exit_code == 0, made.output
    assert "encrypted" in made.output
    assert PASSPHRASE not in made.output
    wrong = command(empty, "restore", target, typed="another phrase\n")
    assert (wrong.exit_code, "The passphrase is wrong." in wrong.output) == (1, True)
    file.write_text(f"{PASSPHRASE}\n")
    piped = command(full, "backup", "-")
    assert piped.exit_code == 0, piped.output
    with tarfile.open(fileobj=io.BytesIO(piped.stdout_bytes)) as archive:
        assert {"database", "keys/server.key", "manifest.jsonl"} <= set(archive.getnames())
    done = command(empty, "restore", target, "--passphrase-file", str(file))
    assert done.exit_code == 0, done.output
    assert "Restored" in done.output
    assert (await content(empty))["server.key"] == (bytes(range(32)), 0)


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_sealed_bytes_come_back_and_no_chunk_can_go(length: int) -> None:
    plain = (bytes(range(251)) * (length // 251 + 1))[:length]
    target = io.BytesIO()
    writer = SealedWriter(target, PASSPHRASE)
    for begin in range(0, length, 100_000):
        writer.write(plain[begin : begin + 100_000])
    writer.close()
    sealed = target.getvalue()
    assert io.BufferedReader(SealedReader(io.BytesIO(sealed), PASSPHRASE)).read() == plain
    assert length < 64 or plain[:64] not in sealed
    head, chunk = len(MAGIC) + 16 + 7 + 32, CHUNK_BYTES + 16
    changed = [sealed[:-1], sealed + b"x", sealed[:head]]
    if length > CHUNK_BYTES:
        changed += [sealed[:head] + sealed[head + chunk :], sealed[: head + chunk]]
    for each in changed:
        with pytest.raises(BackupFailed, match="damaged"):
            io.BufferedReader(SealedReader(io.BytesIO(each), PASSPHRASE)).read()
