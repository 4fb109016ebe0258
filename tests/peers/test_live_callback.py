"""Callbacks over real HTTP and WebSockets.

A callback is requested, becomes due and rings. The user answers by phone or by a fresh link. Servers restart while the callback
waits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from signaling.access.codes import Claims, User, secret_bytes, sign
from signaling.records.opening_hours import Hours
from signaling.server import app_keys
from tests.peers.live_house import Person, Service, running, settings_for

CONTACT, NOTE = "010-2000-3000", "렌즈가 맞지 않아요"
A_DAY_S = 86_400


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def asked(service: Service, user: Person) -> int:
    """Ask for a callback in a minute, and return its time. The category is always open, so any time is allowed."""
    at = service.live.now() + 60_000
    assert (await user.say("callback", at=at, contact=CONTACT, note=NOTE))["type"] == "ok"
    await user.state("callback")
    return int(at)


async def vouched_for(service: Service) -> Person:
    """Create a session of a user for whom the shop's back end has signed an identification code. Return the user."""
    site = await service.app[app_keys.RECORDS].site("demo-shop")
    assert site is not None
    [key, *_] = site.keys
    now = service.live.now() // 1000
    claims = Claims(
        site="demo-shop",
        category="cameras",
        language="ko",
        server=service.settings.server_name,
        jti="vouched-for-0001",
        iat=now,
        exp=now + 300,
        user=User(id="mina"),
    )
    code = sign(claims, key.kid, secret_bytes(key.secret))
    status, made, _ = await service.post("/api/sessions", {"code": code, "channel": "text", "locale": "ko"})
    assert status == 200, made
    return await service.user_tab(made["session"], made["token"])


def until(service: Service, at: int) -> float:
    return (at - service.live.now()) / 1000 + 0.1


async def rung(service: Service, at: int) -> tuple[Person, dict[str, Any]]:
    """Let the callback's time come, then sign in a counselor. Return the counselor and the ring."""
    service.skip(until(service, at))
    counselor = await service.staff("jimin")
    return counselor, await counselor.get("ring")


async def accepted(service: Service, at: int) -> Person:
    counselor, ring = await rung(service, at)
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await counselor.until(lambda session: session["state"] == "active")
    return counselor


async def test_waiting_user_leaves_and_is_called_back_at_the_contact(service: Service, capfd) -> None:
    user = await service.user()
    assert (await user.say("enter"))["type"] == "ok"
    at = await asked(service, user)
    assert user.session["callback"]["contact"] == CONTACT
    await service.notices_gone(user)
    early = await service.staff("suho", available=False)
    later = await early.find(lambda m: m["type"] == "queue" and bool(m.get("callbacks")))
    assert [(item["kind"], item["since"]) for item in later["callbacks"]] == [("callback", at)]
    await early.close()
    counselor, ring = await rung(service, at)
    assert (ring["kind"], ring["note"], ring["waiting_since"]) == ("callback", NOTE, at)
    assert ring["brief"] is not None
    assert CONTACT not in str(ring), "where to call is shown to whoever accepts"
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    view = await counselor.until(lambda session: session["state"] == "active")
    assert (view["callback"]["contact"], view["callback"]["note"], view["callback"]["state"]) == (CONTACT, NOTE, "calling")
    assert view["room"]["media"] is False
    assert service.live.staffing.state("jimin") == "busy"
    assert (await counselor.say("leave"))["type"] == "ok"
    assert (await counselor.say("wrap_up", notes="교환하기로 함", outcome="resolved"))["type"] == "ok"
    await counselor.get("session_over")
    records = service.app[app_keys.RECORDS]
    record = await records.session(counselor.session_id)
    assert (record.state, record.wrap_up_outcome, record.counselor) == ("closed", "resolved", "jimin")
    events = await records.events(record.id)
    noted = [each.data["state"] for each in events if each.kind == "callback"]
    assert noted == ["scheduled", "due", "calling", "done"]
    why = next(each.data["why"] for each in events if each.kind == "reserved")
    assert why["candidates"] == ["jimin"]
    assert CONTACT not in str(events)
    assert CONTACT not in "".join(capfd.readouterr())
    assert await records.erase_session(record.id)
    assert CONTACT.encode() not in (await records.session(record.id)).snapshot


async def test_fresh_link_leads_to_exactly_that_counselor(service: Service) -> None:
    user = await service.user("voice")
    at = await asked(service, user)
    await service.notices_gone(user)
    counselor = await accepted(service, at)
    link = urlsplit((await counselor.say("invite"))["url"])
    assert (link.path, link.query) == ("/call", "")
    invite = link.fragment.removeprefix("invite=")
    status, made, _ = await service.post("/api/invites", {"invite": invite})
    assert status == 200, made
    assert made["session"] == counselor.session_id
    back = await service.user_tab(made["session"], made["token"])
    assert (await back.until(lambda s: s["state"] == "active"))["callback"]["came"] is False
    assert (await back.say("enter", channel="voice"))["type"] == "ok"
    met = await counselor.until(lambda session: session["callback"].get("came", False))
    assert met["room"]["media"] is True
    await back.send(type="line", session=back.session_id, line="c-1", text="안녕하세요")
    await counselor.find(lambda m: m["type"] == "line" and m["line"]["text"] == "안녕하세요")
    assert (await service.post("/api/invites", {"invite": invite}))[1]["reason"] == "over"
    audits, _ = await service.app[app_keys.RECORDS].audits()
    assert [(each.actor, each.action) for each in audits if each.action == "callback.invite"] == [("jimin", "callback.invite")]
    former = await service._socket(service.settings.url)
    await former.send_json({"type": "hello", "tab": "old", "token": user.token})
    assert (await former.receive_json())["reason"] == "token", "the former token opens it no longer"
    await former.close()


