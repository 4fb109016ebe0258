"""A server with its matcher in Redis. Redis is down or emptied, or the server restarts. Nobody loses their place in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from matcher.redis import line
from signaling.config.settings import Settings
from tests import PATIENCE_S, redis_refusals
from tests.peers.live_house import OneWorker, Person, Service, in_conversation, running, settings_for
from tests.redis_server import RedisServer, running_redis

SECRET = b"a secret of these tests, long enough"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis(*redis_refusals.OPTIONS) as server:
        yield server


@pytest.fixture
def settings(redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(line, "RETRY_S", 0.8)  # if Redis does not answer, the matcher retries a step for this many seconds
    return replace(settings_for(tmp_path), redis=redis.url, secret=SECRET)


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Service]:
    async with running(settings, workers=OneWorker(settings)) as service:
        yield service


async def waiting(service: Service, channel: str = "text") -> Person:
    user = await service.user(channel)
    assert (await user.say("enter"))["type"] == "ok"
    await user.state("waiting")
    return user


async def takes_a_call(counselor: Person, since: int = 0) -> str:
    """Accept the next ring. Return the id of the user's session."""
    ring = await counselor.get("ring", since)
    assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
    return str(ring["session"])


async def available_again(counselor: Person) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await counselor.ask(type="state", state="available"))["type"] != "ok":
            await asyncio.sleep(0.1)


async def test_call_is_matched_and_ended(settings: Settings) -> None:
    async with served(settings) as service:
        user, counselor = await in_conversation(service)
        assert (await user.say("leave"))["type"] == "ok"
        assert (await counselor.say("wrap_up", notes="", outcome=""))["type"] == "ok"


async def test_emptied_redis_loses_nobody_and_keeps_the_order(redis: RedisServer, settings: Settings) -> None:
    async with served(settings) as service:
        talking, busy = await in_conversation(service, "voice")
        first, second, third = [await waiting(service, "voice") for _ in range(3)]
        redis.restart()
        suho = await service.staff("suho", available=False)
        async with asyncio.timeout(PATIENCE_S):
            while len((await service.live.store.snapshot()).requests) < 4:
                await asyncio.sleep(0.05)
        since = 0
        await available_again(suho)
        for expected in (first, second):
            assert await takes_a_call(suho, since) == expected.session_id
            await expected.state("active")
            assert (await expected.say("leave"))["type"] == "ok"
            await suho.until(lambda s: s["state"] == "after")
            since = len(suho.seen)
            assert (await suho.ask(type="wrap_up", session=expected.session_id, notes="", outcome=""))["type"] == "ok"
        assert third.session["state"] in ("waiting", "active")
        assert talking.session["state"] == "active"
        assert len([m for m in busy.seen if m["type"] == "ring"]) == 1, "who is in a call is not rung"
        assert await talking.say("line", line="c-1", text="아직 있어요")  # the call goes on: a chat line still arrives
        await busy.find(lambda m: m["type"] == "line" and m["line"].get("text") == "아직 있어요")


async def test_available_staff_stay_available_after_redis_is_emptied(redis: RedisServer, settings: Settings) -> None:
    async with served(settings) as service:
        counselor = await service.staff("jimin")
        redis.restart()
        await asyncio.sleep(1.0)  # longer than the interval at which the server checks for an emptied Redis
        user = await waiting(service)
        assert await takes_a_call(counselor) == user.session_id


async def test_due_callback_survives_an_emptied_redis(redis: RedisServer, settings: Settings) -> None:
    async with served(settings) as service:
        user = await service.user()
        at = service.live.now() + 60_000
        assert (await user.say("callback", at=at, contact="010-2000-3000"))["type"] == "ok"
        await service.notices_gone(user)
        service.skip((at - service.live.now()) / 1000 + 0.1)
        async with asyncio.timeout(PATIENCE_S):
            while (await service.live.store.request_status(f"{user.session_id}.c1")) is None:
                await asyncio.sleep(0.05)
        redis.restart()
        await asyncio.sleep(1.0)  # longer than the interval at which the server checks for an emptied Redis
        counselor = await service.staff("jimin")
        assert await takes_a_call(counselor) == user.session_id
        await counselor.until(lambda session: session["callback"]["contact"] == "010-2000-3000")


