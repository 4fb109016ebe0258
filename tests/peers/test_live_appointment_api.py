"""Other software and the command line book, list, move and cancel appointments, and a professional moves one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace as with_settings
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from signaling.live.erasing import LOOK_S
from signaling.records import RecordsAway
from signaling.records.appointment_plan import AppointmentPlan
from signaling.server import app_keys
from signaling.session import booking_of
from tests.mail_server import Mails, link_in
from tests.peers.live_house import Service, running, settings_for
from tests.peers.software import Software

PLAN = AppointmentPlan(minutes=30, buffer_minutes=15, notice_minutes=0, lead_minutes=5)
MINA = "mina@example.com"
WANTED: dict[str, Any] = {
    "site": "demo-shop",
    "category": "cameras",
    "language": "ko",
    "channel": "voice",
    "user": {"id": "mina", "name": "민아", "contact": MINA},
    "note": "렌즈",
}
TIMES = "sites/demo-shop/times?category=cameras&language=ko&timezone=Asia/Seoul"


@pytest.fixture
async def service(tmp_path: Path, mails: Mails) -> AsyncIterator[Service]:
    async with running(with_settings(settings_for(tmp_path), mail=mails.settings())) as service:
        await give_appointments(service, PLAN)
        yield service


async def give_appointments(service: Service, plan: AppointmentPlan | None) -> None:
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, appointments=plan))


async def done(software: Software, method: str, path: str, body: Any = None, key: str = "") -> Any:
    status, found = await software.ask(method, path, body, key)
    assert status == 200, found
    return found


async def test_software_books_moves_and_cancels_and_the_user_is_told(service: Service, mails: Mails) -> None:
    software = await Software(service).ready()
    free = {each["id"]: each["times"] for each in await done(software, "GET", TIMES)}
    staff, times = next((each, times) for each, times in free.items() if len(times) > 3)
    at, later = times[0], times[3]
    made = await done(software, "POST", "appointments", WANTED | {"at": at, "staff": staff}, key="order-1")
    booked, path = made["appointment"], f"appointments/{made['appointment']['session']}"
    assert (booked["at"], booked["staff"], booked["state"], booked["name"]) == (at, staff, "scheduled", "민아")
    assert await done(software, "POST", "appointments", WANTED | {"at": at, "staff": staff}, key="order-1") == made
    assert at not in {each["id"]: each["times"] for each in await done(software, "GET", f"{path}/times")}[staff]

    moved = await done(software, "POST", f"{path}/move", {"at": later})
    assert (moved["at"], moved["staff"]) == (later, staff), "the same member, if nobody else is named"
    assert await done(software, "GET", path) == moved
    assert (await done(software, "GET", "appointments"))["items"] == [moved]

    user = await service.user_tab(*await opened(service, made["link"]))
    assert (await user.state("callback"))["callback"]["due_at"] == later
    status, refused = await software.ask("POST", f"{path}/cancel?booking={quote(booked['booking'])}")
    assert (status, refused["reason"]) == (409, "changed_meanwhile"), "it was moved since"
    cancelled = await done(software, "POST", f"{path}/cancel?booking={quote(moved['booking'])}")
    assert cancelled["state"] == "cancelled"
    await user.state("closed")
    assert (await done(software, "GET", "appointments"))["items"] == []
    assert (await done(software, "GET", path))["state"] == "cancelled"
    assert (await software.ask("POST", f"{path}/cancel"))[1]["reason"] == "wrong_state"
    found = await mails.until(lambda found: len(found) == 3)
    assert {mail["To"] for mail in found} == {MINA}
    assert link_in(found[0]), "the mail leads to the appointment, too"
    audits, _ = await service.app[app_keys.RECORDS].audits()
    assert [each.action for each in audits if each.action.startswith("appointment.")] == [
        "appointment.cancel", "appointment.move", "appointment.book",
    ]  # fmt: skip


async def opened(service: Service, link: str) -> tuple[str, str]:
    status, made, _ = await service.post("/api/invites", {"invite": link.partition("#invite=")[2]})
    assert status == 200, made
    return made["session"], made["token"]


async def test_failed_answer_leaves_no_appointment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    software, records = await Software(service).ready(), service.app[app_keys.RECORDS]

    async def away(*_: Any, **__: Any) -> None:
        raise RecordsAway

    staff, times = next((each["id"], each["times"]) for each in await done(software, "GET", TIMES) if each["times"])
    with monkeypatch.context() as failing:
        failing.setattr(records, "add_link", away)
        assert (await software.ask("POST", "appointments", WANTED | {"at": times[0], "staff": staff}))[0] == 503
    assert (await done(software, "GET", "appointments"))["items"] == []
    await done(software, "POST", "appointments", WANTED | {"at": times[0], "staff": staff})


async def test_erased_appointment_is_not_told_to_a_repeated_request(service: Service) -> None:
    software = await Software(service).ready()
    staff, times = next((each["id"], each["times"]) for each in await done(software, "GET", TIMES) if len(each["times"]) > 3)
    wanted = WANTED | {"at": times[0], "staff": staff}
    made = await done(software, "POST", "appointments", wanted, key="order-1")
    session, later = made["appointment"]["session"], {"at": times[3]}
    await done(software, "POST", f"appointments/{session}/move", later, key="move-1")
    await done(software, "DELETE", f"sessions/{session}")
    for path, body, key in (("appointments", wanted, "order-1"), (f"appointments/{session}/move", later, "move-1")):
        status, found = await software.ask("POST", path, body, key)
        assert (status, found["reason"]) == (409, "in_progress"), found
    assert (await done(software, "GET", "appointments"))["items"] == [], "nothing is booked again"


async def test_list_has_every_appointment_once_in_the_order_of_their_times(service: Service) -> None:
    software = await Software(service).ready()
    free = [(at, each["id"]) for each in await done(software, "GET", TIMES) for at in each["times"][:8:2]]
    for at, staff in free:
        await done(software, "POST", "appointments", WANTED | {"at": at, "staff": staff})
    seen, cursor = [], ""
    while True:
        part = await done(software, "GET", f"appointments?limit=3&cursor={cursor}")
        assert len(part["items"]) <= 3
        seen += [(each["at"], each["staff"]) for each in part["items"]]
        if not (cursor := part["next"]):
            break
    assert [at for at, _ in seen] == sorted(at for at, _ in free)
    assert sorted(seen) == sorted(free)
    (first, one), *_ = sorted(free)
    found = await done(software, "GET", f"appointments?staff={one}&from={first}&to={first + 1}")
    assert [(each["at"], each["staff"]) for each in found["items"]] == [(first, one)]
    assert (await done(software, "GET", "appointments?site=other"))["items"] == []


async def test_wrong_booking_is_refused_and_leaves_nothing(service: Service) -> None:
    software, user = await Software(service).ready(), await service.user()
    times = (await done(software, "GET", TIMES))[0]["times"]
    for more, status, says in (
        ({"at": times[0] + 60_000 * 7 - 14 * 86_400_000}, 409, "out_of_hours"),
        ({"at": times[0], "staff": "drhan"}, 409, "out_of_hours"),
        ({"at": times[0], "user": {"name": "Kim"}}, 422, {"contact": "needed"}),
        ({"at": times[0], "category": "boats"}, 404, "unknown_category"),
        ({"at": times[0], "site": "nothing"}, 404, "not_found"),
        ({"at": times[0], "contact": "x" * 201}, 400, "bad_request"),
        ({"at": "soon"}, 400, "bad_request"),
    ):
        got, refused = await software.ask("POST", "appointments", WANTED | more)
        assert (got, refused.get("fields") or refused["reason"]) == (status, says), more
    assert (await software.ask("GET", f"appointments/{user.session_id}"))[0] == 404, "a conversation without an appointment"
    assert (await software.ask("GET", "appointments?cursor=x"))[1]["reason"] == "bad_request"
    await give_appointments(service, None)
    assert (await software.ask("POST", "appointments", WANTED | {"at": times[0]}))[1]["reason"] == "not_offered"
    assert (await software.ask("GET", TIMES))[0] == 403
    assert list(service.live.index.callbacks) == []
    assert (await done(software, "GET", "sessions?q=민아"))["items"] == []


async def test_appointment_cancelled_by_the_command_line_ends_and_is_mailed(service: Service, mails: Mails) -> None:
    software = await Software(service).ready()
    at = (await done(software, "GET", TIMES))[0]["times"][0]
    made = await done(software, "POST", "appointments", WANTED | {"at": at})
    user = await service.user_tab(*await opened(service, made["link"]))
    session = service.live.index.entries[user.session_id].session
    first = booking_of(session.callback)
    assert (await user.say("callback", at=at, contact=MINA, channel="voice"))["type"] == "ok"
    second = booking_of(session.callback)

    async def ask(booking: str) -> None:
        """Write into the database what the command `sangdam appointment cancel` writes there."""
        subject = f"session/{user.session_id}"
        await service.app[app_keys.RECORDS].audit("cli", "appointment.cancel", subject, booking)

    await ask(first)
    await asyncio.sleep(3 * LOOK_S)  # during this time, the server reads what the command has written
    assert session.state == "callback", "only the booking that was named is cancelled"
    await ask(second)
    assert (await user.state("closed"))["end_reason"] == "callback_cancelled"
    await mails.one("취소")


async def test_professional_who_carries_on_gives_the_user_another_time(service: Service) -> None:
    user, software = await service.user(channel="voice"), await Software(service).ready()
    at = service.live.now() + 60_000
    answer = await user.say("callback", at=at, contact="010-2000-3000", channel="voice")
    assert answer["type"] == "ok", answer
    service.skip(61)
    called = service.live.index.entries[user.session_id].session.callback
    assert called is not None
    counselor, professional = await service.staff(called.staff), await service.staff("drhan")
    ring = await counselor.get("ring")
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await counselor.until(lambda session: session["state"] == "active")
    assert (await counselor.say("help", note="?", category="lenses"))["type"] == "ok"
    ring = await professional.get("ring")
    assert (await professional.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await professional.until(lambda session: session["help"]["state"] == "catching_up")
    assert (await professional.say("join"))["type"] == "ok"
    await professional.until(lambda session: session["help"]["state"] == "joined")
    assert (await counselor.say("mode", mode="conference"))["type"] == "ok"
    answer = await counselor.say("hand_over")
    assert answer["type"] == "ok", answer
    await professional.until(lambda session: session["help"]["state"] == "handed_over")
    offered = await professional.ask(type="callback_times", session=user.session_id, timezone="Asia/Seoul")
    assert "staff" not in offered, "a professional has no appointments"
    again = offered["times"][0]
    assert (await professional.say("move_callback", at=again))["type"] == "ok"
    [item] = (await done(software, "GET", "appointments"))["items"]
    assert (item["at"], item["state"]) == (again, "scheduled")
    member = await service.app[app_keys.RECORDS].staff(item["staff"])
    assert member is not None
    assert member.role == "counselor"
