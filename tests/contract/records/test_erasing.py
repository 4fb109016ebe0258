"""Leftovers of earlier versions: copies of notes in later briefs, and deleted text in the file's free pages."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from signaling.records import FileRecord, Records, SessionRecord, UnknownSession
from tests.contract.records.downgraded import downgrade

COPIED, DELETED = "copied-notes-of-an-earlier-session", "deleted-line-of-long-ago"
BRIEF = {"fields": [{"name": "note", "value": "질문", "provenance": "typed"}], "trail": []}
EARLIER = [{"id": "s-0", "started_at": 1, "category": "Cameras", "counselor": "Jimin", "wrap_up": COPIED}]


def session(brief: bytes = b"{}") -> SessionRecord:
    return SessionRecord(
        id="s-1", site="shop", category="cameras", language="ko", channel="text", token_hash="t", started_at=1, brief=brief
    )


def as_0009(file: Path) -> None:
    """Return the file as the version before would have left it."""
    old = sqlite3.connect(file)
    brief = json.dumps(BRIEF | {"earlier_sessions": EARLIER}, ensure_ascii=False, separators=(",", ":"))
    old.execute("UPDATE session SET brief = ?", (brief.encode(),))
    old.execute("PRAGMA secure_delete = OFF")
    for number in range(100):
        text = f"{DELETED} {number} " * 20
        old.execute("INSERT INTO event (session, kind, at, data) VALUES ('s-1', 'x', 1, ?)", (json.dumps(text),))
    old.execute("DELETE FROM event")
    old.commit()
    old.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_upgrade_removes_leftovers_of_earlier_versions(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}"
    records = await Records.open(url)
    await records.create_session(session())
    await records.close()
    await downgrade(url, "0009")
    as_0009(tmp_path / "records.sqlite")
    assert COPIED.encode() in bytes_of(tmp_path)
    assert DELETED.encode() in bytes_of(tmp_path)
    records = await Records.open(url)
    kept = await records.session("s-1")
    assert kept is not None
    assert json.loads(kept.brief) == BRIEF | {"earlier_sessions": []}
    assert COPIED.encode() not in bytes_of(tmp_path)
    assert DELETED.encode() not in bytes_of(tmp_path)
    await records.close()


async def test_upgrade_on_postgres_drops_copied_notes(postgres: str) -> None:
    records = await Records.open(postgres)
    brief = json.dumps(BRIEF | {"earlier_sessions": EARLIER}, ensure_ascii=False, separators=(",", ":"))
    await records.erase_session("s-1")
    await records.create_session(session(brief.encode()))
    await records.close()
    await downgrade(postgres, "0009")
    records = await Records.open(postgres)
    kept = await records.session("s-1")
    assert kept is not None
    assert json.loads(kept.brief) == BRIEF | {"earlier_sessions": []}
    await records.close()


async def test_open_wal_reader_delays_erasure_until_the_next_checkpoint(tmp_path: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    await records.create_session(session())
    reader = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM session").fetchall()
    assert await records.erase_session("s-1")
    assert records.traces_left
    reader.execute("COMMIT")
    await records.purge(2)
    assert not records.traces_left
    assert (tmp_path / "records.sqlite-wal").stat().st_size == 0
    reader.close()
    await records.close()


async def test_erasing_a_session_forgets_its_files(tmp_path: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    await records.create_session(session())
    file = FileRecord(
        id="file-1",
        session="s-1",
        audience="all",
        author="u-1",
        name=COPIED,
        kind="pdf",
        mime="application/pdf",
        size=7,
        locked=True,
        at=1,
    )
    await records.add_file(file)
    assert await records.file("file-1") == file
    assert await records.file_use("s-1") == (1, 7)
    await records.erase_session("s-1")
    assert await records.file("file-1") is None
    with pytest.raises(UnknownSession):
        await records.add_file(file)
    await records.close()
    assert COPIED.encode() not in bytes_of(tmp_path)