async def test_calls_continue_and_waiting_users_are_told_without_redis(redis: RedisServer, settings: Settings) -> None:
    async with served(settings) as service:
        talking, busy = await in_conversation(service, "voice")
        suho = await service.staff("suho", available=False)
        redis.kill()
        late = await service.user("voice")  # the counselor is in a call and cannot take this user
        asyncio.get_running_loop().create_task(late.send(type="enter", id=1, session=late.session_id))
        await talking.send(type="line", session=talking.session_id, line="c-1", text="들리세요?")
        await busy.find(lambda m: m["type"] == "line" and m["line"].get("text") == "들리세요?")
        refused = await suho.ask(type="state", state="available")
        assert (refused["type"], refused["reason"]) == ("error", "unavailable")
        await late.state("waiting")
        redis.start()
        await available_again(suho)
        assert await takes_a_call(suho) == late.session_id
        assert talking.session["state"] == "active"


@pytest.mark.parametrize("refusing", [redis_refusals.no_replicas, redis_refusals.disk_error, redis_refusals.busy])
async def test_accept_refused_by_redis_can_be_pressed_again(
    redis: RedisServer, settings: Settings, refusing: Callable[[Redis], AbstractContextManager[None]]
) -> None:
    async with served(settings) as service:
        user = await waiting(service)
        counselor = await service.staff("jimin")
        ring = await counselor.get("ring")
        with Redis.from_url(redis.url) as client, refusing(client):
            for _ in range(2):
                refused = await counselor.ask(type="accept", reservation=ring["reservation"])
                assert (refused["type"], refused["reason"]) == ("error", "unavailable")
            other_tab = await service.staff("jimin", available=False, tab="t-2", cookie=counselor.cookie)
            assert (await other_tab.get("ring"))["reservation"] == ring["reservation"], "it still rings, in every tab"
        assert (await counselor.ask(type="accept", reservation=ring["reservation"]))["type"] == "ok"
        await user.state("active")
        assert not [m for m in counselor.seen if m["type"] == "ring_over" and m["reason"] != "accepted"]


async def test_call_ended_during_a_redis_freeze_ends_in_redis(redis: RedisServer, settings: Settings) -> None:
    """Redis is frozen while a call ends.

    Redis keeps its data, so right after the freeze, the call still counts as running in Redis. The server must then end it there.
    """
    async with served(settings) as service:
        user, counselor = await in_conversation(service)
        assert redis.process is not None
        redis.process.send_signal(19)
        try:
            leaving = asyncio.create_task(user.say("leave"))
            await user.state("after")
            await leaving
        finally:
            redis.process.send_signal(18)
        async with asyncio.timeout(PATIENCE_S):
            while (await service.live.store.snapshot()).requests:
                await asyncio.sleep(0.1)
        await available_again(counselor)


async def test_ring_continues_after_a_server_restart(settings: Settings) -> None:
    async with served(settings) as service:
        counselor = await service.staff("jimin")
        user = await waiting(service)
        ring = await counselor.get("ring")
        token, session, cookie = user.token, user.session_id, counselor.cookie
    async with served(settings) as service:
        user = await service.user_tab(session, token)
        counselor = await service.staff("jimin", available=False, cookie=cookie)
        again = await counselor.get("ring")
        assert again["session"] == ring["session"]
        assert (await counselor.ask(type="accept", reservation=again["reservation"]))["type"] == "ok"
        await user.state("active")


async def test_queue_order_survives_restart_with_an_emptied_redis(redis: RedisServer, settings: Settings) -> None:
    async with served(settings) as service:
        early, late = await waiting(service), await waiting(service)
    redis.restart()
    async with served(settings) as service:
        counselor = await service.staff("jimin")
        late = await service.user_tab(late.session_id, late.token)
        await late.state("waiting")
        async with asyncio.timeout(PATIENCE_S):
            while (await service.live.store.request_status(f"{late.session_id}.u1")).state != "waiting":
                await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)  # the server must not offer the second user to Jimin before the first user is back
        assert not [message for message in counselor.seen if message["type"] == "ring"]
        early = await service.user_tab(early.session_id, early.token)
        assert await takes_a_call(counselor) == early.session_id


async def test_absent_user_blocks_nobody_forever(redis: RedisServer, settings: Settings) -> None:
    async with served(settings) as service:
        early, late = await waiting(service), await waiting(service)
    redis.restart()
    async with served(settings) as service:
        await service.user_tab(late.session_id, late.token)
        service.skip(31)
        counselor = await service.staff("jimin")
        assert await takes_a_call(counselor) == late.session_id
        assert service.live.index.entries[early.session_id].session.state == "waiting"
