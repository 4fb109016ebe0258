"""The calendar of a member of staff, as a calendar program fetches it."""

from __future__ import annotations

import icalendar

from signaling.records import SessionRecord
from signaling.records.appointment_plan import CELL_MS
from signaling.server.http.bodies import now_ms
from signaling.session import encode_snapshot, new_session
from signaling.session.model import Callback

from .conftest import Desk


async def test_one_damaged_session_does_not_take_the_calendar_away(desk: Desk) -> None:
    at = now_ms() // CELL_MS * CELL_MS + 8 * CELL_MS
    session = new_session(
        id="s-1", site="demo-shop", category="cameras", language="ko", channel="voice", user="u", name="", now=at
    )
    session.callback = Callback(state="scheduled", due_at=at, staff="jimin", staff_name="Jimin", minutes=30, agreed=2)
    for number, snapshot in enumerate((b"\xc1 damaged", encode_snapshot(session))):
        record = SessionRecord(
            id=f"s-{number}",
            site="demo-shop",
            category="cameras",
            language="ko",
            channel="voice",
            state="callback",
            snapshot=snapshot,
        )
        await desk.records.create_session(record)
        await desk.records.claim_cells(record.id, "jimin", [at // CELL_MS + number])
    made = await (await desk.post("/api/calendar", {}, headers=await desk.cookie_of("jimin"))).json()
    reply = await desk.get("/calendar/" + made["url"].rpartition("/")[2])
    assert reply.status == 200
    [event] = icalendar.Calendar.from_ical(await reply.read()).walk("VEVENT")
    assert event["dtstart"].dt.timestamp() * 1000 == at
    assert event["sequence"] == 2, "so the calendar program replaces the event of the earlier time"
