"""A counselor has several sessions: text sessions during a call, and sessions whose users have left the page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from signaling.server import app_keys
from signaling.session import model
from tests.peers.live_house import Person, Service, running, settings_for


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def asks(service: Service, channel: str) -> Person:
    user = await service.user(channel)
    assert (await user.say("enter"))["type"] == "ok"
    return user


async def serve(service: Service, counselor: Person, channel: str) -> Person:
    """Let a user ask for a session (text or call), and let the counselor accept it. Return the user."""
    since = len(counselor.seen)
    user = await asks(service, channel)
    await accept(counselor, since)
    await user.state("active")
    return user


async def accept(counselor: Person, since: int) -> None:
    ring = await counselor.get("ring", since)
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"


def load(message: dict[str, Any]) -> tuple[int, int, int] | None:
    """Return how many sessions the wallboard shows for the counselor Jimin: all, text sessions, and calls."""
    board = message["staff"] if message["type"] == "wallboard" else []
    found = (each for each in board if each["id"] == "jimin")
    return next(((each["sessions"], each["texts"], each["calls"]) for each in found), None)


async def test_three_texts_run_beside_a_call(service: Service) -> None:
    jimin, ops = await service.staff("jimin"), await service.staff("ops", available=False)
    await ops.ask(type="watch")
    for channel in ("voice", "text", "text", "text"):
        await serve(service, jimin, channel)
    fourth = await asks(service, "text")
    await ops.find(lambda message: load(message) == (4, 3, 1))
    await fourth.state("waiting")
    me = [message["me"] for message in jimin.seen if message["type"] == "staff"][-1]
    assert (me["state"], me["ready"], me["most_texts"], me["most_calls"]) == ("busy", True, 3, 1)


async def test_counselor_stops_texts_during_a_call_and_pauses(service: Service) -> None:
    jimin = await service.staff("jimin")
    assert (await jimin.ask(type="texts_in_call", on=False))["type"] == "ok"
    await jimin.find(lambda message: message["type"] == "staff" and message["me"]["texts_in_call"] is False)
    assert (await service.app[app_keys.RECORDS].staff("jimin")).texts_in_call is False
    await serve(service, jimin, "voice")
    since = len(jimin.seen)
    await asks(service, "text")
    assert (await jimin.ask(type="texts_in_call", on=True))["type"] == "ok"
    await accept(jimin, since)
    assert (await jimin.ask(type="state", state="away"))["type"] == "ok"
    await jimin.find(lambda message: message["type"] == "staff" and not message["me"]["ready"], since)
    second, since = await asks(service, "text"), len(jimin.seen)
    await second.state("waiting")
    assert (await jimin.ask(type="state", state="available"))["type"] == "ok"
    await accept(jimin, since)


async def test_user_who_left_frees_the_place_and_returns_to_it(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "ASIDE_MS", 300)
    records = service.app[app_keys.RECORDS]
    await records.save_staff(replace(await records.staff("jimin"), texts=1))
    jimin, ops = await service.staff("jimin"), await service.staff("ops", available=False)
    await ops.ask(type="watch")
    first = await serve(service, jimin, "text")
    await first.send(type="line", session=first.session_id, line="l-1", text="잠시만요")
    await jimin.find(lambda message: message["type"] == "line")
    since = len(jimin.seen)
    second = await asks(service, "text")
    await second.state("waiting")
    await service.notices_gone(first)

    def left(message: dict[str, Any]) -> bool:
        people = message["session"]["participants"] if message["type"] == "session" else []
        return any(person["presence"] == "left_page" for person in people)

    await jimin.find(left, since)
    await accept(jimin, since)
    await second.state("active")
    await ops.find(lambda message: load(message) == (2, 1, 0))
    back = await service.user_tab(first.session_id, first.token, "t-again")
    await back.state("active")
    history = await back.say("lines", after=0)
    assert "잠시만요" in [line["text"] for line in history["lines"]]
    # Jimin has two text sessions, although the capacity is one; the wallboard shows both
    await ops.find(lambda message: load(message) == (2, 2, 0))
    third = await asks(service, "text")
    await third.state("waiting")
    assert (await second.say("leave"))["type"] == "ok"
    await ops.find(lambda message: load(message) == (1, 1, 0))
    assert third.session["state"] == "waiting"
