"""Appointments occupy the time of staff, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from signaling.records import Records, SessionRecord, StaffRecord, appointments
from signaling.records.opening_hours import Hours

JIMIN = StaffRecord(id="jimin", login="jimin", name="Jimin", role="counselor")
HOURS = Hours(timezone="Asia/Seoul", week={"mon": ["09:00-12:00"]})


async def opened(records: Records, *names: str) -> None:
    await records.save_staff(JIMIN)
    for name in names:
        await records.create_session(
            SessionRecord(id=name, site="shop", category="lenses", language="ko", channel="voice", started_at=1)
        )


async def test_cell_is_claimed_by_one_of_many_at_once(records: Records) -> None:
    names = [f"s-{number}" for number in range(8)]
    await opened(records, *names)
    claims = await asyncio.gather(*(records.claim_cells(name, "jimin", range(n % 3, n % 3 + 4)) for n, name in enumerate(names)))
    assert sum(claim is not None for claim in claims) == 1
    taken = (await records.taken_cells(["jimin"], range(0, 20)))["jimin"]
    assert len(taken) == 4


async def test_moved_appointment_keeps_shared_cells_and_frees_the_others(records: Records) -> None:
    await opened(records, "s-1", "s-2")
    assert await records.claim_cells("s-1", "jimin", range(10, 13)) == [10, 11, 12]
    assert await records.claim_cells("s-1", "jimin", range(12, 15)) == [13, 14]
    await records.keep_cells("s-1", "jimin", range(12, 15))
    assert await records.taken_cells(["jimin"], range(0, 20)) == {"jimin": {12, 13, 14}}
    assert await records.taken_cells(["jimin"], range(0, 20), but="s-1") == {"jimin": set()}
    assert await records.claim_cells("s-2", "jimin", range(11, 13)) is None
    assert await records.taken_cells(["jimin"], range(0, 12)) == {"jimin": set()}, "a refused claim takes nothing"
    await records.free_cells("s-1", "jimin", [14])
    assert await records.claim_cells("s-2", "jimin", range(14, 16)) == [14, 15]


async def test_cells_of_a_finished_session_are_free(records: Records) -> None:
    await opened(records, "s-1", "s-2")
    await records.claim_cells("s-1", "jimin", range(3))
    await records.save_session("s-1", state="closed", channel="voice", snapshot=b"")
    assert await records.taken_cells(["jimin"], range(5)) == {"jimin": set()}
    assert await records.claim_cells("s-2", "jimin", range(3)) == [0, 1, 2]


async def test_calendar_opens_by_its_newest_key_only(records: Records) -> None:
    await opened(records, "s-1")
    await records.save_calendar("jimin", "one")
    await records.save_working_hours("jimin", HOURS)
    await records.save_calendar("jimin", "two")
    assert await records.staff_by_calendar("one") is None
    assert await records.staff_by_calendar("two") == JIMIN
    assert await records.working_hours(["jimin", "suho"]) == {"jimin": HOURS}
    await records.save_calendar("jimin", "")
    assert await records.staff_by_calendar("") is None
    assert not await records.has_calendar("jimin")
    await records.claim_cells("s-1", "jimin", range(40, 42))
    assert [each.id for each in await records.appointments_of("jimin", 41, 41)] == ["s-1"]
    assert await records.appointments_of("jimin", 42, 42) == []


async def test_full_calendar_keeps_the_next_appointments(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = {"s-1": 10, "s-2": 30, "s-3": 90, "s-4": 60, "s-5": 50, "s-6": 46}
    await opened(records, *cells)
    for name, cell in cells.items():
        await records.claim_cells(name, "jimin", range(cell, cell + 3))
    for most, expected in ((3, ["s-6", "s-5", "s-4"]), (5, ["s-6", "s-5", "s-4", "s-3", "s-2"])):
        monkeypatch.setattr(appointments, "MOST_IN_CALENDAR", most)
        assert [each.id for each in await records.appointments_of("jimin", 0, 48)] == expected
