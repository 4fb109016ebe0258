"""Calendar files (RFC 5545) with callbacks and appointments: a mail's file with one event, and the feed of a member of staff.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import icalendar

from .messages import Attachment

CALLBACK_MINUTES: Final = 15
_WARNS = timedelta(minutes=-10)
_FEED_RENEWED = timedelta(minutes=15)  # interval at which a calendar program should fetch the feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The time of a callback or an appointment.

    `id`: identifies the event, so that a calendar replaces the earlier version of the event. `moved`: a number that grows each
    time the callback or appointment is moved. Of two versions of an event, a calendar keeps the version with the higher number.
    """

    id: str
    title: str
    text: str
    at_ms: int
    minutes: int = CALLBACK_MINUTES
    moved: int = 0
    cancelled: bool = False


def attachment(booked: Booked, now_ms: int) -> Attachment:
    """Return a calendar file for a mail about a booked, moved or cancelled time."""
    method = "CANCEL" if booked.cancelled else "PUBLISH"
    calendar = _calendar("Callback")
    calendar.add("method", method)
    calendar.add_component(_event(booked, now_ms))
    return Attachment("callback.ics", "text/calendar", calendar.to_ical(), (("method", method),))


def feed(name: str, booked: Iterable[Booked], now_ms: int) -> bytes:
    """Return a member's callbacks and appointments as a calendar to which calendar programs can subscribe.

    `name`: the calendar's title.
    """
    calendar = _calendar("Appointments")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _FEED_RENEWED, {"value": "DURATION"})
    for each in booked:
        calendar.add_component(_event(each, now_ms))
    found: bytes = calendar.to_ical()
    return found


def _calendar(product: str) -> icalendar.Calendar:
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Sangdam//{product}//EN")
    calendar.add("version", "2.0")
    return calendar


def _event(booked: Booked, now_ms: int) -> icalendar.Event:
    begin = datetime.fromtimestamp(booked.at_ms / 1000, UTC)
    found = icalendar.Event()
    found.add("uid", booked.id)
    found.add("sequence", booked.moved)
    found.add("dtstamp", datetime.fromtimestamp(now_ms / 1000, UTC))
    found.add("dtstart", begin)
    found.add("dtend", begin + timedelta(minutes=booked.minutes))
    found.add("summary", booked.title)
    found.add("description", booked.text)
    found.add("status", "CANCELLED" if booked.cancelled else "CONFIRMED")
    if not booked.cancelled:
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", booked.title)
        alarm.add("trigger", _WARNS)
        found.add_component(alarm)
    return found
