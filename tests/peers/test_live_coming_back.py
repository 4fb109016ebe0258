"""People reconnect after reloads, dead workers, restarts and disconnects.

The tests move the service's clock forward, so that no test sleeps for long.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pycrdt
import pytest
from aiohttp import web

from signaling.live import presence
from tests import PATIENCE_S
from tests.clock import StillClock
from tests.peers.conftest import eventually
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.peers.offer import offer


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path)) as service:
        yield service


@pytest.fixture
async def supervised(tmp_path: Path) -> AsyncIterator[Service]:
    async with running(settings_for(tmp_path), supervised=True) as service:
        yield service


async def hears(person: Person, other: Person, hz: int, seconds: float = PATIENCE_S) -> bool:
    other.peer.speak(hz)
    async with asyncio.timeout(seconds):
        while (await person.peer.listen(0.4)).tones(440, 620, 880) != {hz}:
            pass
    return True


async def test_killed_worker_costs_only_a_new_offer(supervised: Service) -> None:
    user, counselor = await in_conversation(supervised, "voice")
    await user.until(lambda s: s["room"]["media"])
    await asyncio.gather(user.join_room(), counselor.join_room())
    assert await hears(user, counselor, 620)
    assert await hears(counselor, user, 440)
    await user.until(lambda s: all(p["peer"] == "live" for p in s["participants"]))
    epoch = user.session["room"]["epoch"]
    worker = supervised.live.index.entries[user.session_id].room.worker
    began = asyncio.get_running_loop().time()
    os.kill(worker.process.pid, signal.SIGKILL)
    await asyncio.gather(*(person.until(lambda s: s["room"]["epoch"] > epoch) for person in (user, counselor)))
    told = asyncio.get_running_loop().time() - began
    await asyncio.gather(user.join_room(), counselor.join_room())
    assert await hears(user, counselor, 620)
    assert told < 2.0
    await user.send(type="line", session=user.session_id, line="c-9", text="들려요")
    await counselor.find(lambda m: m["type"] == "line" and m["line"].get("text") == "들려요")


def in_state(state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: message["type"] == "staff" and message["me"]["state"] == state


async def test_connected_counselor_is_signed_in_again_after_a_standstill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that stands still cannot tell the matcher in time who is connected. The matcher then signs everybody out."""
    monkeypatch.setattr(presence, "RENEW_S", 0.5)
    async with running(settings_for(tmp_path)) as service:
        available, away = await service.staff("jimin"), await service.staff("suho", available=False)
        service.skip(31)
        for person, state in ((available, "available"), (away, "away")):
            out = await person.find(in_state("signed_out"))
            since = person.seen.index(out)
            await person.find(in_state(state), since)
        user = await service.user()
        await user.say("enter")
        await available.get("ring")
        assert "ring" not in [message["type"] for message in away.seen]


async def test_former_connection_stays_live_right_after_an_offer(service: Service) -> None:
    """On a slow network, the page's message "the old peer connection is live" can arrive after the page's new WebRTC offer."""
    user, _ = await in_conversation(service, "voice")

    def own(session: dict[str, Any]) -> str:
        return next(str(each["peer"]) for each in session["participants"] if each["id"] == session["you"])

    async with await user.join_room() as peer:
        await user.until(lambda s: own(s) == "live")
        await user.send(type="peer", session=user.session_id, state="lost")
        await user.until(lambda s: own(s) == "lost")
        never_up = offer(secrets.token_hex(4), secrets.token_hex(16), ":".join(["AA"] * 32))
        await user.send(type="offer", id=900, session=user.session_id, sdp=never_up)
        await user.send(type="peer", session=user.session_id, state="live")
        await user.until(lambda s: own(s) == "live")
        await user.find(lambda m: m.get("id") == 900)
        await asyncio.sleep(0.3)
        assert own(user.session) == "live"
        before = len(peer.documents)
        peer.doc.send(b"\0" + pycrdt.create_sync_message(pycrdt.Doc()))
        await eventually(lambda: len(peer.documents) > before)


