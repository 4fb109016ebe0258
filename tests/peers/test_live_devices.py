"""A user for whom the shop vouches continues an open conversation on another device."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from signaling.access.codes import Claims, User, secret_bytes, sign
from signaling.records import Audited
from signaling.server import app_keys
from tests import PATIENCE_S
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.peers.test_live_guests import USER, hears

SECRET = "우리끼리만 하는 말"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def code_of(service: Service, user: str = "mina") -> str:
    """Return an identification code that the shop's back end signs for this user."""
    site = await service.app[app_keys.RECORDS].site("demo-shop")
    assert site is not None
    [key, *_] = site.keys
    now_s = service.live.now() // 1000
    claims = Claims(
        site="demo-shop",
        category="cameras",
        language="ko",
        server=service.settings.server_name,
        jti=secrets.token_urlsafe(16),
        iat=now_s,
        exp=now_s + 300,
        user=User(id=user),
    )
    return sign(claims, key.kid, secret_bytes(key.secret))


async def thread(service: Service, path: str = "", *, user: str = "mina", method: str = "GET") -> tuple[int, Any]:
    """Ask for `/api/threads` with a new token, as another device of this user would. Return status and answer."""
    status, right, _ = await service.post("/api/threads", {"code": await code_of(service, user)})
    assert status == 200, right
    headers = {"Authorization": f"Bearer {right['token']}", "Origin": service.settings.url}
    async with service.http.request(method, f"{service.url}/api/threads{path}", headers=headers) as reply:
        return reply.status, await reply.json()


async def talking(service: Service) -> tuple[Person, Person]:
    """Start a text conversation of the user mina with the counselor Jimin. Return both people."""
    body = {"code": await code_of(service), "channel": "text", "locale": "ko"}
    _, made, _ = await service.post("/api/sessions", body)
    user, jimin = await service.user_tab(made["session"], made["token"]), await service.staff("jimin")
    await user.say("enter", channel="text")
    ring = await jimin.get("ring")
    await jimin.ask(type="accept", reservation=ring["reservation"])
    await jimin.state("active")
    for person, text, audience in ((user, "삼각대도 있나요?", "all"), (jimin, SECRET, "staff"), (jimin, "네, 있어요.", "all")):
        line = f"l-{text}".encode().hex()[:40]
        await person.send(type="line", session=user.session_id, line=line, kind="text", text=text, audience=audience)
        await person.find(lambda message, line=line: message["type"] == "ack" and message["line"] == line)
    return user, jimin


async def test_open_conversation_moves_and_the_first_device_says_so(service: Service) -> None:
    user, jimin = await talking(service)
    status, page = await thread(service)
    assert (status, [(each["id"], each["open"]) for each in page["items"]]) == (200, [(user.session_id, True)])
    refused, body, _ = await service.post(
        "/api/sessions", {"code": await code_of(service), "channel": "text", "locale": "ko", "when_open": "ask"}
    )
    assert (refused, body["reason"]) == (409, "open_elsewhere")
    status, moved = await thread(service, f"/{user.session_id}/continue", method="POST")
    assert (status, moved["session"], moved["channel"]) == (200, user.session_id, "text")
    assert (await user.get("bye"))["reason"] == "replaced"
    phone = await service.user_tab(moved["session"], moved["token"], tab="t-phone")
    await phone.state("active")
    await phone.send(type="lines", session=user.session_id, after=0)
    lines = (await phone.get("lines"))["lines"]
    assert [line["text"] for line in lines if line["role"] != "system"] == ["삼각대도 있나요?", "네, 있어요."]
    await phone.send(type="line", session=user.session_id, line="l-phone", kind="text", text="여기서 이어갈게요")
    await jimin.find(lambda message: message["type"] == "line" and message["line"]["text"] == "여기서 이어갈게요")
    assert SECRET not in phone.traffic()
    late = await service.http.ws_connect(service.url + "/ws", headers={"Origin": service.settings.url})
    await late.send_json({"type": "hello", "tab": "t-user", "token": user.token, "locale": "ko"})
    assert (await late.receive_json())["reason"] == "token"


async def test_device_that_was_replaced_in_the_queue_is_not_let_in(service: Service) -> None:
    """Very many pages reconnect at the same time, so the first device waits for its turn to connect.

    While it waits, the user moves the conversation to a second device.
    """
    user, _ = await talking(service)
    gate = service.live.admission._returning
    async with AsyncExitStack() as others, asyncio.timeout(PATIENCE_S):
        while gate._free:
            await others.enter_async_context(gate.turn())
        waiting = await service.http.ws_connect(service.url + "/ws", headers={"Origin": service.settings.url})
        await waiting.send_json({"type": "hello", "tab": "t-user", "token": user.token, "locale": "ko"})
        while not gate.wait_s():
            await asyncio.sleep(0.01)
        status, moved = await thread(service, f"/{user.session_id}/continue", method="POST")
        assert status == 200
        phone = asyncio.create_task(service.user_tab(moved["session"], moved["token"], tab="t-phone"))
    assert (await waiting.receive_json())["reason"] == "token"
    await (await phone).state("active")


async def test_voice_of_the_first_device_ends_when_the_user_moves(service: Service) -> None:
    user, jimin = await in_conversation(service, "voice")
    async with await user.join_room() as laptop, await jimin.join_room() as desk:
        laptop.speak(USER)
        await hears(desk, USER)
        link = await user.say("continue_elsewhere")
        status, moved, _ = await service.post("/api/invites", {"invite": link["url"].partition("#invite=")[2]})
        assert (status, moved["session"]) == (200, user.session_id)
        assert (await user.get("bye"))["reason"] == "replaced"
        await hears(desk)  # the console gets no sound, although the laptop's page goes on sending


async def test_thread_is_the_same_on_every_device_and_of_one_user_only(service: Service) -> None:
    user, _ = await talking(service)
    pages = [await thread(service, f"/{user.session_id}") for _ in range(2)]
    assert pages[0] == pages[1]
    assert [line["text"] for line in pages[0][1]["lines"]] == ["삼각대도 있나요?", "네, 있어요."]
    assert SECRET not in str(pages)
    for path, method in ((f"/{user.session_id}", "GET"), (f"/{user.session_id}/continue", "POST")):
        assert (await thread(service, path, user="suji", method=method))[0] == 404


async def test_erased_conversation_is_gone_on_every_device(service: Service) -> None:
    user, jimin = await talking(service)
    assert (await thread(service, f"/{user.session_id}"))[0] == 200
    link = (await user.say("continue_elsewhere"))["url"].partition("#invite=")[2]
    erased = Audited("cli", "session.erase", f"session/{user.session_id}")
    assert await service.app[app_keys.RECORDS].erase_session(user.session_id, audit=erased)
    for person in (user, jimin):
        assert (await person.get("session_over"))["reason"] == "erased"
    assert (await thread(service))[1]["items"] == []
    assert (await thread(service, f"/{user.session_id}"))[0] == 404
    assert (await thread(service, f"/{user.session_id}/continue", method="POST"))[0] == 404
    assert (await service.post("/api/invites", {"invite": link}))[0] == 400, "the link to another device is unknown"


async def test_ended_conversation_is_read_but_not_continued(service: Service) -> None:
    user, _ = await talking(service)
    await user.say("leave")
    await user.state("after")
    assert (await thread(service, f"/{user.session_id}"))[1]["open"] is False
    status, body = await thread(service, f"/{user.session_id}/continue", method="POST")
    assert (status, body["reason"]) == (410, "over")
