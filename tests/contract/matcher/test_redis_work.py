"""Redis compares queues only once until the staff change.

Many callers that wait for the same round trip go on in several turns of the event loop.
"""

from __future__ import annotations

import redis

from matcher.redis import RedisStore
from matcher.redis.line import FLIGHT, TOLD_A_TURN
from matcher.types import Request, Staff
from tests.in_turns import most_in_a_turn

NOW = 1_800_000_000_000
QUEUES = 12


def compared(client: redis.Redis) -> int:
    """Return how often Redis has compared the pools of two queues."""
    stats = client.info("commandstats")
    return int(stats.get("cmdstat_zintercard", {}).get("calls", 0))


async def test_queues_are_compared_once_until_the_staff_change(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
        store = RedisStore(redis_server.url)
        for number in range(QUEUES):
            await store.sign_in(
                Staff(f"s{number}", "counselor", frozenset({"ko"}), frozenset({"shop"}), frozenset({f"c{number}"})), NOW
            )
            await store.enqueue(Request(f"q{number}", "user", "shop", "ko", (f"c{number}",), NOW), NOW)
        await store.place("q0", NOW)
        known = compared(client)
        assert known >= QUEUES - 1
        await store.suspend("q1", NOW)
        await store.resume("q1", NOW)
        assert (await store.place("q0", NOW)).place == 1
        assert compared(client) == known, "nothing has changed that decides which queues share staff"
        await store.sign_out("s3", NOW)
        await store.place("q0", NOW)
        assert compared(client) > known
        await store.close()


async def test_callers_of_a_flight_go_on_in_several_turns(redis_server):
    store = RedisStore(redis_server.url)
    await store.place("none", NOW)
    assert await most_in_a_turn(store.place("none", NOW) for _ in range(3 * FLIGHT)) <= TOLD_A_TURN
    await store.close()
