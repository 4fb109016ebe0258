"""A mail about a callback contains the agreed time as it is at the moment when the mail is sent.

Users who have not read an answer get a mail about the answer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.live.index import Index
from signaling.live.mailing import Mailing
from signaling.protocol.session_views import Brief, Line, Mark, Span
from signaling.records import Site
from signaling.session import new_session
from signaling.session.model import Callback

NOW = 1_790_000_000_000
HOUR = 3_600_000
SHOP = Site(id="shop", names={"ko": "빛상점"}, languages=["ko"])


class Outbox:
    """Takes the place of the database and of its outbox: holds the queued mails, by key.

    Each call takes a moment, as with a database.
    """

    enabled = True

    def __init__(self) -> None:
        self.queued: dict[str, dict[str, Any]] = {}
        self.pause_s = 0.01

    async def drop_mails(self, key: str) -> None:
        # each call takes less time than the call before, and so ends before that call
        self.pause_s = max(0.0, self.pause_s - 0.002)
        await asyncio.sleep(self.pause_s)
        self.queued.pop(key, None)

    async def post(self, kind: str, address: str, **given: Any) -> bool:
        await asyncio.sleep(self.pause_s)
        key = given.pop("key", None) or kind
        if key in self.queued:
            return False
        self.queued[key] = {"kind": kind, "to": address} | given
        return True


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def clock() -> dict[str, int]:
    """Return the times of the server's steady clock and of the machine's clock. A test can change them."""
    return {"now": NOW, "wall": NOW}


@pytest.fixture
def mailing(outbox: Outbox, clock: dict[str, int]) -> Mailing:
    parts: dict[str, Any] = {"postbox": outbox, "records": outbox, "index": Index(), "staffing": None, "wallboard": ""}
    return Mailing(**parts, count=Counter(), now=lambda: clock["now"], wall=lambda: clock["wall"])


def entry(site: Site = SHOP, **fields: Any) -> Entry:
    session = new_session(id="s-1", site=site.id, category="general", language="ko", channel="voice", user="u", name="", now=NOW)
    callback = {"state": "scheduled", "due_at": NOW + 2 * HOUR, "contact": "kim@example.com"}
    session.callback = Callback(**(callback | fields))
    return Entry(session, site, Brief(), "")


async def test_of_two_bookings_at_once_the_newer_is_mailed(mailing: Mailing, outbox: Outbox) -> None:
    booked = entry()
    for hours in (2, 3, 5):
        booked.session.callback.due_at = NOW + hours * HOUR
        mailing.callback_booked(booked)
    await mailing.close()
    assert {each["args"]["at"] for each in outbox.queued.values()} == {NOW + 5 * HOUR}
    assert set(outbox.queued) == {"callback/s-1", "soon/s-1"}


async def test_calendar_event_of_each_booking_replaces_the_one_before(mailing: Mailing, outbox: Outbox) -> None:
    booked, numbers = entry(), []
    for _ in range(3):  # all of these changes happen within the same second
        mailing.callback_booked(booked)
        await mailing.close()
        numbers.append(outbox.queued["callback/s-1"]["args"]["moved"])
    mailing.callback_cancelled(booked)
    await mailing.close()
    numbers.append(outbox.queued["callback_cancelled"]["args"]["moved"])
    assert numbers == sorted(set(numbers))
    assert set(outbox.queued) == {"callback_cancelled"}


async def test_appointment_is_remembered_a_day_and_a_quarter_hour_before(mailing: Mailing, outbox: Outbox) -> None:
    start = NOW + 72 * HOUR
    mailing.callback_booked(entry(due_at=start, staff="jimin", staff_name="Jimin", minutes=30))
    await mailing.close()
    reminders = {each["kind"]: (start - each["at"]) / HOUR for each in outbox.queued.values() if each.get("at")}
    assert reminders == {"appointment_day": 24, "appointment_soon": 0.25}


async def test_mail_tells_the_time_in_the_users_own_zone(mailing: Mailing, outbox: Outbox) -> None:
    mailing.callback_booked(entry(timezone="Europe/Berlin"))
    await mailing.close()
    assert {each["args"]["zone"] for each in outbox.queued.values()} == {"Europe/Berlin"}


@pytest.mark.parametrize(("names", "told"), [("hidden", "빛상점"), ("shown", "Jimin")])
async def test_mail_names_no_counselor_where_names_are_hidden(mailing: Mailing, outbox: Outbox, names: Any, told: str) -> None:
    mailing.callback_booked(entry(replace(SHOP, staff_names=names), staff="jimin", staff_name="Jimin", minutes=30))
    await mailing.close()
    assert {each["args"]["name"] for each in outbox.queued.values()} == {told}


def talking(site: Site = SHOP) -> Entry:
    """Return a text conversation whose user is connected and has given a mail address."""
    found = entry(site)
    found.session.state = "active"
    found.hold("u", Client(tab="t-1"))
    return found


def said(seq: int, author: str = "jimin", at: int = NOW) -> Line:
    role = "user" if author == "u" else "counselor"
    return Line(seq=seq, id=f"l-{seq}", author=author, name="Jimin", role=role, kind="text", audience="all", at=at, text="네")


def disconnect(mailing: Mailing, found: Entry) -> None:
    found.release("u")
    mailing.left(found)


async def test_answer_to_a_dying_connection_is_mailed_once_it_is_lost(mailing: Mailing, outbox: Outbox) -> None:
    found = talking()
    found.marks = {"u": Mark(participant="u", read=[Span(first=1, last=3)])}
    for seq in (3, 4, 5):
        mailing.answered(found, said(seq))
    disconnect(mailing, found)
    mailing.answered(found, said(6))
    await mailing.close()
    [mail] = outbox.queued.values()
    assert (mail["kind"], mail["args"]["since_seq"], mail["at"]) == ("reply", 4, NOW + 120_000)


async def test_user_who_has_read_or_answered_gets_no_mail_when_they_leave(mailing: Mailing, outbox: Outbox) -> None:
    reader, writer, over = talking(), talking(), talking()
    for found in (reader, writer, over):
        mailing.answered(found, said(3))
    reader.marks = {"u": Mark(participant="u", read=[Span(first=1, last=3)])}
    mailing.answered(writer, said(4, author="u"))
    over.session.state = "after"
    for found in (reader, writer, over):
        disconnect(mailing, found)
    await mailing.close()
    assert outbox.queued == {}


@pytest.mark.parametrize(("before_s", "mailed"), [(20, True), (40, False)])
async def test_without_read_marks_only_recent_answers_are_mailed(
    mailing: Mailing, outbox: Outbox, before_s: int, mailed: bool
) -> None:
    found = talking(replace(SHOP, read_marks="off"))
    mailing.answered(found, said(3, at=NOW - before_s * 1000))
    disconnect(mailing, found)
    await mailing.close()
    assert bool(outbox.queued) == mailed


async def test_reminders_are_planned_by_the_machines_clock(mailing: Mailing, outbox: Outbox, clock: dict[str, int]) -> None:
    # the machine's clock was set back by three hours, to NOW; the server's steady clock has not followed yet
    clock["now"] = NOW + 3 * HOUR
    mailing.callback_booked(entry(due_at=NOW + 2 * HOUR))
    await mailing.close()
    assert outbox.queued["soon/s-1"]["at"] == NOW + 2 * HOUR - HOUR // 4
    assert outbox.queued["callback/s-1"]["life_ms"] == 2 * HOUR
