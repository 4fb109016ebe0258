"""Redis restarts empty while stores use it.

The stores notice this, and announce their requests and staff again. Nobody loses their place in the queue or is matched twice.
"""

from __future__ import annotations

import pytest
import redis

from matcher.redis import RedisStore
from matcher.types import Request, RequestStatus, ReservationEnded, Reserved, Staff

NOW = 1_800_000_000_000
KO, SHOP, LENSES = frozenset({"ko"}), frozenset({"shop"}), frozenset({"lenses"})


def counselor(name: str) -> Staff:
    return Staff(name, "counselor", KO, SHOP, LENSES)


def asked(name: str, at_ms: int) -> Request:
    return Request(name, "user", "shop", "ko", ("lenses",), at_ms)


class Node:
    """A Sangdam server with its store in Redis. `emptied`: how often the store has reported that Redis is empty."""

    def __init__(self, url: str) -> None:
        self.emptied = 0
        self.store = RedisStore(url, on_emptied=self._count)

    def _count(self) -> None:
        self.emptied += 1


@pytest.fixture
async def nodes(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    made = [Node(redis_server.url), Node(redis_server.url)]
    yield made
    for node in made:
        await node.store.close()


async def test_nobody_is_matched_until_all_have_announced_themselves(nodes, redis_server):
    first, second = (node.store for node in nodes)
    await first.enqueue(asked("early", NOW), NOW)
    fence = (await second.enqueue(asked("late", NOW + 5), NOW + 5))[-1].fence
    redis_server.restart()
    later = NOW + 10_000
    # the request "late" is announced again before the request "early"
    await second.restore([RequestStatus(asked("late", NOW + 5), "waiting")], later)
    await second.sign_in(counselor("jimin"), later)
    events = await second.set_available("jimin", later)
    assert not [event for event in events if isinstance(event, Reserved)]
    assert events[-1].fence > fence
    await first.restore([RequestStatus(asked("early", NOW), "waiting")], later + 20_000)
    assert [node.emptied for node in nodes] == [1, 1]
    await second.renew(["jimin"], later + 20_000)
    assert await second.next_deadline_ms() == later + 30_000
    assert not await first.sweep(later + 29_999)
    rings = [event for event in await first.sweep(later + 30_000) if isinstance(event, Reserved)]
    assert [(event.request, event.staff) for event in rings] == [("early", "jimin")]


async def test_renewal_at_the_deadline_drops_no_ring(nodes, redis_server):
    store = nodes[0].store
    await store.enqueue(asked("early", NOW), NOW)
    redis_server.restart()
    await store.restore([RequestStatus(asked("early", NOW), "waiting")], NOW)
    await store.sign_in(counselor("jimin"), NOW)
    await store.set_available("jimin", NOW)
    await store.renew(["jimin"], NOW + 30_000)
    rings = [event for event in await store.sweep(NOW + 30_000) if isinstance(event, Reserved)]
    assert [(event.request, event.staff) for event in rings] == [("early", "jimin")]


async def test_matching_resumes_early_once_everybody_is_announced(nodes, redis_server):
    """The request that was made first is served first, although it was restored last."""
    store = nodes[0].store
    await store.enqueue(asked("early", NOW), NOW)
    await store.enqueue(asked("late", NOW + 5), NOW + 5)
    redis_server.restart()
    later = NOW + 10_000
    await store.sign_in(counselor("jimin"), later)
    assert not [event for event in await store.set_available("jimin", later) if isinstance(event, Reserved)]
    both = [RequestStatus(asked("late", NOW + 5), "waiting"), RequestStatus(asked("early", NOW), "waiting")]
    assert not [event for event in await store.restore(both, later) if isinstance(event, Reserved)]
    rings = [event for event in await store.end_hold(later) if isinstance(event, Reserved)]
    assert [(event.request, event.staff) for event in rings] == [("early", "jimin")]
    await store.sign_in(counselor("suho"), later)
    rings = [event for event in await store.set_available("suho", later) if isinstance(event, Reserved)]
    assert [(event.request, event.staff) for event in rings] == [("late", "suho")]


async def test_fences_keep_growing_if_node_clocks_differ(nodes, redis_server):
    """Before the restart, the last number of an event (fence) came from a node whose clock was right.

    After the restart, the first node that writes has a clock that is half a minute slow.
    """
    first, second = (node.store for node in nodes)
    await second.enqueue(asked("b", NOW - 30_000), NOW - 30_000)
    fence = (await first.enqueue(asked("a", NOW), NOW))[-1].fence
    redis_server.restart()
    assert (await second.enqueue(asked("c", NOW - 30_000), NOW - 30_000))[0].fence > fence


async def test_reading_node_notices_an_emptied_redis(nodes, redis_server):
    node = nodes[0]
    await node.store.enqueue(asked("a", NOW), NOW)
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    assert await node.store.next_deadline_ms() is None
    assert node.emptied == 1
    await node.store.enqueue(asked("a", NOW), NOW + 1)
    await node.store.sweep(NOW + 1)
    assert node.emptied == 1


async def test_first_start_holds_nobody_back(nodes):
    store = nodes[0].store
    await store.enqueue(asked("a", NOW), NOW)
    await nodes[1].store.sign_in(counselor("jimin"), NOW)
    events = await nodes[1].store.set_available("jimin", NOW)
    assert [event.request for event in events if isinstance(event, Reserved)] == ["a"]
    assert [node.emptied for node in nodes] == [0, 0]


async def test_restarted_node_is_held_back_by_an_emptied_redis(nodes, redis_server):
    """The restarted node is the first that writes to the empty Redis. Until then, no other node has announced its requests."""
    fence = (await nodes[0].store.enqueue(asked("early", NOW), NOW))[-1].fence
    redis_server.restart()
    new = nodes[1].store
    await new.remember(fence)
    await new.restore([RequestStatus(asked("late", NOW + 5), "waiting")], NOW + 10_000)
    await new.sign_in(counselor("jimin"), NOW + 10_000)
    events = await new.set_available("jimin", NOW + 10_000)
    assert events[-1].fence > fence
    await new.restore([RequestStatus(asked("early", NOW), "waiting")], NOW + 11_000)
    rings = [event for event in await new.end_hold(NOW + 11_000) if isinstance(event, Reserved)]
    assert [(event.request, event.staff) for event in rings] == [("early", "jimin")]


async def test_restarted_node_is_not_held_back_by_a_complete_redis(nodes):
    fence = (await nodes[0].store.enqueue(asked("a", NOW), NOW))[-1].fence
    new = nodes[1].store
    await new.remember(fence)
    await new.sign_in(counselor("jimin"), NOW)
    events = await new.set_available("jimin", NOW)
    assert [event.request for event in events if isinstance(event, Reserved)] == ["a"]


async def test_clock_that_was_far_ahead_does_not_stop_the_next_store(nodes, redis_server):
    """The first server started with a clock nine hours ahead. The clock was then corrected, and another server took over."""
    first, second = (node.store for node in nodes)
    ahead = NOW + 9 * 3_600_000
    await first.sign_in(counselor("jimin"), ahead)
    await first.set_available("jimin", ahead)
    fence = (await first.enqueue(asked("early", ahead), ahead))[-1].fence
    await second.remember(fence)
    await second.restore([RequestStatus(asked("early", NOW), "waiting")], NOW)
    assert set((await second.snapshot()).staff) == set(), "staff are signed in again"
    await second.sign_in(counselor("jimin"), NOW)
    await second.set_available("jimin", NOW)
    [ring] = [event for event in await second.end_hold(NOW) if isinstance(event, Reserved)]
    assert (ring.request, ring.expires_at_ms) == ("early", NOW + 20_000)
    assert ring.fence > fence
    over = [event for event in await second.sweep(NOW + 20_000) if isinstance(event, ReservationEnded)]
    assert [(event.request, event.state) for event in over] == [("early", "expired")]


async def test_store_whose_clock_is_a_little_behind_keeps_what_is_stored(nodes, redis_server):
    first, second = (node.store for node in nodes)
    await first.sign_in(counselor("jimin"), NOW + 30_000)
    await second.sign_in(counselor("suho"), NOW)
    assert set((await second.snapshot()).staff) == {"jimin", "suho"}
