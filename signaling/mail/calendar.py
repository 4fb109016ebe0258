"""The calendar event of a callback (RFC 5545), when the callback is booked, moved or cancelled. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import icalendar

from .messages import Attachment

_LASTS = timedelta(minutes=15)
_WARNS = timedelta(minutes=-10)


def event(
    session: str, server: str, title: str, text: str, at_ms: int, now_ms: int, *, moved: int, cancelled: bool
) -> Attachment:
    """Return the event as a file. All events of one session have the same UID, so a calendar replaces the earlier event.

    `server`: the host name for the UID. `moved`: how often the callback has changed; a calendar keeps the event with the highest
    number.
    """
    begin = datetime.fromtimestamp(at_ms / 1000, UTC)
    found = icalendar.Event()
    found.add("uid", f"{session}@{server}")
    found.add("sequence", moved)
    found.add("dtstamp", datetime.fromtimestamp(now_ms / 1000, UTC))
    found.add("dtstart", begin)
    found.add("dtend", begin + _LASTS)
    found.add("summary", title)
    found.add("description", text)
    found.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if not cancelled:
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", _WARNS)
        found.add_component(alarm)
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Sangdam//Callback//EN")
    calendar.add("version", "2.0")
    method = "CANCEL" if cancelled else "PUBLISH"
    calendar.add("method", method)
    calendar.add_component(found)
    return Attachment("callback.ics", "text/calendar", calendar.to_ical(), (("method", method),))
