"""The calendar event of a callback, as a calendar program reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import icalendar

from signaling.mail import calendar

AT = 1_790_000_000_000


def read(*, moved: int = 1, cancelled: bool = False) -> icalendar.Component:
    text = "첫 줄\n둘째 줄; 쉼표, 있음"
    booked = calendar.Booked(id="s-1@talk.example", title="연락 예약", text=text, at_ms=AT, moved=moved, cancelled=cancelled)
    file = calendar.attachment(booked, AT - 1000)
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


def test_feed_names_its_events_once_each() -> None:
    booked = [calendar.Booked(id=f"s-{n}@x", title="상담", text="", at_ms=AT + n * 3_600_000, minutes=30) for n in range(3)]
    found = icalendar.Calendar.from_ical(calendar.feed("상담 예약", booked, AT))
    assert str(found["x-wr-calname"]) == "상담 예약"
    assert [int((event.decoded("dtend") - event.decoded("dtstart")).total_seconds()) for event in found.walk("VEVENT")] == [
        1800
    ] * 3
    assert len({str(event["uid"]) for event in found.walk("VEVENT")}) == 3
