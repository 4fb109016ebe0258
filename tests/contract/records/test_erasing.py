"""After a session is erased, only facts for the reports remain, such as when it began and its rating score.

The session's files and mails, and the notes about the session's user, are erased, too.

An upgrade removes copies of notes that earlier versions made, and deleted text in the free pages of SQLite's database file.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.protocol.words import SessionState
from signaling.records import (
    ApiToken,
    FileRecord,
    MessageRecord,
    PersonNote,
    PictureRecord,
    Records,
    Search,
    SessionRecord,
    UnknownSession,
    tables,
)
from signaling.records.api_answers import Claim
from signaling.records.history import REREAD
from signaling.records.outbox import MailRecord
from tests.contract.records.downgraded import downgrade
from tests.contract.records.samples import SHOP, say, session

DAY_MS = 86_400_000
ADDRESS = "mina.whose-mails-are-erased@example.com"
COPIED, DELETED = "copied-notes-of-an-earlier-session", "deleted-line-of-long-ago"
BRIEF = {"fields": [{"name": "note", "value": "질문", "provenance": "typed"}], "trail": []}
EARLIER = [{"id": "s-0", "started_at": 1, "category": "Cameras", "counselor": "Jimin", "wrap_up": COPIED}]


def as_0009(file: Path) -> None:
    """Change the database file so that it looks as schema version 0009 would have left it."""
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


async def test_erased_session_leaves_no_byte_of_its_mails(tmp_path: Path) -> None:
    records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
    await records.create_session(session())
    waiting = MailRecord(
        id="e-1", kind="reply", address=ADDRESS, address_hash="h", session="s-1", until=9, args={"name": DELETED}
    )
    await records.queue_mail(waiting)
    await records.queue_mail(replace(waiting, id="e-2"))
    await records.mail_refused(replace(waiting, id="e-2"), DELETED)
    assert ADDRESS.encode() in bytes_of(tmp_path)
    assert await records.erase_session("s-1")
    assert ADDRESS.encode() not in bytes_of(tmp_path)
    assert DELETED.encode() not in bytes_of(tmp_path)
    await records.close()


async def test_upgrade_on_postgres_drops_copied_notes(postgres: str) -> None:
    records = await Records.open(postgres)
    brief = json.dumps(BRIEF | {"earlier_sessions": EARLIER}, ensure_ascii=False, separators=(",", ":"))
    await records.create_session(session(brief=brief.encode()))
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


def of_minji(number: int, state: SessionState = "closed") -> SessionRecord:
    return SessionRecord(
        id=f"m-{number}",
        site="shop",
        category="cameras",
        language="ko",
        channel="text",
        state=state,
        user_ref="minji",
        started_at=number,
        ended_at=number * DAY_MS,
    )


NOTE = PersonNote(id="n", site="shop", user_ref="minji", session="m-1", author="jimin", text="secret-about-minji", at=1)


MINJI = ("shop", "minji")


async def test_notes_on_a_person_are_erased_with_the_session_they_are_of(records: Records, tmp_path: Path) -> None:
    for number in (1, 2):
        await records.create_session(of_minji(number))
    await records.add_note(NOTE)
    await records.add_note(replace(NOTE, id="n-2", session="m-2", text="두 번째"))
    await records.erase_session("m-1")
    assert [note.id for note in await records.notes_on(MINJI)] == ["n-2"]
    assert not records.traces_left
    assert NOTE.text.encode() not in bytes_of(tmp_path)
    await records.erase_session("m-2")
    assert await records.notes_on(MINJI) == []
    with pytest.raises(LookupError):
        await records.add_note(NOTE)


async def test_notes_stay_until_the_last_session_of_the_person_expires(records: Records) -> None:
    for number in (1, 50):
        await records.create_session(of_minji(number))
    await records.add_note(NOTE)
    await records.purge(95 * DAY_MS)  # the first session is older than the 90 days for which a session is kept
    assert [note.id for note in await records.notes_on(MINJI)] == ["n"]
    await records.purge(150 * DAY_MS)
    assert await records.notes_on(MINJI) == []


async def test_conversations_of_a_person_are_found_by_what_was_said(records: Records) -> None:
    for number, state in ((1, "closed"), (2, "closed"), (3, "active")):
        await records.create_session(of_minji(number, state))
    await records.append_line(
        "m-1", line_id="l", author="u", name="민지", role="user", kind="text", audience="all", at=1, text="렌즈 반품"
    )
    await records.save_wrap_up("m-2", "jimin", "환불 100% 완료", "resolved", ["vip"])
    assert [each.id for each in await records.conversations_of(MINJI, since=0)] == ["m-2", "m-1"]
    assert [each.id for each in await records.conversations_of(MINJI, since=2 * DAY_MS)] == ["m-2"]
    assert [each.id for each in await records.conversations_of(MINJI, since=0, q="반품")] == ["m-1"]
    [found] = await records.conversations_of(MINJI, since=0, q="100%")
    assert (found.wrap_up_outcome, found.wrap_up_tags) == ("resolved", ["vip"])
    assert await records.conversations_of(MINJI, since=0, q="10_%") == []


async def test_remembered_answers_about_a_session_are_erased_with_it(records: Records, tmp_path: Path) -> None:
    await records.create_session(session())
    token = ApiToken(
        id="k-1", name="CRM", token_hash="h", rights=[], sites=["*"], maker=None, created_at=1, expires_at=9 * DAY_MS
    )
    await records.add_api_token(token)
    early, late = (Claim("k-1", key, "a request") for key in ("early", "late"))
    for claim in (early, late):
        assert await records.claim_answer(claim, "digest", 1) is None
    await records.keep_answer(early, 200, DELETED, 2, session="s-1")
    await records.erase_session("s-1")
    await records.keep_answer(late, 200, DELETED, 2, session="s-1")
    for claim in (early, late):
        known = await records.claim_answer(claim, "digest", 3)
        assert known is not None
        assert (known.status, known.body) == (200, ""), "a repetition is not carried out"
    assert DELETED.encode() not in bytes_of(tmp_path)


async def test_erasing_keeps_only_figures(records: Records) -> None:
    await records.create_session(session(user_name="민아", user_ref="r", brief=b'{"fields":[]}', started_at=3, active_at=4))
    await say(records, "l-1")
    await records.append_board("s-1", 1, b"stroke", 1)
    await records.add_event("s-1", "reserved", 4, {"staff": "jimin"})
    await records.add_picture(
        PictureRecord(
            id="p", session="s-1", audience="all", use="line", author="u", mime="image/png", width=1, height=1, data=b"x"
        )
    )
    assert await records.erase_session("s-1")
    left = await records.session("s-1")
    assert left is not None
    assert (left.state, left.end_reason, left.user_name, left.user_ref, left.token_hash) == ("closed", "erased", "", "", "")
    assert (left.started_at, left.active_at) == (3, 4)
    assert await records.lines("s-1", audience="staff") == []
    assert await records.board_updates("s-1") == []
    assert await records.events("s-1") == []
    assert await records.picture("p") is None
    await records.save_session("s-1", state="active", channel="voice", snapshot=b"late")
    assert (await records.session("s-1")) == left, "a save that comes late brings nothing back"


async def test_retention_is_set_per_site(records: Records) -> None:
    await records.save_site(replace(SHOP, retention_days=10))
    now = 200 * DAY_MS
    ages = {1: ("shop", 11), 2: ("shop", 9), 3: ("gone", 91), 4: ("gone", 89)}
    for number, (site, days) in ages.items():
        await records.create_session(session(number, site=site, state="closed", ended_at=now - days * DAY_MS))
    await records.create_session(session(5, state="active", ended_at=None))
    await say(records, "l", session_id="s-1")
    await records.use_code("old", now - 1)
    assert await records.purge(now) == 2
    assert sorted(s.id for s in (await records.search_sessions(Search()))[0]) == ["s-2", "s-4", "s-5"]
    assert await records.use_code("old", now), "spent codes are forgotten when they have expired"


async def test_erased_session_takes_no_more_writes(records: Records) -> None:
    """A running server can still try to write to an erased session.

    Examples are a drawn stroke for the board's journal, a chat line, and the session's newest state.
    """
    await records.create_session(session())
    await records.open_board("s-1", 1)
    assert await records.erase_session("s-1")
    message = MessageRecord(
        id="m-9", session="s-1", site="shop", category="cameras", language="ko", contact="010", text="안녕", at=1
    )
    picture = PictureRecord(
        id="pic-9", session="s-1", audience="all", use="line", author="u", mime="image/png", width=1, height=1, data=b"x"
    )
    attempts = [
        records.append_line("s-1", line_id="l", author="u", name="", role="user", kind="text", audience="all", text="나", at=1),
        records.append_board("s-1", 1, b"\0\0", 1),
        records.open_board("s-1", 2),
        records.add_event("s-1", "closed", 1),
        records.add_message(message),
        records.add_picture(picture),
    ]
    for attempt in attempts:
        with pytest.raises(UnknownSession):
            await attempt
    await records.save_session("s-1", state="active", channel="text", snapshot=b"what was", user_name="Kim")
    left = await records.session("s-1")
    assert left
    assert (left.state, left.snapshot, left.user_name) == ("closed", b"", "")
    assert not await records.lines("s-1", audience="staff")
    assert not await records.events("s-1")
    assert not await records.board_updates("s-1")


async def test_erasures_by_any_process_are_noticed(records: Records) -> None:
    seen, before = await records.news(0)
    assert (seen, before) == (0, [])
    await records.audit("cli", "session.erase", "session/s-1")
    await records.audit("ops", "session.read", "session/s-2")
    await records.audit("ops", "category.hours", "site/shop/cameras")
    await records.audit("cli", "appointment.cancel", "session/s-3", "b")
    await records.audit("ops", "appointment.cancel", "session/s-4", "b")
    newest, found = await records.news(seen)
    assert newest == await records.newest_audit()
    assert [(each.kind, each.subject) for each in found] == [("erased", "s-1"), ("site", "shop"), ("cancel", "s-3")]
    assert (await records.news(newest))[1] == found, "these entries are few, so they are read again"
    assert (await records.news(newest + REREAD))[1] == []


async def test_entry_that_is_committed_late_is_still_found(postgres: str) -> None:
    """On PostgreSQL, an audit entry gets its number before it is committed.

    So other servers can read an entry with a higher number while an entry with a lower number is not yet visible.
    """
    records, aside = await Records.open(postgres), create_async_engine(postgres)
    entry = sa.insert(tables.audit).values(actor="ops", subject="site/shop", at=1, detail="", organisation="main")
    async with aside.connect() as slow:
        await slow.execute(entry.values(action="site.save"))
        await records.audit("ops", "session.read", "session/s-2")
        seen, found = await records.news(0)
        assert found == []
        await slow.commit()
    assert [each.subject for each in (await records.news(seen))[1]] == ["shop"]
    await aside.dispose()
    await records.close()
