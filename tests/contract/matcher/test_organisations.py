"""Two organisations share one store, in memory or in Redis.

Nobody of one organisation is matched, counted or named in another organisation.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import redis

from matcher.memory import MemoryStore
from matcher.redis import RedisStore
from matcher.types import MatchStore, Request, Reserved, Staff

NOW = 1_800_000_000_000
ALL = frozenset({"*"})


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[MatchStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    url = request.getfixturevalue("redis_server").url
    with redis.Redis.from_url(url) as client:
        client.flushall()
    made = RedisStore(url)
    yield made
    await made.close()


def counselor(name: str, *sites: str) -> Staff:
    return Staff(name, "counselor", frozenset({"ko"}), frozenset(sites), ALL)


def asked(name: str, site: str) -> Request:
    return Request(name, "user", site, "ko", ("lenses",), NOW)


async def at_work(store: MatchStore, *staff: Staff) -> list[Reserved]:
    events = []
    for member in staff:
        events += await store.sign_in(member, NOW)
        events += await store.set_available(member.id, NOW)
    return [event for event in events if isinstance(event, Reserved)]


@pytest.mark.parametrize(("site", "who"), [("shop", "ours"), ("acme/shop", "theirs"), ("acme/clinic", "theirs")])
async def test_all_sites_are_those_of_the_organisation(store: MatchStore, site: str, who: str) -> None:
    await at_work(store, counselor("ours", "*"), counselor("theirs", "acme/*"))
    [ring] = [event for event in await store.enqueue(asked("r", site), NOW) if isinstance(event, Reserved)]
    assert ring.staff == who
    assert ring.why.passed_over == (), "nobody of the other organisation is named"


async def test_waiting_users_are_counted_within_their_organisation(store: MatchStore) -> None:
    for number in range(3):
        await store.enqueue(asked(f"a-{number}", "acme/shop"), NOW)
    await store.enqueue(asked("r", "shop"), NOW)
    place = await store.place("r", NOW)
    assert place is not None
    assert (place.place, place.staffed) == (1, False)
    assert not (await store.estimate("user", "shop", "ko", ("lenses",), NOW)).staffed
    assert [ring.request for ring in await at_work(store, counselor("ours", "*"))] == ["r"]


async def test_site_of_the_same_name_elsewhere_is_another_site(store: MatchStore) -> None:
    await store.enqueue(asked("r", "acme/shop"), NOW)
    assert await at_work(store, counselor("ours", "shop")) == []
    assert [ring.request for ring in await at_work(store, counselor("theirs", "acme/shop"))] == ["r"]
