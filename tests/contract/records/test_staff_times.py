"""Reports say how long staff were available, busy and so on, by person, day and week.

On SQLite and PostgreSQL, these reports equal a plain recount.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from signaling.records import Overtaken, Records
from signaling.records.staff_time_counts import KINDS, StaffKey, Tally
from signaling.records.staff_times import StaffBy, StaffGroup

HOUR_MS = 3_600_000
BEGIN = int(datetime(2026, 10, 20, tzinfo=UTC).timestamp() * 1000)
END = BEGIN + 14 * 24 * HOUR_MS  # during these days, daylight saving time ends in Berlin
ZONES = ("Asia/Seoul", "Asia/Kolkata", "Europe/Berlin", "America/St_Johns")
Stay = tuple[str, str, str, int, int]  # organisation, member, kind of state, begin and end in ms


async def worked(records: Records) -> list[Stay]:
    """Let four people work for two weeks. Return when each person was in which state.

    At random moments, store in the database how long the people have been in each state.
    """
    chance, tally = random.Random(11), Tally()
    people = [("main", "jimin"), ("main", "suho"), ("main", "arim"), ("other", "emma")]
    changes = sorted(
        (BEGIN + chance.randrange(14 * 24 * HOUR_MS), person, chance.choice([*KINDS, None]))
        for person in people
        for _ in range(120)
    )
    stays, since = [], {}
    for at, person, kind in [*changes, *((END, person, None) for person in people)]:
        before = since.pop(person, None)
        if before is not None:
            stays.append((*person, before[1], before[0], at))
        if kind is not None:
            since[person] = (at, kind)
        tally.enter(*person, kind, at)
        if chance.random() < 0.2:
            await records.add_staff_time(tally.take(at))
    await records.add_staff_time(tally.take(END))
    return stays


def recounted(stays: list[Stay], by: StaffBy, zone: ZoneInfo, begin: int, end: int) -> dict[StaffGroup, Counter[str]]:
    found: dict[StaffGroup, Counter[str]] = defaultdict(Counter)
    for organisation, member, kind, first, last in stays:
        at = max(first, begin)
        while organisation == "main" and at < min(last, end):
            until = min(last, end, at - at % 900_000 + 900_000)
            local = datetime.fromtimestamp(at / 1000, zone).replace(tzinfo=UTC, hour=0, minute=0, second=0, microsecond=0)
            if by == "week":
                local -= timedelta(days=local.weekday())
            unit = "" if by == "staff" else str(int(local.timestamp()) * 1000)
            found[unit, member if by in ("staff", "staff_day") else ""][f"{kind}_ms"] += until - at
            at = until
    return dict(found)


async def test_times_of_staff_equal_a_recount(records: Records) -> None:
    stays = await worked(records)
    cut = (BEGIN + 30 * HOUR_MS, END - 7 * HOUR_MS - 900_000)
    bys: tuple[StaffBy, ...] = ("staff", "day", "week", "staff_day")
    for begin, end in ((BEGIN, END), cut):
        for by in bys:
            for zone in map(ZoneInfo, ZONES):
                found = await records.staff_time(begin, end, by, zone, "main")
                assert {k: +c for k, c in found.items()} == recounted(stays, by, zone, begin, end), (by, zone)
    only = await records.staff_time(BEGIN, END, "staff", ZoneInfo("UTC"), "main", ["suho", "emma"])
    assert set(only) == {("", "suho")}, "nobody else, and nobody of another organisation"


async def test_times_of_a_former_leader_are_refused(records: Records, url: str) -> None:
    sums = {StaffKey("fine", BEGIN, "main", "jimin"): Counter(ready_ms=1000)}
    await records.lead()
    await records.add_staff_time(sums)
    successor = await Records.open(url)
    await successor.lead()
    with pytest.raises(Overtaken):
        await records.add_staff_time(sums)
    found = await successor.staff_time(BEGIN, BEGIN + HOUR_MS, "staff", ZoneInfo("UTC"), "main")
    await successor.close()
    assert found == {("", "jimin"): Counter(ready_ms=1000, busy_ms=0, wrap_up_ms=0, paused_ms=0, away_ms=0)}
