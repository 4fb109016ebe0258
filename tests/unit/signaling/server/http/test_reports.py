"""The reports that operators get by HTTP: counts, waits and ratings, and how long staff were in which state."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from signaling.records import SessionRecord
from signaling.records.staff_time_counts import Tally

from .conftest import Desk, refused

URL = "/api/operator/reports"
MONDAY = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000


async def add(desk: Desk, number: int, hour: float, wait_s: float | None, **more: Any) -> None:
    asked = MONDAY + int(hour * HOUR_MS)
    values: dict[str, Any] = {
        "id": f"s-r{number}", "site": "shop", "category": "", "language": "ko", "channel": "text", "state": "closed",
        "token_hash": f"r{number}", "brief": b"{}", "snapshot": b"",
        "started_at": asked, "waiting_at": asked, "ended_at": asked + 600_000,
        "active_at": None if wait_s is None else asked + int(wait_s * 1000), "counselor": "" if wait_s is None else "jimin",
    }  # fmt: skip
    await desk.records.create_session(SessionRecord(**(values | more)))


async def read(desk: Desk, **query: str) -> dict[str, Any]:
    ops = await desk.cookie_of("ops")
    reply = await desk.get(URL, headers=ops, params={"from": str(MONDAY), "to": str(MONDAY + 48 * HOUR_MS), **query})
    assert reply.status == 200, await reply.text()
    found: dict[str, Any] = await reply.json()
    return found


async def test_day_without_visitors_has_a_row_and_waits_add_up(desk: Desk) -> None:
    for number, wait_s in enumerate((1, 12, 12, 50)):
        await add(desk, number, 1, wait_s, rating_score=4 if number == 1 else None)
    await add(desk, 8, 2, None)
    await add(desk, 9, 2, None, state="message_left")
    found = await read(desk, by="day", zone="UTC")
    monday, tuesday = found["rows"]
    assert (monday["at"], tuesday["at"]) == (MONDAY, MONDAY + 24 * HOUR_MS)
    assert [monday[name] for name in ("offered", "answered", "given_up", "messages")] == [6, 4, 1, 1]
    assert monday["service_level_percent"] == 50.0
    assert monday["wait_mean_s"] == 18.8
    assert 10 < monday["wait_p50_s"] <= 15
    assert 45 < monday["wait_p90_s"] <= 60
    assert (monday["rating"], monday["rated"]) == (4.0, 1)
    assert (tuesday["offered"], tuesday["wait_p50_s"], tuesday["service_level_percent"]) == (0, None, None)
    assert {**monday, "at": None, "group": []} == found["total"]


async def test_day_begins_at_midnight_of_the_readers_zone(desk: Desk) -> None:
    await add(desk, 1, 14.5, 3)  # this session begins at 23:30 on Monday in Seoul
    await add(desk, 2, 15.5, 3)  # this session begins at 00:30 on Tuesday in Seoul
    nine = {"from": str(MONDAY - 9 * HOUR_MS), "to": str(MONDAY + 39 * HOUR_MS)}
    assert [row["offered"] for row in (await read(desk, by="day", zone="Asia/Seoul", **nine))["rows"]] == [1, 1]


async def test_rows_of_people_and_sites_have_names(desk: Desk) -> None:
    await add(desk, 1, 1, 3)
    await add(desk, 2, 1, None)
    await add(desk, 3, 1, 3, site="gone", category="old")
    by_person = (await read(desk, by="counselor"))["rows"]
    jimin = await desk.records.staff("jimin")
    assert jimin is not None
    assert [(row["name"], row["offered"]) for row in by_person] == [(jimin.name, 2), ("", 1)]
    assert ["gone", "old"] in [row["group"] for row in (await read(desk, by="category"))["rows"]]
    assert [row["offered"] for row in (await read(desk, by="site", site="gone"))["rows"]] == [1]


async def test_rows_of_outcomes_have_names_and_handle_times(desk: Desk) -> None:
    for number, outcome in enumerate(("resolved", "resolved", "unknown", "")):
        # the session is not closed yet, because the service could count a closed session before the events below are stored
        await add(desk, number, 1, 0, site="demo-shop", state="after")
        ended_at = MONDAY + HOUR_MS + 600_000
        if outcome:
            await desk.records.save_wrap_up(f"s-r{number}", "jimin", "", outcome)
            await desk.records.add_event(f"s-r{number}", "after", ended_at, {"reason": "left"})
            await desk.records.add_event(f"s-r{number}", "closed", ended_at + 30_000 * (number + 1), {"reason": "wrapped_up"})
    found = (await read(desk, by="outcome", lang="en"))["rows"]
    rows = {tuple(row["group"]): (row["name"], row["offered"], row["talk_mean_s"], row["handle_mean_s"]) for row in found}
    assert rows == {
        ("demo-shop", "resolved"): ("Solved", 2, 600.0, 645.0),
        ("demo-shop", "unknown"): ("unknown", 1, 600.0, 690.0),
        ("demo-shop", ""): ("", 1, 600.0, None),
    }


@pytest.mark.parametrize(
    "query",
    [
        {"to": str(MONDAY)},
        {"zone": "Mars/Base"},
        {"zone": "/etc"},
        {"by": "mood"},
        {"by": "hour", "to": str(MONDAY + 63 * 24 * HOUR_MS)},
    ],
)
async def test_impossible_report_is_refused(desk: Desk, query: dict[str, str]) -> None:
    ops = await desk.cookie_of("ops")
    asked = {"from": str(MONDAY), "to": str(MONDAY + HOUR_MS), **query}
    assert await refused(await desk.get(URL, headers=ops, params=asked)) == (400, "bad_request")


async def test_only_operators_read_reports(desk: Desk) -> None:
    jimin = await desk.cookie_of("jimin")
    asked = {"from": str(MONDAY), "to": str(MONDAY + HOUR_MS)}
    assert await refused(await desk.get(URL, headers=jimin, params=asked)) == (403, "not_allowed")


STAFF_URL = f"{URL}/staff"


async def read_staff(desk: Desk, **query: str) -> dict[str, Any]:
    ops = await desk.cookie_of("ops")
    reply = await desk.get(STAFF_URL, headers=ops, params={"from": str(MONDAY), "to": str(MONDAY + 48 * HOUR_MS), **query})
    assert reply.status == 200, await reply.text()
    found: dict[str, Any] = await reply.json()
    return found


async def test_times_of_staff_by_person_and_day_add_up(desk: Desk) -> None:
    tally = Tally()
    for hour, kind in ((8, "ready"), (10, "busy"), (11, "wrap_up"), (11.5, "paused"), (12, "away"), (13, None)):
        tally.enter("main", "jimin", kind, MONDAY + int(hour * HOUR_MS))
    tally.enter("main", "left-us", "ready", MONDAY + 30 * HOUR_MS)
    tally.enter("elsewhere", "emma", "ready", MONDAY + 30 * HOUR_MS)
    await desk.records.add_staff_time(tally.take(MONDAY + 31 * HOUR_MS))
    by_person = await read_staff(desk)
    jimin = await desk.records.staff("jimin")
    assert jimin is not None
    assert [row["name"] for row in by_person["rows"]] == sorted([jimin.name, "left-us"]), "nobody of another organisation"
    [row] = [row for row in by_person["rows"] if row["staff"] == "jimin"]
    hours = {"ready_s": 2, "busy_s": 1, "wrap_up_s": 0.5, "paused_s": 0.5, "away_s": 1, "signed_in_s": 5}
    assert {name: row[name] for name in hours} == {name: hour * 3600 for name, hour in hours.items()}
    assert row["occupancy_percent"] == 42.9
    monday, tuesday, wednesday = (await read_staff(desk, by="day", to=str(MONDAY + 72 * HOUR_MS)))["rows"]
    assert (monday["at"], monday["signed_in_s"], tuesday["ready_s"], wednesday["signed_in_s"]) == (MONDAY, 18_000, 3600, 0)
    assert (wednesday["occupancy_percent"], monday["staff"]) == (None, "")
    daily = (await read_staff(desk, by="staff_day", staff="jimin"))["rows"]
    assert [(row["at"], row["staff"], row["busy_s"]) for row in daily] == [(MONDAY, "jimin", 3600)]
    assert by_person["total"]["signed_in_s"] == 21_600
    assert (await read_staff(desk, staff="nobody"))["rows"] == []


async def test_impossible_report_of_staff_is_refused(desk: Desk) -> None:
    ops = await desk.cookie_of("ops")
    for query in ({"by": "mood"}, {"by": "staff_day", "to": str(MONDAY + 63 * 24 * HOUR_MS)}):
        asked = {"from": str(MONDAY), "to": str(MONDAY + HOUR_MS), **query}
        assert await refused(await desk.get(STAFF_URL, headers=ops, params=asked)) == (400, "bad_request")
    jimin = await desk.cookie_of("jimin")
    assert await refused(await desk.get(STAFF_URL, headers=jimin, params={"from": "0", "to": "1"})) == (403, "not_allowed")
