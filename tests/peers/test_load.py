"""More people arrive than a server can serve. The server tells some of them when to return, and running sessions go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from signaling.access.admission import Gate
from signaling.config.proxies import one_proxy
from signaling.config.shares import Sites
from signaling.live.connections import Client
from signaling.live.entry import Entry
from signaling.server import app_keys, websocket
from tests import PATIENCE_S
from tests.peers.conftest import eventually
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for

PEOPLE = 40
MOST_WAITING = PEOPLE + 2


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(replace(settings_for(tmp_path), most_waiting=MOST_WAITING, trust_proxy=one_proxy())) as service:
        yield service


async def a_crowd(service: Service) -> list[Person]:
    """Put `PEOPLE` users into the queue, one after the other. Return the users in this order."""
    people = []
    for _ in range(PEOPLE):
        people.append(await service.user())
        assert (await people[-1].say("enter"))["type"] == "ok"
    return people


async def test_position_is_sent_only_to_those_whose_position_changes(service: Service) -> None:
    people = await a_crowd(service)
    await people[-1].until(lambda session: session["waiting"]["place"] == PEOPLE)
    seen = [len(person.seen) for person in people]
    gone = 9
    await people[gone].say("leave")
    for number, person in enumerate(people[gone + 1 :], gone + 1):
        await person.until(lambda session, place=number: session["waiting"]["place"] == place)
    for number, person in enumerate(people):
        told = [message for message in person.seen[seen[number] :] if message["type"] in ("waiting", "session")]
        if number != gone:
            assert [message["type"] for message in told] == (["waiting"] if number > gone else [])


async def test_full_server_tells_new_users_when_to_return(service: Service) -> None:
    user, counselor = await in_conversation(service)
    people = await a_crowd(service)
    for _ in range(MOST_WAITING - PEOPLE):
        await service.user()
    asked = {"site": "demo-shop", "category": "cameras", "language": "ko"}
    shop = {"Origin": service.settings.shop_url}
    async with service.http.post(f"{service.url}/api/codes", json=asked, headers=shop) as answer:
        refusal = await answer.json()
        assert (answer.status, refusal["reason"]) == (503, "full")
        assert int(answer.headers["Retry-After"]) == refusal["retry_s"] >= 1
        assert answer.headers["Access-Control-Allow-Origin"] == service.settings.shop_url
    await counselor.send(type="line", session=user.session_id, line="c-1", text="still here")
    await user.find(lambda message: message["type"] == "line" and message["line"]["text"] == "still here")
    for person in people[:2]:
        await person.say("leave")
        await person.close()
    await service.user_session()


async def test_unopened_sessions_take_no_place_and_end_in_seconds(service: Service) -> None:
    unopened = [await service.user_session() for _ in range(MOST_WAITING + 5)]
    user = await service.user()
    assert (await user.say("enter"))["type"] == "ok"
    service.skip(31)
    async with asyncio.timeout(PATIENCE_S):
        while any(session in service.live.index.entries for session, _ in unopened):
            await asyncio.sleep(0.05)
    assert service.live.index.crowd.unopened.total() == 0
    assert service.live.index.crowd.here == {"demo-shop": 1}


async def test_load_of_one_site_leaves_room_for_another(service: Service) -> None:
    records = service.app[app_keys.RECORDS]
    shop = await records.site("demo-shop")
    assert shop is not None
    await records.save_site(structs.replace(shop, id="other"))
    service.live.admission.sites = Sites({"demo-shop": "main", "other": "main"})
    people = [await service.user() for _ in range(MOST_WAITING - MOST_WAITING // 4)]
    assert all(person.session_id for person in people)
    body = {"site": "demo-shop", "category": "cameras", "language": "ko"}
    status, refusal, _ = await service.post("/api/codes", body, origin=service.settings.shop_url)
    assert (status, refusal["reason"]) == (503, "full")
    status, made, _ = await service.post("/api/codes", body | {"site": "other"}, origin=service.settings.shop_url)
    assert status == 200, made
    status, made, _ = await service.post("/api/sessions", {"code": made["code"], "channel": "text", "locale": "ko"})
    assert status == 200, made


async def test_reconnecting_load_is_admitted_gradually_sessions_first(service: Service) -> None:
    user, _ = await in_conversation(service)
    people = await a_crowd(service)
    await asyncio.gather(*(person.close() for person in (user, *people)))
    service.live.admission._returning = Gate(at_once=1, longest_s=0.02)
    tabs = [Person(await service._socket(service.settings.url)) for _ in people]
    back = Person(await service._socket(service.settings.url))
    for tab, person in zip(tabs, people, strict=True):
        await tab.send(type="hello", tab="t-user", token=person.token)
    await back.send(type="hello", tab="t-user", token=user.token)
    await back.get("welcome")
    answers = await asyncio.gather(*(tab.find(lambda message: message["type"] in ("welcome", "bye")) for tab in tabs))
    refused = [message for message in answers if message["type"] == "bye"]
    assert 0 < len(refused) < PEOPLE
    assert {message["reason"] for message in refused} == {"crowded"}
    assert all(message["retry_ms"] >= 1000 for message in refused)
    for person, answer in zip(people, answers, strict=True):
        if answer["type"] == "bye":
            await service.user_tab(person.session_id, person.token)


async def test_page_that_left_the_queue_is_not_let_in(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that waits in vain connects again. The server must not also serve the connection that the page has left."""
    user = await service.user()
    await user.close()
    await eventually(lambda: not service.live.hub.clients)
    made: list[websocket._Connection] = []
    attached: list[str] = []
    attach, connection = service.live.presence.attach_user, websocket._Connection

    def new(*arguments: Any) -> websocket._Connection:
        made.append(connection(*arguments))
        return made[-1]

    async def counted(client: Client, entry: Entry) -> None:
        attached.append(client.tab)
        await attach(client, entry)

    monkeypatch.setattr(websocket, "_Connection", new)
    monkeypatch.setattr(service.live.presence, "attach_user", counted)
    gate = service.live.admission._returning = Gate(at_once=1, longest_s=60.0)
    async with gate.turn():
        left = await service._socket(service.settings.url)
        await left.send_json({"type": "hello", "tab": "t-left", "token": user.token})
        await eventually(lambda: gate.wait_s() > 0)
        left._response.connection.transport.abort()
        await eventually(lambda: made[-1]._is_cut)
        back = asyncio.create_task(service.user_tab(user.session_id, user.token, tab="t-back"))
    await back
    assert attached == ["t-back"]
    assert service.live.refused["gone"] == 1
