"""Reports about sessions, on SQLite and PostgreSQL, equal a plain recount.

A report adds up the stored counts of older sessions and a fresh count of recent sessions.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from signaling.records import Realm, Records, SessionRecord, database
from signaling.records.report_counts import Counts, asked_at, count
from signaling.records.reports import SETTLED_AFTER_MS, By, Group

HOUR_MS = 3_600_000
BEGIN = int(datetime(2026, 10, 20, tzinfo=UTC).timestamp() * 1000)
DAYS = 14  # during these days, daylight saving time ends in Berlin, and in London at another local hour
ZONES = ("Asia/Seoul", "Asia/Kolkata", "Europe/Berlin", "UTC", "America/St_Johns")


def some_session(number: int, chance: random.Random) -> SessionRecord:
    started_at = BEGIN + chance.randrange(DAYS * 24 * HOUR_MS)
    waiting_at = started_at + chance.randrange(60_000) if chance.random() < 0.9 else None
    answered = waiting_at is not None and chance.random() < 0.7
    active_at = waiting_at + int(chance.expovariate(1 / 40_000)) if answered and waiting_at is not None else None
    state = chance.choice(["closed", "closed", "closed", "active"]) if answered else chance.choice(["closed", "message_left"])
    return SessionRecord(
        id=f"s-{number}",
        site=chance.choice(["shop", "books"]),
        category=chance.choice(["cameras", "lenses", ""]),
        language=chance.choice(["ko", "en"]),
        channel="text",
        state=state,
        token_hash=f"t-{number}",
        brief=b"{}",
        snapshot=b"",
        started_at=started_at,
        waiting_at=waiting_at,
        active_at=active_at,
        ended_at=None if state == "active" else (active_at or started_at) + chance.randrange(1, 3_000_000),
        counselor=chance.choice(["jimin", "suho"]) if answered else "",
        rating_score=chance.choice([None, 1, 4, 5]) if answered else None,
    )


HISTORIES: list[list[tuple[str, dict[str, Any]]]] = [
    [],
    [],
    [("help", {"state": "asking", "category": "cameras"}), ("help", {"state": "joined"}), ("help", {"state": "ended"})],
    [("transfer", {"how": "now", "to": "suho"}), ("owner", {"owner": "suho"})],
    [("transfer", {"how": "consult", "to": "suho"}), ("help", {"state": "joined"}), ("transfer", {"state": "nobody"})],
    [("callback", {"state": "scheduled", "due_at": 1}), ("callback", {"state": "missed"})],
    [("after", {"reason": "left"}), ("closed", {"reason": "wrapped_up"})],
    [("after", {"reason": "left"}), ("asleep", {"why": "answered"}), ("after", {}), ("closed", {"reason": "wrap_up_over"})],
]
STEP_MS = 7_000  # ms between two successive events of a session that this test stores


async def fill(records: Records, how_many: int = 160) -> list[tuple[dict[str, Any], list[Any]]]:
    chance = random.Random(7)
    made = []
    for number in range(how_many):
        session, history = some_session(number, chance), chance.choice(HISTORIES)
        await records.create_session(session)
        outcome = chance.choice(["", "solved", "sent_on"])
        if outcome:
            await records.save_wrap_up(session.id, "jimin", "", outcome)
        events = [(kind, data, session.started_at + n * STEP_MS) for n, (kind, data) in enumerate(history)]
        for kind, data, at in events:
            await records.add_event(session.id, kind, at, data)
        row = {name: getattr(session, name) for name in session.__struct_fields__} | {"wrap_up_outcome": outcome}
        made.append((row | {"outcome": outcome}, events))
    return made


def group_of(session: dict[str, Any], by: By, zone: ZoneInfo) -> Group:
    if by in ("hour", "day", "week"):
        local = datetime.fromtimestamp((asked_at(session) or 0) / 1000, zone).replace(tzinfo=UTC)
        local = local.replace(minute=0, second=0, microsecond=0)
        if by != "hour":
            local = local.replace(hour=0)
        if by == "week":
            local -= timedelta(days=local.weekday())
        return (str(int(local.timestamp()) * 1000),)
    return (session["site"], session[by]) if by in ("category", "outcome") else (session[by],)


def recounted(made: list[tuple[dict[str, Any], list[Any]]], by: By, zone: ZoneInfo) -> dict[Group, Counts]:
    found: dict[Group, Counts] = defaultdict(Counter)
    for session, history in made:
        if (one := count(session, history)) is not None:
            found[group_of(session, by, zone)].update(one[1])
    return {group: +counts for group, counts in found.items()}


async def test_report_equals_a_recount_before_and_after_counting(records: Records) -> None:
    made = await fill(records)
    end = BEGIN + DAYS * 24 * HOUR_MS + HOUR_MS
    bys: tuple[By, ...] = ("hour", "day", "week", "site", "category", "language", "counselor", "outcome")
    questions = [(by, ZoneInfo(zone)) for by in bys for zone in (ZONES if by in ("hour", "day", "week") else ("UTC",))]

    async def agrees() -> None:
        for by, zone in questions:
            report = await records.report(BEGIN, end, by, zone)
            assert {group: +counts for group, counts in report.items()} == recounted(made, by, zone), (by, zone)

    await agrees()
    finished = sum(1 for session, _ in made if session["ended_at"] is not None)
    early = BEGIN + DAYS // 2 * 24 * HOUR_MS
    some = await records.count_finished(early)
    assert 0 < some < finished
    await agrees()
    assert some + await records.count_finished(end + SETTLED_AFTER_MS + HOUR_MS) == finished
    assert await records.count_finished(end + SETTLED_AFTER_MS + HOUR_MS) == 0, "each session is counted once"
    await agrees()
    await records.purge(end + 400 * 24 * HOUR_MS)
    await agrees()


async def test_report_of_one_site_and_time_has_only_these(records: Records) -> None:
    made = await fill(records)
    begin, end = BEGIN + 3 * 24 * HOUR_MS, BEGIN + 5 * 24 * HOUR_MS
    inside = [(s, h) for s, h in made if s["site"] == "books" and begin <= (asked_at(s) or 0) < end]
    await records.count_finished(BEGIN + 4 * 24 * HOUR_MS)
    report = await records.report(begin, end, "counselor", ZoneInfo("UTC"), "books")
    assert {group: +counts for group, counts in report.items()} == recounted(inside, "counselor", ZoneInfo("UTC"))
    assert sum(counts["offered"] for counts in report.values()) > 5


async def test_report_has_nothing_of_another_organisation(records: Records) -> None:
    await fill(records)
    await records.count_finished(BEGIN + DAYS // 2 * 24 * HOUR_MS)
    other = Realm(organisation="other")
    assert await records.report(BEGIN, BEGIN + DAYS * 24 * HOUR_MS, "day", ZoneInfo("UTC"), realm=other) == {}
    books = Realm(sites=frozenset({"books"}))
    found = await records.report(BEGIN, BEGIN + DAYS * 24 * HOUR_MS, "site", ZoneInfo("UTC"), realm=books)
    assert set(found) == {("books",)}


async def test_report_of_a_busy_server_is_not_ended_by_the_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "IDLE_MS", 100)
    records = await Records.open(url)
    for engine in records.engines:
        # this listener makes every query slow, as if the server were busy with other work
        sa.event.listen(engine, "after_cursor_execute", lambda *_: time.sleep(0.3))
    assert await records.report(BEGIN, BEGIN + HOUR_MS, "site", ZoneInfo("UTC")) == {}
    await records.close()


async def test_rating_that_comes_after_the_count_is_in_every_report(records: Records) -> None:
    chance = random.Random(3)
    rated = (some_session(number, chance) for number in range(200))
    session = replace(next(each for each in rated if each.active_at and each.state == "closed"), rating_score=None)
    await records.create_session(session)
    end = BEGIN + DAYS * 24 * HOUR_MS + HOUR_MS
    assert await records.count_finished(end + SETTLED_AFTER_MS) == 1
    for score, given in ((2, 1), (5, 1), (5, 1)):
        await records.save_rating(session.id, score, "")
        for by in ("hour", "week", "site", "category", "counselor", "outcome"):
            [counts] = (await records.report(BEGIN, end, by, ZoneInfo("Asia/Seoul"))).values()
            assert (counts["rated"], counts["rating_sum"], counts["offered"]) == (given, score, 1), (by, score)
