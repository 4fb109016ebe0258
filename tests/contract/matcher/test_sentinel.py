"""If the master of Redis fails, the service uses the replica that Sentinel names, and notices that writes might be lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from matcher.redis import RedisStore
from matcher.types import Request, Unavailable
from media.api.redis_client import read_sentinels, redis_client
from signaling.cluster.redis_bus import Bus
from tests import PATIENCE_S
from tests.redis_server import Watched, running_redis, running_sentinels

BACK_S = PATIENCE_S
T = TypeVar("T")


@pytest.fixture
def watched() -> Iterator[Watched]:
    with running_sentinels() as found:
        yield found


def request(number: int) -> Request:
    return Request(id=f"r-{number}", kind="user", site="shop", language="ko", category_path=("cameras",), enqueued_at_ms=number)


async def answered(ask: Callable[[], Awaitable[T]]) -> T:
    """Repeat the call until Redis replies, and return the reply."""
    async with asyncio.timeout(BACK_S):
        while True:
            try:
                return await ask()
            except Unavailable:
                await asyncio.sleep(0.1)


async def test_replica_serves_when_the_master_dies(watched: Watched) -> None:
    bus, store = Bus(watched.url), RedisStore(watched.url, connect=redis_client)
    assert await bus.hold_lead("the leader", "") == ""
    await store.enqueue(request(1), 1000)
    assert await bus.forgotten(), "nobody has set the mark yet"
    assert not await bus.forgotten()
    watched.master.kill()
    assert await answered(bus.forgotten), "the replica may lack the master's last writes"
    assert not await bus.forgotten()
    await answered(lambda: store.enqueue(request(2), 2000))
    snapshot = await store.snapshot()
    assert set(snapshot.requests) == {"r-1", "r-2"}, "the replica has what the master had sent"
    await store.close()
    await bus.close()


async def test_login_that_may_not_ask_for_the_run_still_notices_an_empty_redis() -> None:
    """A Redis login that was made for an earlier version of Sangdam has no right to use the Redis command INFO.

    If the service did not handle this refusal, no user would get a counselor.
    """
    with running_redis() as server:
        redis = redis_client(server.url)
        rights = ["on", ">pw", "~{sangdam*", "+@read", "+@write", "+@scripting", "+@connection"]
        await redis.execute_command("ACL", "SETUSER", "narrow", *rights)
        bus = Bus(server.url.replace("unix://", "unix://narrow:pw@"))
        assert await bus.forgotten()
        assert not await bus.forgotten()
        await redis.flushall()
        assert await bus.forgotten()
        await bus.close()
        await redis.aclose()


async def test_restart_with_old_data_counts_as_lost_data() -> None:
    """A Redis that restarts from a snapshot is not empty, but lacks the data written after the snapshot."""
    with running_redis() as server:
        bus = Bus(server.url)
        await bus.forgotten()
        assert not await bus.forgotten()
        await asyncio.to_thread(server.restart)
        other = Bus(server.url)
        # this call stores the key MARK_KEY in Redis, as if Redis had loaded the key from a snapshot
        await answered(other.forgotten)
        await other.close()
        assert await answered(bus.forgotten)
        await bus.close()


@pytest.mark.parametrize("url", ["redis+sentinel://one", "redis+sentinel:///name", "redis+sentinel://one:x/name"])
def test_malformed_sentinel_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="Sentinels cannot be read") as refused:
        redis_client(url)
    assert url not in str(refused.value)


def test_sentinel_url_names_hosts_master_database_and_login() -> None:
    found = read_sentinels("rediss+sentinel://me:p%40ss@one,two:5000,[::1]:6000/shop/3?sentinel_auth=same")
    assert found.hosts == (("one", 26379), ("two", 5000), ("::1", 6000))
    assert (found.master, found.database, found.login) == ("shop", 3, ("me", "p@ss"))
    assert found.tls
    assert found.same_login
