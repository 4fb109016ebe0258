"""The command `sangdam appointment`, and the settings for appointments in `sangdam site`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from signaling.cli import appointments
from signaling.records import Records, SessionRecord
from signaling.session import encode_snapshot
from signaling.session import events as ev
from tests.unit.signaling.session.call import NOW, Call

from .commands import a_shop, as_json, done, run

pytestmark = pytest.mark.slow

T = TypeVar("T")


def with_jimin(hours: int) -> ev.CallbackAsked:
    return ev.CallbackAsked(
        "u", NOW + hours * 3_600_000, "010-2000-3000", with_staff=ev.WithStaff("jimin", "Jimin", "voice", 30, 1)
    )


def booked(folder: Path) -> Call:
    """Store a session that has an appointment with Jimin, and another session that has none."""
    call = Call("voice")
    call.session.id = "s-1"
    call.give(with_jimin(1))

    async def store(records: Records) -> None:
        record = SessionRecord(id="s-1", site="shop", category="cameras", language="ko", channel="voice", state="callback")
        await records.create_session(replace(record, snapshot=encode_snapshot(call.session), started_at=NOW, token_hash="t-1"))
        await records.create_session(replace(record, id="s-2", state="closed", started_at=NOW, token_hash="t-2"))

    in_records(folder, store)
    return call


def in_records(folder: Path, work: Callable[[Records], Awaitable[T]]) -> T:
    async def run() -> T:
        records = await Records.open(f"sqlite+aiosqlite:///{folder}/records.sqlite")
        try:
            return await work(records)
        finally:
            await records.close()

    return asyncio.run(run())


def test_appointments_are_listed_without_the_user(folder: Path) -> None:
    a_shop(folder)
    booked(folder)
    [found] = as_json(folder, "appointment", "list", "--site", "shop", "--staff", "jimin")
    assert found == {
        "session": "s-1", "at": "2026-09-21T15:13Z", "minutes": 30, "staff": "jimin", "site": "shop", "category": "cameras",
        "language": "ko", "channel": "voice",
    }  # fmt: skip
    assert as_json(folder, "appointment", "list", "--staff", "suho") == []
    assert as_json(folder, "appointment", "list", "--site", "other") == []


def test_cancellation_without_a_server_waits_for_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appointments, "CANCELLED_WITHIN_S", 0.0)
    a_shop(folder)
    booked(folder)
    result = run(folder, "appointment", "cancel", "s-1")
    assert (result.exit_code, "As soon as one runs" in result.stderr) == (0, True)
    assert "the appointment with jimin at 2026-09-21T15:13Z" in result.stderr
    for other in ("s-2", "s-9"):
        assert run(folder, "appointment", "cancel", other).exit_code == 1
    assert in_records(folder, lambda records: records.asked_to_cancel(0)) == {"s-1": {"2026-09-21T15:13Z/1"}}


def test_cancellation_refuses_a_booking_that_was_moved(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appointments, "CANCELLED_WITHIN_S", 0.2)
    a_shop(folder)
    call = booked(folder)
    other = run(folder, "appointment", "cancel", "s-1", "--at", "2026-09-21T16:13Z")
    assert (other.exit_code, "the appointment with jimin at 2026-09-21T15:13Z is booked" in other.stderr) == (1, True)
    assert in_records(folder, lambda records: records.asked_to_cancel(0)) == {}

    noted = appointments.noted

    async def noted_and_moved(records: Records, *of: Any, **more: Any) -> None:
        await noted(records, *of, **more)
        call.give(with_jimin(2))
        snapshot = encode_snapshot(call.session)
        await records.save_session("s-1", state="callback", channel="voice", snapshot=snapshot)

    monkeypatch.setattr(appointments, "noted", noted_and_moved)
    moved = run(folder, "appointment", "cancel", "s-1", "--at", "2026-09-21T15:13Z")
    assert moved.exit_code == 1
    assert "Nothing was cancelled: it was moved meanwhile, and the appointment with jimin at 2026-09-21T16:13Z" in moved.stderr


def test_notice_and_lead_time_of_a_site_are_set_and_kept(folder: Path) -> None:
    a_shop(folder)

    def plan(*words: str) -> object:
        done(folder, "site", "add", "shop", "--update", *words)
        return as_json(folder, "site", "show", "shop")["appointments"]

    refused = run(folder, "site", "add", "shop", "--update", "--appointment-notice", "30")
    assert (refused.exit_code, "--appointments" in refused.output) == (2, True)
    first = {"minutes": 30, "buffer_minutes": 15, "notice_minutes": 120, "lead_minutes": 5}
    assert plan("--appointments", "30+15", "--appointment-notice", "120") == first
    assert plan("--appointment-lead", "10") == first | {"lead_minutes": 10}
    assert plan("--appointments", "45") == first | {"minutes": 45, "buffer_minutes": 0, "lead_minutes": 10}
    assert run(folder, "site", "add", "shop", "--update", "--appointment-lead", "31").exit_code == 2
    assert plan("--appointments", "off") is None