async def test_broken_connections_leave_no_garbage_cycles(service: Service) -> None:
    """If closed connections formed reference cycles, a thousand of them would cause a long pause of the garbage collector."""

    def sockets() -> int:
        return sum(isinstance(each, web.WebSocketResponse) for each in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = sockets()
        people = [await service.user() for _ in range(5)]
        assert sockets() == before + 5
        for person in people:
            await person.break_off()
        async with asyncio.timeout(PATIENCE_S):
            while sockets() > before:  # the closed connection is freed, because nothing refers to it any more
                await asyncio.sleep(0.02)
    finally:
        gc.enable()


async def test_ending_worker_carries_sound_until_its_people_have_moved(supervised: Service) -> None:
    user, counselor = await both_in_voice(supervised)
    assert await hears(user, counselor, 620)
    epoch, old = user.session["room"]["epoch"], user.peer
    worker = supervised.live.index.entries[user.session_id].room.worker
    async with asyncio.timeout(PATIENCE_S):
        while len(supervised.live.workers.items()) < 2:  # wait until the idle replacement of the worker has started
            await asyncio.sleep(0.05)
    os.kill(worker.process.pid, signal.SIGTERM)
    await asyncio.gather(*(person.until(lambda s: s["room"]["epoch"] > epoch) for person in (user, counselor)))
    assert (await old.listen(0.5)).tones(440, 620, 880) == {620}
    await asyncio.gather(user.join_room(), counselor.join_room())
    assert await hears(user, counselor, 620)
    async with asyncio.timeout(PATIENCE_S):
        assert await worker.process.wait() == 0


async def both_in_voice(service: Service) -> tuple[Person, Person]:
    user, counselor = await in_conversation(service, "voice")
    await user.until(lambda s: s["room"]["media"])
    await asyncio.gather(user.join_room(), counselor.join_room())
    return user, counselor


async def moved_after(service: Service, people: tuple[Person, ...], what: signal.Signals) -> float:
    """Send a signal to the room's media worker. Return the seconds until everybody has a peer connection in a new room."""
    worker = service.live.index.entries[people[0].session_id].room.worker
    epoch = people[0].session["room"]["epoch"]
    began = asyncio.get_running_loop().time()
    os.kill(worker.process.pid, what)

    async def back(person: Person) -> None:
        await person.until(lambda s: s["room"]["epoch"] > epoch)
        await person.join_room()

    await asyncio.gather(*map(back, people))
    return asyncio.get_running_loop().time() - began


async def a_spare_stands_by(service: Service) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not any(worker.state == "spare" for worker in service.live.workers.items()):
            await asyncio.sleep(0.02)


async def test_frozen_worker_is_detected(supervised: Service) -> None:
    """A frozen worker neither dies nor answers. After three missed heartbeats, the room of the call opens on another worker."""
    people = await both_in_voice(supervised)
    await a_spare_stands_by(supervised)
    assert await moved_after(supervised, people, signal.SIGSTOP) < 2.0
    assert await hears(people[0], people[1], 620)


async def test_call_survives_repeated_worker_kills(supervised: Service) -> None:
    people = await both_in_voice(supervised)
    for _ in range(4):
        await a_spare_stands_by(supervised)
        assert await moved_after(supervised, people, signal.SIGKILL) < 1.5
    assert await hears(people[0], people[1], 620)


async def test_call_survives_a_kill_before_the_spare_is_up(supervised: Service) -> None:
    """The media worker of the call and its idle replacement die at the same time. The next worker that answers takes the room."""
    people = await both_in_voice(supervised)
    for worker in list(supervised.live.workers._workers):
        if worker.state == "spare":
            os.kill(worker.process.pid, signal.SIGKILL)
    assert await moved_after(supervised, people, signal.SIGKILL) < 6.0
    assert await hears(people[0], people[1], 620)


async def test_restart_returns_everybody_to_their_place(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with running(settings) as service:
        user, counselor = await in_conversation(service)
        waiting = await service.user("voice")
        await waiting.say("enter")
        since = (await waiting.until(lambda s: s.get("waiting")))["waiting"]["since"]
        await user.send(type="line", session=user.session_id, line="c-1", text="하나")
        await user.get("ack")
    assert (await user.get("bye"))["reason"] == "restart"
    async with running(settings) as service:
        back = await service.staff("jimin", available=False, cookie=counselor.cookie)
        assert (await back.state("active"))["id"] == user.session_id
        user = await service.user_tab(user.session_id, user.token)
        await user.until(lambda s: all(p["presence"] == "here" for p in s["participants"]))
        lines = await user.say("lines", after=0)
        assert [line["text"] for line in lines["lines"] if line["kind"] == "text"] == ["하나"]
        assert (await back.get("welcome"))["staff"]["state"] == "busy"
        again = await service.user_tab(waiting.session_id, waiting.token)
        assert (await again.until(lambda s: s.get("waiting")))["waiting"]["since"] == since
        other = await service.staff("suho")
        assert (await other.get("ring"))["session"] == waiting.session_id


async def test_available_staff_stay_available_over_a_restart(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with running(settings) as service:
        _, jimin = await in_conversation(service, "voice")
        early, late = await service.user("voice"), await service.user("voice")
        for user in (early, late):
            await user.say("enter")
            await user.until(lambda s: s.get("waiting"))
    async with running(settings) as service:

        async def returns(login: str, cookie: str = "") -> tuple[Person, tuple[str, bool]]:
            back = await service.staff(login, available=False, cookie=cookie, ready=True)
            me = (await back.get("welcome"))["staff"]
            return back, (me["state"], me["ready"])

        _, state = await returns("jimin", jimin.cookie)
        assert state == ("busy", True), "away after this conversation"
        suho, state = await returns("suho")
        assert state == ("available", True)
        # the user who has waited longest is served first, even if the page of another user comes back earlier
        await service.user_tab(late.session_id, late.token)
        await service.user_tab(early.session_id, early.token)
        assert (await suho.get("ring"))["session"] == early.session_id
        service.skip(31)  # Dr. Han's console was gone for so long that Dr. Han does not become available again
        _, state = await returns("drhan")
        assert state == ("away", False)


async def test_absent_user_does_not_hold_up_those_who_came_back(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with running(settings) as service:
        absent, present = await service.user("voice"), await service.user("voice")
        for user in (absent, present):
            await user.say("enter")
            await user.until(lambda s: s.get("waiting"))
    async with running(settings, now=StillClock()) as service:
        suho = await service.staff("suho")
        await service.user_tab(present.session_id, present.token)
        service.skip(18)
        assert (await suho.get("ring"))["session"] == present.session_id


async def test_console_that_returns_after_a_start_gets_the_waiting_request(tmp_path: Path) -> None:
    """Suho's console says that Suho was available. The matcher assigns the request before the server has read this."""
    async with running(settings_for(tmp_path)) as service:
        suho = await service.staff("suho")
        await suho.close()
        user = await service.user("voice")
        await user.say("enter")
        await user.until(lambda s: s.get("waiting"))
        back = await service.staff("suho", available=False, cookie=suho.cookie, ready=True)
        assert (await back.get("ring"))["session"] == user.session_id


async def lose_the_counselor(service: Service) -> Person:
    user, counselor = await in_conversation(service)
    await counselor.close()
    view = await user.until(lambda s: s.get("deadline"))
    assert view["lost"] != view["you"]
    service.skip(31)
    await user.until(lambda s: s["choices"] == ["wait", "another", "message"])
    return user


async def test_user_can_choose_another_counselor_after_a_disconnect(service: Service) -> None:
    user = await lose_the_counselor(service)
    other = await service.staff("suho")
    assert (await user.say("choose", choice="another"))["type"] == "ok"
    ring = await other.get("ring")
    await other.ask(type="accept", reservation=ring["reservation"])
    view = await user.state("active")
    assert [p["name"] for p in view["participants"] if p["owner"]] == [(await other.get("welcome"))["staff"]["name"]]


async def test_user_can_wait_for_a_disconnected_counselor(service: Service) -> None:
    user = await lose_the_counselor(service)
    assert (await user.say("choose", choice="wait"))["type"] == "ok"
    back = await service.staff("jimin", available=False)
    await back.state("active")
    await user.until(lambda s: not s.get("choices") and not s["owner_lost"])


async def test_user_can_leave_a_message_after_a_counselor_disconnect(service: Service) -> None:
    user = await lose_the_counselor(service)
    assert (await user.say("leave_message", contact="010-1234-5678", text="전화 주세요"))["type"] == "ok"
    await user.state("message_left")
    other = await service.staff("suho")
    queue = await other.find(lambda m: m["type"] == "queue" and m.get("messages"))
    message = queue["messages"][0]
    assert (message["text"], message["state"]) == ("전화 주세요", "new")
    assert (await other.ask(type="message_take", message=message["id"]))["type"] == "ok"
    queue = await other.find(lambda m: m["type"] == "queue" and [each["state"] for each in m.get("messages", [])] == ["taken"])
    assert (queue["messages"][0]["taken_by"], queue["messages"][0]["taken_by_name"]) == ("suho", "Suho")
    assert (await other.ask(type="message_done", message=message["id"]))["type"] == "ok"


async def test_user_disconnect_counts_down_to_wrap_up(service: Service) -> None:
    user, counselor = await in_conversation(service, "voice")
    await user.close()
    await counselor.until(lambda s: s.get("lost") and s.get("deadline"))
    service.skip(121)
    view = await counselor.state("after")
    assert view["end_reason"] == "user_lost"


async def test_waiting_user_gone_for_a_minute_is_cancelled(service: Service) -> None:
    user = await service.user("text")
    await user.say("enter")
    await service.notices_gone(user)
    service.skip(61)
    counselor = await service.staff("jimin")
    back = await service.user_tab(user.session_id, user.token)
    assert (await back.state("closed"))["end_reason"] == "user_lost"
    assert not any(message["type"] == "ring" for message in counselor.seen)


async def test_newest_tab_takes_over(service: Service) -> None:
    user, counselor = await in_conversation(service)
    newer = await service.user_tab(user.session_id, user.token, tab="t-call-window")
    assert (await newer.state("active"))["id"] == user.session_id
    assert (await user.get("replaced"))["session"] == user.session_id
    await user.get("closed")
    second = await service.staff("jimin", available=False, tab="t-second", cookie=counselor.cookie)
    await second.state("active")
    await counselor.get("replaced")
    assert (await counselor.say("leave"))["reason"] == "replaced"
    await second.close()
    await counselor.find(lambda m: m["type"] == "session", since=len(counselor.seen))
