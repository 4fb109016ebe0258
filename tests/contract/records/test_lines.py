"""Chat lines and drawing boards behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pycrdt
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.protocol.session_views import Former
from signaling.records import Records, StaleEpoch, UnknownSession
from signaling.session.corrections import edited, retracted
from tests.contract.records.samples import say, session


async def test_changed_line_has_a_number_above_all_before(records: Records) -> None:
    await records.create_session(session())
    for name in ("l-1", "l-2", "l-3"):
        await say(records, name)
    changed = await records.change_line("s-1", 2, lambda line: retracted(line, "u-1", 7))
    assert changed is not None
    assert (changed.seq, changed.rev) == (2, 4)
    assert await records.change_line("s-1", 2, lambda line: retracted(line, "u-1", 8)) is None
    assert (await say(records, "l-4"))[0].seq == 5
    assert [line.seq for line in await records.lines("s-1")] == [1, 2, 3, 5]
    assert [line.seq for line in await records.line_changes("s-1", 3, 9, "all")] == [2, 5]
    with pytest.raises(LookupError):
        await records.change_line("s-1", 99, lambda line: line)


async def test_pages_go_back_from_the_newest_line_to_the_first(records: Records) -> None:
    await records.create_session(session())
    for number in range(1, 8):
        await say(records, f"l-{number}", audience="staff" if number == 6 else "all")
    assert [line.seq for line in await records.lines_before("s-1", 0, 3, "all")] == [4, 5, 7]
    assert [line.seq for line in await records.lines_before("s-1", 4, 3, "all")] == [1, 2, 3]
    assert [line.seq for line in await records.lines_before("s-1", 7, 2, "staff")] == [5, 6]
    assert await records.lines_before("s-1", 1, 3, "staff") == []


async def test_former_texts_are_for_staff_and_gone_with_the_session(records: Records, url: str) -> None:
    await records.create_session(session())
    await say(records, "l-1", text="FORMER")
    await records.change_line("s-1", 1, lambda line: edited(line, "u-1", "지금", 7))
    assert [line.former for line in await records.lines("s-1", audience="staff")] == [[Former(until=7, text="FORMER")]]
    assert [line.former for line in await records.lines("s-1")] == [[]]
    assert await records.line_changes("s-1", 0, 9, "all") == await records.lines("s-1")
    await records.erase_session("s-1")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = await connection.execute(sa.text("SELECT former FROM line WHERE session = 's-1'"))
        assert rows.all() == []
    await engine.dispose()


async def test_concurrent_lines_are_numbered_without_gaps(records: Records) -> None:
    await records.create_session(session())
    stored = await asyncio.gather(*(say(records, f"l-{n % 20}") for n in range(40)))
    assert sum(new for _, new in stored) == 20
    assert [line.seq for line in await records.lines("s-1")] == list(range(1, 21))


async def test_repeated_line_returns_the_first_one(records: Records) -> None:
    await records.create_session(session())
    first, _ = await say(records, "l-1", text="첫 번째")
    again, new = await say(records, "l-1", text="두 번째")
    assert (again, new) == (first, False)


async def test_users_are_never_given_staff_lines(records: Records) -> None:
    await records.create_session(session())
    await say(records, "l-1")
    await say(records, "l-2", audience="staff")
    await say(records, "l-3")
    assert [line.seq for line in await records.lines("s-1", audience="all")] == [1, 3]
    assert [line.seq for line in await records.lines("s-1", audience="staff")] == [1, 2, 3]
    assert [line.seq for line in await records.lines("s-1", after=1, limit=1, audience="staff")] == [2]


async def test_line_needs_its_session(records: Records) -> None:
    with pytest.raises(UnknownSession):
        await say(records, "l-1")


async def test_board_refuses_an_older_epoch(records: Records) -> None:
    await records.create_session(session())
    await records.append_board("s-1", 1, b"a", 1)
    assert await records.open_board("s-1", 2) == [b"a"]
    with pytest.raises(StaleEpoch):
        await records.append_board("s-1", 1, b"late", 2)
    with pytest.raises(StaleEpoch):
        await records.open_board("s-1", 1)
    await records.append_board("s-1", 2, b"b", 3)
    assert await records.board_updates("s-1") == [b"a", b"b"]
    with pytest.raises(UnknownSession):
        await records.append_board("s-9", 1, b"", 4)


async def test_merged_journal_gives_the_same_board(records: Records) -> None:
    await records.create_session(session())
    doc = pycrdt.Doc()
    elements = doc.get("elements", type=pycrdt.Map)
    for number in range(100):
        before = doc.get_state()
        elements[str(number)] = number
        await records.append_board("s-1", 1, doc.get_update(before), 100 * number)
    copy = pycrdt.Doc()
    for update in await records.open_board("s-1", 2):
        copy.apply_update(update)
    assert len(copy.get("elements", type=pycrdt.Map)) == 100


async def test_merged_journal_still_tells_when_the_board_changed(records: Records) -> None:
    await records.create_session(session())
    doc = pycrdt.Doc()
    elements = doc.get("elements", type=pycrdt.Map)
    for number in range(100):
        before = doc.get_state()
        elements["shape"] = number
        await records.append_board("s-1", 1, doc.get_update(before), 100 * number)
    await records.open_board("s-1", 2)
    steps = await records.board_steps("s-1")
    assert [step.at for step in steps] == [4900, 9900]
    copy = pycrdt.Doc()
    seen = []
    for step in steps:
        copy.apply_update(step.update)
        seen.append(copy.get("elements", type=pycrdt.Map)["shape"])
    assert seen == [49, 99]


async def test_part_of_a_journal_begins_anew_after_a_merge(records: Records) -> None:
    await records.create_session(session())
    doc = pycrdt.Doc()
    elements = doc.get("elements", type=pycrdt.Map)
    for number in range(100):
        before = doc.get_state()
        elements[str(number)] = number
        await records.append_board("s-1", 1, doc.get_update(before), 100 * number)
    first = await records.board_part("s-1", 0, 0, 200)
    assert first.more
    assert 1 < len(first.steps) < 100
    await records.open_board("s-1", 2)
    rest = await records.board_part("s-1", first.epoch, first.last, 1_000_000)
    assert not rest.more
    copy = pycrdt.Doc()
    for step in (*first.steps, *rest.steps):
        copy.apply_update(step.update)
    assert len(copy.get("elements", type=pycrdt.Map)) == 100
    assert (await records.board_part("s-9", 0, 0, 100)).steps == []
