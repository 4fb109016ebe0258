"""Appointments over real HTTP and WebSockets.

Users choose appointments. The matcher keeps staff free for the appointments, and user and counselor meet at the appointed
time. Users and staff move appointments. If a member of staff is late, another member takes over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from msgspec.structs import replace

from signaling.live.clock import wall_clock_ms
from signaling.records import RecordsAway
from signaling.records.appointment_plan import CELL_MS, AppointmentPlan, cells
from signaling.records.opening_hours import WEEKDAYS, Hours
from signaling.server import app as wiring
from signaling.server import app_keys
from tests.clock import Clock
from tests.peers import live_house
from tests.peers.live_house import Person, Service, running, settings_for

SOON_MS = 600_000
PLAN = AppointmentPlan(minutes=30, buffer_minutes=15, notice_minutes=0, lead_minutes=5)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        records = service.app[app_keys.RECORDS]
        site = await records.site("demo-shop")
        assert site is not None
        await records.save_site(replace(site, appointments=PLAN))
        yield service


async def times(user: Person) -> dict[str, Any]:
    return await user.ask(type="callback_times", session=user.session_id, timezone="Asia/Seoul", channel="voice")


async def booked(user: Person, at: int, contact: str = "kim@example.com") -> dict[str, Any]:
    answer = await user.say("callback", at=at, contact=contact, channel="voice")
    assert answer["type"] == "ok", answer
    return (await user.state("callback"))["callback"]


async def pass_time(service: Service, seconds: float) -> None:
    """Move the clock forward in steps shorter than the lease during which the matcher counts a member of staff as present.

    The consoles of this test renew this lease only at intervals of real time, so each step renews the lease for the consoles.
    """
    live = service.live
    while seconds > 0:
        service.skip(min(seconds, 20))
        seconds -= 20
        await live.store.renew(live.hub.staff_ids(), live.now())


async def until(service: Service, at: int, seconds: float = 0) -> None:
    await pass_time(service, (at - service.live.now()) / 1000 + seconds)


async def read(service: Service, path: str, cookie: str) -> Any:
    async with service.http.get(service.url + path, headers={"Cookie": cookie}) as reply:
        assert reply.status == 200, await reply.text()
        return await reply.json()


def staff_of(service: Service, user: Person) -> str:
    called = service.live.index.entries[user.session_id].session.callback
    assert called is not None
    return called.staff


async def test_both_meet_at_the_time_that_was_kept_free(service: Service) -> None:
    user, other = await service.user(), await service.user()
    offered = await times(user)
    assert offered["minutes"] == 30
    assert offered["times"]
    # the category is always open, so any time can be booked; `SOON_MS` is short enough that the staff's sign-ins stay valid
    at = service.live.now() + SOON_MS
    called = await booked(user, at)
    name = staff_of(service, user)
    assert called["staff_name"] == (await service.live.records.staff(name)).name
    # Skip to four minutes before `at`: in the last five minutes before `at`, the matcher keeps a place of the counselor free.
    service.skip((at - service.live.now()) / 1000 - 240)
    counselor = await service.staff(name)
    queue = await counselor.find(lambda m: m["type"] == "queue" and bool(m.get("callbacks")))
    assert [(item["staff"], item["channel"]) for item in queue["callbacks"]] == [(name, "voice")]
    await service.live.requests.settled()
    [status] = [each for each in (await service.live.store.snapshot()).requests.values() if each.state == "promised"]
    assert status.request.only == name

    answer = await other.say("enter", channel="voice", name="Lee")
    assert answer["type"] == "ok", answer
    await service.live.requests.settled()
    assert not [each for each in counselor.seen if each["type"] == "ring"], "a promised place is given to nobody else"
    await until(service, at)
    ring = await counselor.get("ring")
    assert (ring["kind"], ring["session"], ring["waiting_since"]) == ("callback", user.session_id, at)
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await user.until(lambda session: session["state"] == "active")
    answer = await user.say("enter", channel="voice", name="Kim")
    assert answer["type"] == "ok", answer
    view = await user.until(lambda session: session["callback"]["came"])
    assert view["room"]["media"] is True


async def test_hours_and_booked_times_follow_a_clock_that_was_set_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = Clock()
    steady.skip(-25 * 3600)  # the machine's clock was just set forward by 25 h, and the server's steady clock follows only slowly
    monkeypatch.setattr(wiring, "SteadyClock", lambda: steady)
    monkeypatch.setattr(live_house, "Clock", lambda: wall_clock_ms)
    async with running(settings_for(tmp_path)) as service:
        records, today = service.app[app_keys.RECORDS], datetime.now(UTC).date()
        site = await records.site("demo-shop")
        assert site is not None
        week: Any = {day: ["00:00-24:00"] for day in WEEKDAYS}
        hours = Hours(timezone="UTC", week=week, days={f"{today - timedelta(days=n)}": [] for n in (1, 2)})
        cameras = replace(site.categories["cameras"], hours=hours)
        await records.save_site(replace(site, appointments=PLAN, categories=site.categories | {"cameras": cameras}))
        user = await service.user(channel="voice")
        assert (await user.state("preparing"))["opening"]["open"], "today is no holiday"
        await booked(user, wall_clock_ms() + 1_500)
        counselor = await service.staff(staff_of(service, user))
        assert (await counselor.get("ring"))["kind"] == "callback"


async def test_one_time_of_one_counselor_is_promised_once(service: Service) -> None:
    first = await service.user()
    at = (await times(first))["times"][0]
    await booked(first, at)
    staff = {staff_of(service, first)}
    while True:
        user = await service.user()
        answer = await user.say("callback", at=at, contact="kim@example.com", channel="voice")
        if answer["type"] != "ok":
            break
        await user.state("callback")
        assert staff_of(service, user) not in staff
        staff.add(staff_of(service, user))
    assert answer["reason"] == "out_of_hours"
    assert at not in (await times(user))["times"]
    assert (await first.say("cancel_callback"))["type"] == "ok"
    await first.state("closed")
    assert (await user.say("callback", at=at, contact="kim@example.com", channel="voice"))["type"] == "ok"


async def test_two_moves_at_once_leave_the_time_taken_that_is_agreed(service: Service) -> None:
    user = await service.user()
    at, *_, later, latest = (await times(user))["times"]
    await booked(user, at)
    entry, own = service.live.index.entries[user.session_id], staff_of(service, user)
    await asyncio.gather(*(service.live.desk.move(entry, each, own, "ops") for each in (later, latest)))
    called = entry.session.callback
    agreed = set(cells(called.due_at, PLAN))
    found = await service.live.records.taken_cells([own], range(at // CELL_MS, latest // CELL_MS + 10))
    assert found == {own: agreed}, "one cell more or less is a time promised twice, or never"


async def test_user_books_no_member_unknown_to_them_and_no_channel_not_offered(service: Service) -> None:
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, channels=["text"]))
    user = await service.user()
    offered = await times(user)
    assert "staff" not in offered, "a stranger knows nobody"
    at = offered["times"][0]
    answer = await user.say("callback", at=at, contact="kim@example.com", channel="text", staff="jimin")
    assert answer["reason"] == "out_of_hours"
    answer = await user.say("callback", at=at, contact="kim@example.com", channel="video")
    assert answer["reason"] == "not_offered"
    assert (await user.say("callback", at=at, contact="kim@example.com", channel="text"))["type"] == "ok"


async def test_booked_time_is_confirmed_though_the_records_go_away_then(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise RecordsAway

    user, records = await service.user(), service.app[app_keys.RECORDS]
    monkeypatch.setattr(records, "keep_cells", away)
    at, later, *_ = (await times(user))["times"]
    assert (await booked(user, at))["state"] == "scheduled"
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, appointments=None))
    answer = await user.say("callback", at=later, contact="kim@example.com")
    assert answer["type"] == "ok", answer


async def test_many_who_ask_at_once_cost_one_look(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, look = [], service.live.records.taken_cells

    async def counted(*given: Any, **named: Any) -> Any:
        looks.append(given)
        return await look(*given, **named)

    monkeypatch.setattr(service.live.records, "taken_cells", counted)
    users = [await service.user() for _ in range(4)]
    answers = await asyncio.gather(*(times(user) for user in users))
    assert [len(answer["times"]) > 0 for answer in answers] == [True] * 4
    assert len(looks) == 1


async def test_late_counselor_gives_way_to_a_colleague_and_late_user_is_awaited(service: Service) -> None:
    user = await service.user()
    at = service.live.now() + SOON_MS
    await booked(user, at)
    own = staff_of(service, user)
    [colleague] = [each for each in ("jimin", "suho") if each != own]
    service.skip((at - service.live.now()) / 1000)
    view = await user.until(lambda session: session["callback"]["state"] == "due")
    assert view["callback"]["anyone"] is False
    helper = await service.staff(colleague)
    await pass_time(service, 170)
    assert not [each for each in helper.seen if each["type"] == "ring"]
    await pass_time(service, 11)
    ring = await helper.get("ring")
    assert ring["with_name"] != ""
    view = await user.until(lambda session: session["callback"]["anyone"])
    assert (await helper.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await helper.until(lambda session: session["state"] == "active")
    await pass_time(service, 590)
    assert helper.session["state"] == "active", "the user may be ten minutes late"
    await pass_time(service, 15)
    await helper.until(lambda session: session["state"] == "after")
    assert (await user.state("after"))["end_reason"] == "callback_missed"


async def test_operator_sees_what_a_deactivated_counselor_leaves_and_moves_it(service: Service) -> None:
    user = await service.user()
    at = (await times(user))["times"][0]
    await booked(user, at)
    own = staff_of(service, user)
    records = service.app[app_keys.RECORDS]
    member = await records.staff(own)
    assert member is not None
    await records.save_staff(replace(member, active=False))
    ops = await service.sign_in("ops")
    page = await read(service, "/api/operator/appointments", ops)
    assert [(item["session"], item["trouble"], item["staff"]) for item in page["items"]] == [(user.session_id, "staff_gone", own)]
    hours = f"/api/settings/staff/{own}/hours"
    assert [item["session"] for item in (await read(service, hours, ops))["touched"]] == [user.session_id]
    boss = await records.staff("ops")
    assert boss is not None
    await records.save_staff(replace(boss, id="root", login="root", offices=["administrator"]))
    _, _, root = await service.post("/api/sign-in", {"login": "root", "password": "ops-demo"})
    assert (await read(service, hours, root))["touched"] == [], "administrators see no users"
    where = f"/api/operator/appointments/{user.session_id}"
    free = await read(service, f"{where}/times?timezone=Asia/Seoul", ops)
    assert own not in [each["id"] for each in free]
    status, _, _ = await service.post(f"{where}/move", {"at": at + 60_000, "staff": free[0]["id"]}, cookie=ops)
    assert status == 200
    view = await user.until(lambda session: session["callback"]["due_at"] == at + 60_000)
    assert view["callback"]["staff_name"] == free[0]["name"]

    cookie = await service.sign_in(free[0]["id"])
    _, made, _ = await service.post("/api/calendar", {}, cookie=cookie)
    path = made["url"].partition("/calendar/")[2]
    async with service.http.get(f"{service.url}/calendar/{path}") as reply:
        [event] = icalendar.Calendar.from_ical(await reply.read()).walk("VEVENT")
    assert event["dtstart"].dt.timestamp() * 1000 == at + 60_000
    assert "kim@example.com" not in str(event)
    status, refused, _ = await service.post(f"{where}/cancel", {"booking": page["items"][0]["booking"]}, cookie=ops)
    assert (status, refused["reason"]) == (409, "changed_meanwhile"), "the page still showed the former time"
    stale = {"at": at + 120_000, "staff": free[0]["id"], "booking": page["items"][0]["booking"]}
    status, refused, _ = await service.post(f"{where}/move", stale, cookie=ops)
    assert (status, refused["reason"]) == (409, "changed_meanwhile")
    [shown] = (await read(service, "/api/operator/appointments", ops))["items"]
    status, _, _ = await service.post(f"{where}/cancel", {"booking": shown["booking"]}, cookie=ops)
    assert status == 200
    await user.state("closed")
