"""Pushes over real HTTP.

A ring reaches closed consoles, and an answer reaches users who have left. People who lose their rights get no more pushes.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signaling.access.identity import COOKIE
from signaling.live.clock import wall_clock_ms
from signaling.records.sign_ins import SignInRules
from signaling.server import app as wiring
from signaling.server import app_keys
from signaling.server.http import push
from tests.clock import Clock
from tests.peers import live_house
from tests.peers.conftest import eventually
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.push_service import PushService, running_push_service

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@pytest.fixture
async def pushes() -> AsyncIterator[PushService]:
    async with running_push_service() as service:
        yield service


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(replace(settings_for(tmp_path), push_allow=(LOOPBACK,))) as service:
        yield service


async def ask(service: Service, path: str, body: Any, *, cookie: str = "", token: str = "") -> tuple[int, Any]:
    own = service.settings.staff_url("counselor") if cookie else service.settings.url
    headers = {"Origin": own} | ({"Cookie": cookie} if cookie else {"Authorization": f"Bearer {token}"})
    async with service.http.post(service.url + path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def subscribed(service: Service, pushes: PushService, login: str, *names: str) -> list[str]:
    """For each of these names, sign the member in with a browser of that name, and subscribe the browser to pushes.

    Return the cookies.
    """
    cookies = []
    for name in names:
        cookies.append(await service.sign_in(login))
        said = pushes.browser(name).subscription("es")
        assert (await ask(service, "/api/push/browsers", said, cookie=cookies[-1]))[0] == 200
    return cookies


async def left_console(service: Service, login: str, cookie: str) -> None:
    """Open a console, and close it. Wait until the member of staff counts as reachable by push only."""
    console = await service.staff(login, cookie=cookie)
    await console.close()
    await eventually(lambda: login in service.live.staffing.standing_by)


async def waiting(service: Service) -> Person:
    user = await service.user()
    answer = await user.say("enter")
    assert answer["type"] == "ok", answer
    return user


async def test_ring_reaches_a_closed_console_which_then_accepts_it(service: Service, pushes: PushService) -> None:
    phone, _ = await subscribed(service, pushes, "jimin", "phone", "desk")
    await left_console(service, "jimin", phone)
    user = await waiting(service)
    came = await pushes.one("phone", "user")
    said = came.said
    assert (said["title"], said["accept"], said["tag"][:5]) == ("빛과소리", "Aceptar", "ring/")
    assert 10_000 < said["ms"] <= 20_000
    assert (came.headers["Urgency"], int(came.headers["TTL"]) <= 20) == ("high", True)
    assert set(said) == {"kind", "tag", "title", "body", "ms", "accept", "decline", "late", "failed"}, "nothing else leaves"
    console = await service.staff("jimin", cookie=phone, available=False)
    ring = await console.get("ring")
    assert f"ring/{ring['reservation']}" == said["tag"]
    assert (await console.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await user.state("active")
    over = await pushes.one("desk", "over")
    assert over.headers["Topic"] == (await pushes.one("desk", "user")).headers["Topic"], "replaces one that was not delivered"
    assert "jimin" not in service.live.staffing.standing_by


async def test_ring_reaches_a_closed_console_though_the_clock_was_set_back(
    tmp_path: Path, pushes: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    steady = Clock()
    steady.skip(120)
    monkeypatch.setattr(wiring, "SteadyClock", lambda: steady)
    monkeypatch.setattr(live_house, "Clock", lambda: wall_clock_ms)
    async with running(replace(settings_for(tmp_path), push_allow=(LOOPBACK,))) as service:
        (phone,) = await subscribed(service, pushes, "jimin", "phone")
        await left_console(service, "jimin", phone)
        await waiting(service)
        assert (await pushes.one("phone", "user")).said["ms"] > 0


async def test_ring_is_declined_from_the_notification_and_late_presses_are_over(service: Service, pushes: PushService) -> None:
    (phone,) = await subscribed(service, pushes, "jimin", "phone")
    await left_console(service, "jimin", phone)
    await waiting(service)
    reservation = (await pushes.one("phone", "user")).said["tag"].removeprefix("ring/")
    press = {"reservation": reservation}
    stranger = await service.sign_in("suho")
    assert (await ask(service, "/api/push/decline", press, cookie=stranger))[1] == {"over": True}, "not theirs"
    assert (await ask(service, "/api/push/decline", press))[0] == 401
    assert (await ask(service, "/api/push/decline", press, cookie=phone)) == (200, {"over": False})
    await pushes.one("phone", "over")
    assert (await ask(service, "/api/push/decline", press, cookie=phone)) == (200, {"over": True})
    assert service.live.staffing.state("jimin") == "available"


async def test_missed_ring_ends_the_stand_by_and_says_so(service: Service, pushes: PushService) -> None:
    (phone,) = await subscribed(service, pushes, "jimin", "phone")
    await left_console(service, "jimin", phone)
    await waiting(service)
    await pushes.one("phone", "user")
    service.skip(21)
    await pushes.one("phone", "away")
    assert "over" not in pushes.kinds("phone"), "the notification ends by itself"
    await eventually(lambda: service.live.staffing.state("jimin") in ("lost", "signed_out"))


async def test_console_that_is_looked_at_gets_no_push_and_a_hidden_one_does(service: Service, pushes: PushService) -> None:
    (desk,) = await subscribed(service, pushes, "jimin", "desk")
    console = await service.staff("jimin", cookie=desk)
    user = await waiting(service)
    ring = await console.get("ring")
    assert (await console.ask(type="decline", reservation=ring["reservation"], reason="busy"))["type"] == "ok"
    await user.say("leave")
    await console.ask(type="looking", on=False)
    await waiting(service)
    await pushes.one("desk", "user")
    assert pushes.kinds("desk") == ["user"]


@pytest.mark.parametrize("how", ["signed out", "deactivated", "removed", "sign-in ended by the command line"])
async def test_nobody_without_rights_gets_a_push(service: Service, pushes: PushService, how: str) -> None:
    (phone,) = await subscribed(service, pushes, "jimin", "phone")
    await left_console(service, "jimin", phone)
    records = service.app[app_keys.RECORDS]
    if how == "signed out":
        assert (await ask(service, "/api/sign-out", {}, cookie=phone))[0] == 200
    elif how == "deactivated":
        member = await records.staff("jimin")
        assert member is not None
        await records.save_staff(msgspec.structs.replace(member, active=False))
    elif how == "removed":
        await records.remove_staff("jimin")
    else:
        await records.remove_sign_ins_of("jimin")
    await eventually(lambda: "jimin" not in service.live.staffing.standing_by, 1.0)
    await waiting(service)
    await asyncio.sleep(0.3)  # pushes must not arrive during this time
    assert pushes.tries == 0
    assert service.live.staffing.state("jimin") == "signed_out"


async def test_stand_by_outlasts_a_restart(tmp_path: Path, pushes: PushService) -> None:
    settings = replace(settings_for(tmp_path), push_allow=(LOOPBACK,))
    async with running(settings) as service:
        (phone,) = await subscribed(service, pushes, "jimin", "phone")
        await left_console(service, "jimin", phone)
    async with running(settings) as service:
        assert service.live.staffing.state("jimin") == "available"
        await waiting(service)
        await pushes.one("phone", "user")
        header = pushes.came[-1].headers["Authorization"]
    assert header.rpartition("k=")[2] == pushes.came[0].headers["Authorization"].rpartition("k=")[2], "one key"


async def test_answer_reaches_a_user_who_has_left_and_opens_the_conversation(service: Service, pushes: PushService) -> None:
    user, counselor = await in_conversation(service)
    tablet = pushes.browser("tablet").subscription("ja")
    path = f"/api/sessions/{user.session_id}/push"
    assert (await ask(service, path, tablet, token="wrong"))[0] == 404
    status, stored = await ask(service, path, tablet, token=user.token)
    assert status == 200
    await user.until(lambda session: session["push"] == {"on": True})
    await counselor.say("line", line="l-1", text="안녕하세요")
    await service.notices_gone(user)
    await counselor.say("line", line="l-2", text="비밀이에요", audience="staff")
    await counselor.say("line", line="l-3", text="다음 답이에요")
    await counselor.say("line", line="l-4", text="그리고 또")
    came = await pushes.one("tablet", "answered")
    assert came.said == {
        "kind": "answered", "tag": came.said["tag"], "title": "빛과소리", "body": "相談員から返信がありました。",
        "device": stored["id"],
    }  # fmt: skip
    assert pushes.kinds("tablet") == ["answered"], "one, however much is written"
    opened = {"id": stored["id"], "endpoint": tablet["endpoint"], "auth": tablet["auth"]}
    assert (await ask(service, "/api/push/open", opened | {"auth": "A" * 22}))[0] == 410, "only that browser"
    status, here = await ask(service, "/api/push/open", opened)
    assert (status, here["session"]) == (200, user.session_id)
    back = await service.user_tab(here["session"], here["token"], "t-2")
    await back.state("active")
    await back.send(type="looking", on=False)
    await eventually(lambda: not all(client.looking for client in service.live.hub.clients))
    await counselor.say("line", line="l-5", text="돌아오셨네요")
    await pushes.until(lambda came: len(came) == 2)
    assert (await ask(service, f"{path}/remove", {}, token=here["token"]))[1] == {"removed": 1}
    assert (await ask(service, "/api/push/open", opened))[1]["reason"] == "over"


async def test_user_learns_that_a_counselor_came_until_the_session_is_erased(service: Service, pushes: PushService) -> None:
    user = await waiting(service)
    said = pushes.browser("phone").subscription("ko")
    _, stored = await ask(service, f"/api/sessions/{user.session_id}/push", said, token=user.token)
    await user.send(type="looking", on=False)
    counselor = await service.staff("jimin")
    ring = await counselor.get("ring")
    await counselor.ask(type="accept", reservation=ring["reservation"])
    assert (await pushes.one("phone", "accepted")).said["body"] == "상담사가 들어왔어요."
    records = service.app[app_keys.RECORDS]
    assert await records.device(stored["id"]) is not None
    await records.erase_session(user.session_id)
    assert await records.device(stored["id"]) is None


async def test_browsers_are_bounded_and_their_addresses_checked(service: Service, pushes: PushService) -> None:
    (cookie,) = await subscribed(service, pushes, "jimin", "b-0")
    records, now = service.app[app_keys.RECORDS], service.live.now()
    member = await records.staff("jimin")
    assert member is not None
    for number in range(1, 13):
        token = await service.app[app_keys.IDENTITY].add(member, now, rules=SignInRules(), address="127.0.0.1", device="")
        service.app[push.ASKED].give_back("jimin")
        said = pushes.browser(f"b-{number}").subscription()
        assert (await ask(service, "/api/push/browsers", said, cookie=f"{COOKIE}={token}"))[0] == 200
    assert len(await records.devices_of_staff("jimin", now, 3_600_000)) == 10
    good = pushes.browser("b-99").subscription()
    for wrong in (
        {"endpoint": "http://10.0.0.1/private"},
        {"endpoint": "https://169.254.169.254/x"},
        {"endpoint": "file:///etc/passwd"},
        {"p256dh": good["auth"]},
        {"auth": "!"},
    ):
        service.app[push.ASKED].give_back("jimin")
        status, refused = await ask(service, "/api/push/browsers", good | wrong, cookie=cookie)
        assert (status, refused["reason"]) == (400, "bad_push"), wrong
    async with service.http.get(f"{service.url}/api/push/key") as reply:
        assert len((await reply.json())["key"]) == 87
