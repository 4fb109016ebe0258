"""Measure reports over a year with 1,000 sessions and 40 staff a day, on SQLite and on PostgreSQL.

The bench first fills the tables from which reports are made. For each quarter of an hour, these tables have one row for each
group of sessions with the same properties, and one row for each member of staff at work. A row contains sums, such as the number
of sessions.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from signaling.records import Records
from signaling.records import tables as t
from signaling.records.report_counts import COUNTS, DAY_MS, SLOT_MS, Counts, Key, OutcomeKey, count, outcomes_of
from signaling.records.staff_time_counts import SUMS, StaffKey, Sums
from tests.bench.rows import Row, row
from tests.postgres_server import running_postgres

DAYS, SESSIONS, STAFF, RUNS = 365, 1000, 40, 3
AT_ONCE = 10_000  # number of rows stored in one transaction
SEOUL = ZoneInfo("Asia/Seoul")
BEGIN = int(datetime(2025, 11, 1, tzinfo=SEOUL).timestamp() * 1000)
END = BEGIN + DAYS * DAY_MS


def _sessions() -> tuple[dict[Key, Counts], dict[OutcomeKey, Counts]]:
    """Return the sums over a year's sessions, and the sums over the same sessions by outcome.

    There are three sites with eight categories each. All sessions are between 9 and 21 o'clock.
    """
    chance, sums, outcomes = random.Random(3), defaultdict[Key, Counts](Counter), defaultdict[OutcomeKey, Counts](Counter)
    for day in range(DAYS):
        for _ in range(SESSIONS):
            asked = BEGIN + day * DAY_MS + 9 * 3_600_000 + chance.randrange(12 * 3_600_000)
            answered = asked + int(chance.expovariate(1 / 15_000)) if chance.random() < 0.9 else None
            session = {
                "organisation": "main", "site": f"site-{chance.randrange(3)}", "category": f"c-{chance.randrange(8)}",
                "language": chance.choice(["ko", "en"]), "counselor": f"staff-{chance.randrange(STAFF)}" if answered else "",
                "state": "closed", "started_at": asked, "waiting_at": asked, "active_at": answered, "ended_at": asked + 600_000,
                "rating_score": chance.choice([None, 5]),
            }  # fmt: skip
            if (made := count(session, ())) is not None:
                for key in made[0].in_all_grains():
                    sums[key].update(made[1])
                for one in outcomes_of(made[0], f"outcome-{chance.randrange(5)}" if answered else ""):
                    outcomes[one].update(made[1])
    return sums, outcomes


def _hours() -> Sums:
    """Return the summed working time of staff who work eight hours on five days of each week."""
    sums: Sums = {}
    for day in range(DAYS):
        for number in range(STAFF):
            if (day + number) % 7 < 5:
                begin = BEGIN + day * DAY_MS + (9 + number % 4) * 3_600_000
                for slot in range(begin, begin + 8 * 3_600_000, SLOT_MS):
                    fine = StaffKey("fine", slot, "main", f"staff-{number}")
                    for key in (fine, fine._replace(grain="day", slot=slot - slot % DAY_MS)):
                        sums.setdefault(key, Counter()).update(ready_ms=300_000, busy_ms=500_000, wrap_up_ms=100_000)
    return sums


async def _fill(records: Records, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        await records._transaction(lambda connection, some=some: connection.execute(sa.insert(table), some), writes=True)


async def _seconds(work: Callable[[], Awaitable[dict[Any, Any]]]) -> list[float]:
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        assert await work()
        taken.append(time.perf_counter() - began)
    return taken


async def _measured(
    name: str, url: str, sessions: dict[Key, Counts], outcomes: dict[OutcomeKey, Counts], hours: Sums
) -> list[Row]:
    records = await Records.open(url)
    for table, found in ((t.report, sessions), (t.report_outcome, outcomes)):
        await _fill(records, table, ({**key._asdict(), **{each: sums[each] for each in COUNTS}} for key, sums in found.items()))
    await _fill(records, t.staff_time, ({**key._asdict(), **{each: sums[each] for each in SUMS}} for key, sums in hours.items()))
    of_sessions = []
    for by in ("day", "counselor", "outcome"):
        of_sessions += await _seconds(lambda by=by: records.report(BEGIN, END, by, SEOUL))
    of_staff = []
    for by in ("day", "staff"):
        of_staff += await _seconds(lambda by=by: records.staff_time(BEGIN, END, by, SEOUL, "main"))
    await records.close()
    return [row(f"report_year_{name}_s", "s", of_sessions), row(f"staff_hours_year_{name}_s", "s", of_staff)]


def rows() -> Iterator[Row]:
    (sessions, outcomes), hours = _sessions(), _hours()
    with tempfile.TemporaryDirectory(prefix="sangdam-reports-") as folder:
        yield from asyncio.run(_measured("sqlite", f"sqlite+aiosqlite:///{folder}/records.sqlite", sessions, outcomes, hours))
    with running_postgres() as server:
        yield from asyncio.run(_measured("postgresql", server.url, sessions, outcomes, hours))
