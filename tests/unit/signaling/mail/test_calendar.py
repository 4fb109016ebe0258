"""The calendar event of a callback, as a calendar program reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import icalendar

from signaling.mail import calendar

AT = 1_790_000_000_000


def read(*, moved: int = 1, cancelled: bool = False) -> icalendar.Component:
    file = calendar.event(
        "s-1", "talk.example", "연락 예약", "첫 줄\n둘째 줄; 쉼표, 있음", AT, AT - 1000, moved=moved, cancelled=cancelled
    )
    assert file.kind == "text/calendar"
    [event] = icalendar.Calendar.from_ical(file.data).walk("VEVENT")
    return event


def test_event_tells_time_and_reminds() -> None:
    event = read()
    assert event.decoded("dtstart") == datetime.fromtimestamp(AT / 1000, UTC)
    assert str(event["description"]) == "첫 줄\n둘째 줄; 쉼표, 있음"
    assert event.walk("VALARM")


def test_moved_callback_replaces_the_same_event() -> None:
    first, second = read(moved=1), read(moved=2)
    assert first["uid"] == second["uid"]
    assert int(second["sequence"]) > int(first["sequence"])


def test_cancelled_callback_leaves_the_calendar() -> None:
    event = read(cancelled=True)
    assert str(event["status"]) == "CANCELLED"
    assert not event.walk("VALARM")
