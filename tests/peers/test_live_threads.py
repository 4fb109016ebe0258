"""A text conversation is asleep after its user has left. While asleep, it does not count against its counselor's capacity.

The counselor can still write into the conversation. The user's next chat line wakes the conversation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling.live import sleeping
from tests.clock import StillClock
from tests.peers.live_house import Person, Service, running, settings_for


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


async def write(person: Person, text: str, line: str) -> None:
    await person.send(type="line", session=person.session_id, line=line, kind="text", text=text)
    await person.find(lambda message: message["type"] == "ack" and message["line"] == line)


async def asleep(service: Service) -> tuple[Person, Person]:
    """Let a user and the counselor Jimin talk, and let the user leave for a quarter of an hour. Return both people."""
    user, jimin = await service.user(), await service.staff("jimin")
    await user.say("enter", channel="text")
    ring = await jimin.get("ring")
    await jimin.ask(type="accept", reservation=ring["reservation"])
    await jimin.until(lambda session: session["state"] == "active")
    await write(user, "삼각대도 있나요?", "l-1")
    await service.notices_gone(user)
    service.skip(61)
    await jimin.until(lambda session: session["participants"][0]["presence"] == "left_page")
    service.skip(15 * 60)
    await jimin.state("asleep")
    again = await service.staff("jimin", tab="t-again")  # the clock has moved so far that Jimin counts as disconnected
    await again.state("asleep")
    return user, again


async def test_sleeping_conversation_wakes_for_the_counselor_who_wrote_into_it(service: Service) -> None:
    user, jimin = await asleep(service)
    await write(jimin, "네, 있어요.", "l-2")
    back = await service.user_tab(user.session_id, user.token)
    await back.state("asleep")
    await back.send(type="lines", session=user.session_id, after=0)
    lines = (await back.get("lines"))["lines"]
    assert [line["text"] for line in lines if line["role"] != "system"] == ["삼각대도 있나요?", "네, 있어요."]
    seen = len(jimin.seen)
    await write(back, "얼마예요?", "l-3")
    assert (await back.state("waiting"))["waiting"]["asking_for"] == "Jimin"
    over = await jimin.find(lambda message: message["type"] == "session_over", since=seen)
    assert over["reason"] == "woken"
    ring = await jimin.get("ring", since=seen)
    await jimin.ask(type="accept", reservation=ring["reservation"])
    await back.state("active")
    await write(jimin, "삼만 원이에요.", "l-4")


async def test_oldest_sleeper_makes_room_and_its_user_reads_why(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    user, jimin = await asleep(service)
    monkeypatch.setattr(sleeping, "MOST_ASLEEP", 0)
    over = await jimin.get("session_over")
    assert over["reason"] == "no_room"
    back = await service.user_tab(user.session_id, user.token)
    assert (await back.state("closed"))["end_reason"] == "no_room"
    assert service.live.refused["too_many_asleep"] == 1


async def test_woken_conversation_rings_for_somebody_else_without_its_user(service: Service) -> None:
    user, jimin = await asleep(service)
    await jimin.ask(type="state", state="away")
    await jimin.close()
    suho = await service.staff("suho")
    back = await service.user_tab(user.session_id, user.token)
    await write(back, "아직 계신가요?", "l-5")
    await back.close()
    ring = await suho.get("ring")
    assert ring["session"] == user.session_id
    await suho.ask(type="accept", reservation=ring["reservation"])
    await suho.send(type="lines", session=user.session_id, after=0)
    lines = (await suho.get("lines"))["lines"]
    assert [line["text"] for line in lines if line["role"] == "user"] == ["삼각대도 있나요?", "아직 계신가요?"]


async def test_woken_conversation_need_not_wait_for_its_user_after_a_restart(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with running(settings) as service:
        user, jimin = await asleep(service)
        await jimin.close()
        back = await service.user_tab(user.session_id, user.token)
        await write(back, "아직 계신가요?", "l-5")
        await back.state("waiting")
        await service.notices_gone(back)
        now = service.live.now()
    async with running(settings, now=StillClock(now)) as service:
        suho = await service.staff("suho")
        service.skip(1)
        assert (await suho.get("ring"))["session"] == user.session_id


async def test_counselor_sends_to_sleep_and_takes_another_user(service: Service) -> None:
    user, jimin = await service.user(), await service.staff("jimin")
    await user.say("enter", channel="text")
    ring = await jimin.get("ring")
    await jimin.ask(type="accept", reservation=ring["reservation"])
    await jimin.until(lambda session: session["state"] == "active")
    assert (await user.say("sleep"))["type"] == "error", "only staff"
    assert (await jimin.say("sleep"))["type"] == "ok"
    await user.state("asleep")
    assert service.live.index.counts_of("jimin") == (0, 0)
    assert (await jimin.say("leave"))["type"] == "ok"
    await user.state("after")
