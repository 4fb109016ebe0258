"""A running Redis refuses to write.

Then a call of the matcher (a step) changes nothing and raises `Unavailable`. The step can be repeated later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
import redis

from matcher.redis import RedisStore, line
from matcher.types import Refused, Request, ReservationEnded, Reserved, Staff, Unavailable
from tests.redis_refusals import ALL, OPTIONS, disk_error, no_memory, no_replicas
from tests.redis_server import RedisServer, running_redis

NOW = 1_800_000_000_000
JIMIN = Staff("jimin", "counselor", frozenset({"ko"}), frozenset({"shop"}), frozenset({"lenses"}))


def asked(name: str) -> Request:
    return Request(name, "user", "shop", "ko", ("lenses",), NOW)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with running_redis(*OPTIONS) as server:
        yield server


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as client:
        yield client


@pytest.mark.parametrize("refusing", ALL)
async def test_refused_step_is_unavailable_and_can_be_made_later(
    server: RedisServer,
    client: redis.Redis,
    refusing: Callable[[redis.Redis], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line, "RETRY_S", 0.3)
    store = RedisStore(server.url)
    await store.sign_in(JIMIN, NOW)
    await store.set_available("jimin", NOW)
    events = await store.enqueue(asked("a"), NOW)
    [ring] = [event for event in events if isinstance(event, Reserved)]
    with refusing(client):
        for _ in range(2):
            with pytest.raises(Unavailable):
                await store.accept(ring.reservation, NOW)
    ended = [event for event in await store.accept(ring.reservation, NOW + 1) if isinstance(event, ReservationEnded)]
    assert [event.state for event in ended] == ["accepted"]
    with pytest.raises(Refused):
        await store.accept(ring.reservation, NOW + 2)
    await store.close()


async def test_reads_work_while_writes_are_refused(server: RedisServer, client: redis.Redis) -> None:
    store = RedisStore(server.url)
    await store.enqueue(asked("a"), NOW)
    for refusing in (no_replicas, disk_error, no_memory):
        with refusing(client):
            began = time.monotonic()
            refused, place = await asyncio.gather(store.enqueue(asked("b"), NOW), store.place("a", NOW), return_exceptions=True)
            assert isinstance(refused, Unavailable)
            assert not isinstance(place, BaseException)
            assert place is not None
            assert place.place == 1
            assert time.monotonic() - began < line.RETRY_S, "nobody waits for what will not change by waiting"
    await store.close()


async def test_first_refused_step_is_unavailable(server: RedisServer, client: redis.Redis) -> None:
    """Before its first step, the store must load its functions into Redis. Redis refuses this, too."""
    for refusing in (no_replicas, disk_error, no_memory):
        store = RedisStore(server.url)
        with refusing(client), pytest.raises(Unavailable):
            await store.enqueue(asked(refusing.__name__), NOW)
        assert (await store.enqueue(asked(refusing.__name__), NOW))[0].request == refusing.__name__
        client.function_flush()
        await store.close()


async def test_invalid_step_is_not_called_unavailable(server: RedisServer) -> None:
    store = RedisStore(server.url)
    with pytest.raises(redis.ResponseError):
        await store._step("no_such_step", NOW)
    await store.close()
