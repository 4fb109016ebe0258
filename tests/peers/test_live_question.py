"""A user types a question before the session starts. The question becomes the session's first chat line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.peers.live_house import Person, Service, running, settings_for

QUESTION = "손떨림이 걱정돼요 😀"


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def lines_of(person: Person) -> list[tuple[str, str, str]]:
    """Return (role, kind, text) of the chat lines that people wrote and this person is allowed to read."""
    found = (await person.say("lines", after=0))["lines"]
    return [(line["role"], line["kind"], line["text"]) for line in found if line["kind"] != "system"]


async def panel_user(service: Service, note: str) -> Person:
    """Return a user who typed the question in the panel and has not entered yet."""
    place = {"site": "demo-shop", "category": "cameras", "language": "ko"}
    status, code, _ = await service.post("/api/codes", place, origin=service.settings.shop_url)
    assert status == 200, code
    body = {"code": code["code"], "channel": "text", "locale": "ko", "supplement": {"note": note}}
    status, made, _ = await service.post("/api/sessions", body)
    assert status == 200, made
    return await service.user_tab(made["session"], made["token"])


async def test_question_typed_in_the_panel_is_the_first_line(service: Service) -> None:
    counselor = await service.staff("jimin")
    user = await panel_user(service, QUESTION)
    await user.say("enter", channel="text")
    await user.say("line", line="c-01", text="안녕하세요")
    ring = await counselor.get("ring")
    await counselor.ask(type="accept", reservation=ring["reservation"])
    counselor.session_id = user.session_id
    await counselor.until(lambda session: session["state"] == "active")
    written = [("user", "text", QUESTION), ("user", "text", "안녕하세요")]
    assert await lines_of(user) == await lines_of(counselor) == written
    headers = {"Authorization": f"Bearer {user.token}"}
    async with service.http.get(f"{service.url}/api/sessions/{user.session_id}/transcript", headers=headers) as transcript:
        assert (await transcript.text()).count(QUESTION) == 1


async def test_question_typed_on_entering_is_the_first_line(service: Service) -> None:
    user = await panel_user(service, "")
    await user.say("enter", channel="text", note=QUESTION)
    assert await lines_of(user) == [("user", "text", QUESTION)]


async def test_session_without_a_question_starts_empty(service: Service) -> None:
    user = await panel_user(service, "  ")
    await user.say("enter", channel="text")
    assert await lines_of(user) == []


async def test_question_appears_once(service: Service) -> None:
    user = await panel_user(service, QUESTION)
    await user.say("enter", channel="text")
    again = await service.user_tab(user.session_id, user.token, tab="t-other")
    await again.say("enter", channel="text")
    assert await lines_of(again) == [("user", "text", QUESTION)]