async def test_link_works_once_and_for_nobody_else(service: Service) -> None:
    user = await service.user()
    at = await asked(service, user)
    counselor = await accepted(service, at)
    assert (await user.say("invite"))["reason"] == "not_yours"
    url = (await counselor.say("invite"))["url"]
    invite = url.partition("#invite=")[2]
    assert (await service.post("/api/invites", {"invite": invite[:-4] + "AAAA"}))[1]["reason"] == "bad_invite"
    assert (await service.post("/api/invites", {"invite": "x" * 100}))[1]["reason"] == "bad_invite"
    assert (await service.post("/api/invites", {"invite": invite}))[0] == 200
    assert (await service.post("/api/invites", {"invite": invite}))[1]["reason"] == "replayed"
    second = (await counselor.say("invite"))["url"].partition("#invite=")[2]
    service.skip(3601)
    assert (await service.post("/api/invites", {"invite": second}))[1]["reason"] == "expired"


async def test_unanswered_callback_is_moved_then_cancelled_by_the_user(service: Service) -> None:
    user = await service.user()
    counselor = await accepted(service, await asked(service, user))
    times = (await counselor.say("callback_times"))["times"]
    assert (await counselor.say("move_callback", at=times[-1]))["type"] == "ok"
    await counselor.get("session_over")
    assert service.live.staffing.state("jimin") == "available"
    view = await user.until(lambda session: session["state"] == "callback")
    assert view["callback"]["due_at"] == times[-1]
    assert (await user.say("callback", at=times[0], contact="", note=""))["type"] == "ok"
    assert (await user.say("leave"))["type"] == "ok"
    assert user.session["state"] == "callback", "closing the page does not cancel it"
    assert (await user.say("cancel_callback"))["type"] == "ok"
    await user.state("closed")
    assert user.session["end_reason"] == "callback_cancelled"


async def test_unknown_user_must_leave_a_contact(service: Service) -> None:
    user = await service.user()
    assert user.session["contact_needed"] is True
    at = (await user.say("callback_times"))["times"][-1]
    for nothing in ("", "   ", "-1"):
        assert (await user.say("callback", at=at, contact=nothing))["reason"] == "no_contact"
    assert user.session["state"] == "preparing"
    assert (await user.say("callback", at=at, contact=CONTACT))["type"] == "ok"
    assert (await user.say("callback", at=at - 1_800_000))["type"] == "ok"
    assert (await user.until(lambda session: session["callback"]["moved"] == 1))["callback"]["contact"] == CONTACT


async def test_known_user_can_leave_the_contact_empty(service: Service) -> None:
    user = await vouched_for(service)
    assert user.session["contact_needed"] is False
    at = (await user.say("callback_times"))["times"][-1]
    assert (await user.say("callback", at=at))["type"] == "ok"


async def test_closed_hours_offer_only_times_within_opening_hours(service: Service) -> None:
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    week = {"mon": ["10:00-12:00"], "thu": ["10:00-12:00"]}
    cameras = replace(site.categories["cameras"], hours=Hours(timezone="Asia/Seoul", week=week))
    await records.save_site(replace(site, categories=site.categories | {"cameras": cameras}))
    user = await service.user()
    times = (await user.say("callback_times"))["times"]
    assert times
    for wrong in (service.live.now() - 1, times[0] - 3 * 3_600_000, times[0] + 60 * A_DAY_S * 1000):
        assert (await user.say("callback", at=wrong))["reason"] == "out_of_hours"
    assert (await user.say("callback", at=times[-1], contact=CONTACT))["type"] == "ok"
    await records.save_site(replace(await records.site("demo-shop"), callbacks="off"))
    other = await service.user()
    assert (await other.say("callback", at=times[-1]))["reason"] == "not_offered"


async def test_callback_survives_a_restart(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with running(settings) as service:
        user = await service.user()
        at = await asked(service, user)
        await service.notices_gone(user)
    async with running(settings) as service:
        counselor = await accepted(service, at)
        assert counselor.session["callback"]["contact"] == CONTACT
        await service.notices_gone(counselor)
    async with running(settings) as service:
        service.skip(until(service, at) + 40)  # the counselor does not return in time, so the request goes to another counselor
        other = await service.staff("suho")
        ring = await other.get("ring")
        assert ring["kind"] == "callback"
