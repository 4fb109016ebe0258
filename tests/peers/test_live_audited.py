"""Every change by other software is audited. While no audit entry can be written, the API refuses every change."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.records.appointment_plan import AppointmentPlan
from signaling.server import app_keys
from tests.peers.live_house import Service, running, settings_for
from tests.peers.software import Software

USER: dict[str, Any] = {"site": "demo-shop", "category": "cameras", "language": "ko", "user": {"id": "mina", "name": "민아"}}
TIMES = "sites/demo-shop/times?category=cameras&language=ko"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        records = service.app[app_keys.RECORDS]
        site = await records.site("demo-shop")
        assert site is not None
        await records.save_site(replace(site, appointments=AppointmentPlan(notice_minutes=0)))
        yield service


@contextmanager
def no_audit(service: Service) -> Iterator[None]:
    """Rename the table of audit entries for the time of the context, so that every write of an audit entry fails."""
    with closing(sqlite3.connect(service.settings.data_dir / "records.sqlite")) as file:
        file.execute("ALTER TABLE audit RENAME TO audit_away")
        file.commit()
        yield
        file.execute("ALTER TABLE audit_away RENAME TO audit")
        file.commit()


async def held(software: Software) -> dict[str, Any]:
    """Return everything that the changes in this test would change, as other software reads it over the API."""
    found: dict[str, Any] = {}
    for path in ("appointments", "messages", "callbacks", "sessions", "sites/demo-shop", "sites/demo-shop/keys"):
        status, found[path] = await software.ask("GET", path)
        assert status == 200, found[path]
    # a booking that fails because its time is taken leaves a closed session in this list
    found["sessions"] = [each for each in found["sessions"]["items"] if each["state"] != "closed"]
    return found


async def audited(service: Service) -> list[str]:
    return [entry.action for entry in (await service.app[app_keys.RECORDS].audits())[0]]


async def test_no_change_goes_unaudited(service: Service) -> None:
    software = await Software(service).ready()
    free = (await software.ask("GET", TIMES))[1]
    staff, times = next((each["id"], each["times"]) for each in free if len(each["times"]) > 6)
    at, later, latest = times[0], times[3], times[6]
    booking = USER | {"channel": "voice", "at": at, "staff": staff}
    booked = (await software.ask("POST", "appointments", booking))[1]["appointment"]["session"]
    leaver, caller = await service.user(), await service.user()
    for user in (leaver, caller):
        await user.say("enter")
    await leaver.say("leave_message", contact="010-1234-5678", text="전화 주세요")
    await caller.say("callback", at=service.live.now() + 3_600_000, contact="010-1234-5678", note="")
    await caller.state("callback")
    message = (await software.ask("GET", "messages"))[1]["items"][0]["id"]
    site = {"names": {"ko": "다른 이름"}}
    changes: list[tuple[str, str, Any, str]] = [
        ("POST", "appointments", booking | {"at": later}, "appointment.book"),
        ("POST", f"appointments/{booked}/move", {"at": latest}, "appointment.move"),
        ("POST", f"appointments/{booked}/cancel", None, "appointment.cancel"),
        ("POST", "conversations", USER, "conversation.start"),
        ("PUT", f"messages/{message}", {"state": "done"}, "message.mark"),
        ("PUT", f"callbacks/{caller.session_id}", {"state": "done"}, "callback.mark"),
        ("POST", "sites/demo-shop/keys", {"kid": "second"}, "site.key_add"),
        ("PUT", "sites/demo-shop", site, "site.save"),
        ("DELETE", f"sessions/{leaver.session_id}", None, "session.erase"),
        ("POST", "people/erase", {"user_id": "mina"}, "person.erase"),
    ]
    before, entries = await held(software), await audited(service)
    with no_audit(service):
        for method, path, body, _ in changes:
            status, answer = await software.ask(method, path, body)
            assert status >= 409, (method, path, answer)
    assert await held(software) == before
    assert await audited(service) == entries
    for method, path, body, action in changes:
        status, answer = await software.ask(method, path, body)
        assert status == 200, (method, path, answer)
        assert (await audited(service))[0] in (action, "session.erase"), action
