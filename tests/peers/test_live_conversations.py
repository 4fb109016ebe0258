"""Other software starts a conversation and sends the link to the conversation's user, who enters exactly this conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.live import inviting
from signaling.records import RecordsAway
from signaling.server import app_keys
from tests import PATIENCE_S
from tests.peers.live_house import Person, Service, running, settings_for
from tests.peers.software import Software

WANTED: dict[str, Any] = {"site": "demo-shop", "category": "cameras", "language": "ko", "user": {"id": "mina", "name": "민아"}}
LINE = "주문하신 렌즈가 도착했어요."


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def start(software: Software, **more: Any) -> dict[str, Any]:
    status, started = await software.ask("POST", "conversations", WANTED | more)
    assert status == 200, started
    return dict(started)


async def exchanged(service: Service, link: str) -> tuple[int, Any]:
    page, _, invite = link.partition("#invite=")
    assert page == f"{service.settings.url}/call"
    status, made, _ = await service.post("/api/invites", {"invite": invite})
    return status, made


async def entered(service: Service, link: str) -> Person:
    status, made = await exchanged(service, link)
    assert status == 200, made
    return await service.user_tab(made["session"], made["token"])


async def lines(person: Person) -> list[tuple[str, str]]:
    await person.send(type="lines", session=person.session_id, after=0)
    return [(each["name"], each["text"]) for each in (await person.get("lines"))["lines"] if each["role"] != "system"]


async def test_user_enters_the_started_conversation_and_meets_its_counselor(service: Service) -> None:
    software, jimin = await Software(service).ready(), await service.staff("jimin")
    started = await start(software, line={"text": LINE, "staff": "jimin"})
    assert (await jimin.state("asleep"))["id"] == started["session"], "staff see that it waits for the user"

    user = await entered(service, started["link"])
    assert user.session_id == started["session"]
    await user.state("asleep")
    assert await lines(user) == [("Jimin", LINE)]
    assert (await exchanged(service, started["link"]))[0] == 409, "the link works once"

    await user.send(type="line", session=user.session_id, line="l-1", kind="text", text="오늘 찾아가도 되나요?")
    ring = await jimin.get("ring")
    brief = {each["name"]: (each["value"], each["provenance"]) for each in ring["brief"]["fields"]}
    assert (brief["user_id"], brief["user_name"]) == (("mina", "signed"), ("민아", "signed"))
    assert (await jimin.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    await user.state("active")

    status, held = await software.ask("POST", "people/find", {"user_id": "mina"})
    assert (status, held["sessions"]) == (200, [started["session"]])


async def test_repeated_request_starts_one_conversation(service: Service) -> None:
    software = await Software(service).ready()
    first = await software.ask("POST", "conversations", WANTED, key="order-1")
    assert await software.ask("POST", "conversations", WANTED, key="order-1") == first
    user = await entered(service, first[1]["link"])
    await user.state("asleep")
    assert await lines(user) == []
    await user.send(type="line", session=user.session_id, line="l-1", kind="text", text="안녕하세요")
    await user.state("waiting")


@pytest.mark.parametrize("step", ["append_line", "add_link"])
async def test_start_that_fails_leaves_no_conversation(service: Service, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    software, records = await Software(service).ready(), service.app[app_keys.RECORDS]
    wanted = WANTED | {"line": {"text": LINE, "staff": "jimin"}}

    async def away(*_: Any, **__: Any) -> None:
        raise RecordsAway

    with monkeypatch.context() as failing:
        failing.setattr(records, step, away)
        assert (await software.ask("POST", "conversations", wanted, key="order-1"))[0] == 503
    assert await records.live_sessions() == [], "nobody could ever enter it"
    status, started = await software.ask("POST", "conversations", wanted, key="order-1")
    assert status == 200
    assert [each.id for each in await records.live_sessions()] == [started["session"]]


async def test_started_call_is_entered_and_rings(service: Service) -> None:
    software, jimin = await Software(service).ready(), await service.staff("jimin")
    started = await start(software, channel="voice", link_hours=1)
    assert not service.live.index.crowd.unopened, "who was invited takes no place of those who wait"
    user = await entered(service, started["link"])
    await user.state("preparing")
    await user.say("enter", channel="voice")
    assert (await jimin.get("ring"))["session"] == started["session"]


async def test_link_that_nobody_used_ends_its_conversation(service: Service) -> None:
    software = await Software(service).ready()
    started = await start(software, link_hours=1)
    service.skip(3601)
    status, refused = await exchanged(service, started["link"])
    assert (status, refused["reason"]) == (410, "expired")
    async with asyncio.timeout(PATIENCE_S):
        while service.live.index.invited:
            await asyncio.sleep(0.05)


async def test_wrong_conversation_is_refused_by_field(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    software = await Software(service).ready()
    for more, status, says in (
        ({"line": {"text": LINE, "staff": "drhan"}}, 422, {"line.staff": "unknown"}),
        ({"line": {"text": LINE, "staff": "nobody"}}, 422, {"line.staff": "unknown"}),
        ({"line": {"text": LINE}, "channel": "voice"}, 422, {"line": "text_only"}),
        ({"category": "boats"}, 404, "unknown_category"),
        ({"language": "de"}, 400, "unknown_language"),
        ({"site": "nothing"}, 404, "not_found"),
        ({"line": {"text": " "}}, 400, "bad_request"),
        ({"link_hours": 721}, 400, "bad_request"),
    ):
        got, refused = await software.ask("POST", "conversations", WANTED | more)
        assert (got, refused.get("fields") or refused["reason"]) == (status, says), more
    records = service.app[app_keys.RECORDS]
    site = await records.site("demo-shop")
    assert site is not None
    await records.save_site(replace(site, channels=["text"]))
    got, refused = await software.ask("POST", "conversations", WANTED | {"channel": "voice"})
    assert (got, refused["reason"]) == (403, "not_offered"), "the user could not enter by the link, which works once"
    monkeypatch.setattr(inviting, "MOST_OF_SITE", 1)
    await start(software)
    assert (await software.ask("POST", "conversations", WANTED))[0] == 503


async def test_software_settles_a_callback_and_its_user_reads_so(service: Service) -> None:
    software, user = await Software(service).ready(), await service.user()
    at = service.live.now() + 60_000
    assert (await user.say("callback", at=at, contact="010-2000-3000", note=""))["type"] == "ok"
    await user.state("callback")
    status, item = await software.ask("PUT", f"callbacks/{user.session_id}", {"state": "done"})
    assert (status, item["callback"]["state"]) == (200, "done")
    assert (await user.state("closed"))["callback"]["state"] == "done"
    assert (await software.ask("PUT", f"callbacks/{user.session_id}", {"state": "failed"}))[0] == 409
    assert (await software.ask("GET", "callbacks"))[1]["items"] == []
