"""Many people reconnect to the leader of a cluster at once. The tests count the commands to PostgreSQL and Redis per person."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
import sqlalchemy as sa

from signaling.cluster.node import state_of
from signaling.server.app_keys import NODE
from tests.peers.conftest import eventually
from tests.peers.live_house import Person, Service, running, settings_for
from tests.postgres_server import running_postgres
from tests.redis_server import RedisServer, running_redis

PEOPLE = 40
CALLS_KEPT = 100_000


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
async def leader(redis: RedisServer, tmp_path: Path) -> AsyncIterator[Service]:
    secret = tmp_path / "secret"
    secret.write_text("a secret of this test, long enough")
    secret.chmod(0o600)
    with running_postgres() as postgres:
        settings = replace(settings_for(tmp_path), database=postgres.url, redis=redis.url, secret_file=secret)
        async with running(settings) as service:
            await eventually(lambda: state_of(service.app[NODE]) == "leading", 30.0)
            yield service


async def waiting_people(leader: Service) -> list[Person]:
    people = [await leader.user() for _ in range(PEOPLE)]
    for person in people:
        assert (await person.say("enter"))["type"] == "ok"
    return people


class Calls:
    """Counts the calls of the matcher's Lua functions in Redis since this object was made.

    The calls are read from Redis's slow log, which is set to log every call, however fast.
    """

    def __init__(self, redis: RedisServer) -> None:
        self._client = redis_py.Redis.from_url(redis.url)
        self._client.config_set("slowlog-max-len", CALLS_KEPT)
        self._client.config_set("slowlog-log-slower-than", 0)
        self._client.slowlog_reset()

    def of(self, step: str) -> int:
        """Return how many of these calls ran this step of the matcher, for example "suspend".

        The MessagePack data of such a call contains the length of the step's name, and then the name.
        """
        name = bytes([0xA0 + len(step)]) + step.encode()
        calls = (each["command"] for each in self._client.slowlog_get(CALLS_KEPT))
        return sum(call.startswith(b"FCALL") and name in call for call in calls)

    def round_trips(self) -> int:
        """Return how many times Redis has read from a connection."""
        return int(self._client.info("stats")["total_reads_processed"])


async def test_people_who_return_at_once_share_saves(leader: Service, redis: RedisServer) -> None:
    people = await waiting_people(leader)
    statements: Counter[str] = Counter()

    def executed(_connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        statements["update" if statement.startswith("UPDATE session") else "lock" if "FOR SHARE" in statement else "other"] += 1

    for engine in leader.live.records.engines:
        sa.event.listen(engine, "before_cursor_execute", executed)
    calls = Calls(redis)
    await asyncio.gather(*(person.close() for person in people))
    await eventually(lambda: not leader.live.hub.clients, 30.0)
    back = await asyncio.gather(*(leader.user_tab(person.session_id, person.token) for person in people))
    await asyncio.gather(*(person.state("waiting") for person in back))
    assert calls.of("suspend") == calls.of("resume") == PEOPLE, "each place in the queue is given back and taken again, once"
    assert 0 < statements["update"] <= PEOPLE / 2, "of 80 states, several are saved in one transaction"
    assert statements["lock"] <= PEOPLE / 2 + 5
    assert statements["other"] <= 2 * PEOPLE, "nothing is read for each person"
    assert sorted(person.session["waiting"]["place"] for person in back) == list(range(1, PEOPLE + 1))


async def test_places_of_waiting_people_are_asked_for_together(leader: Service, redis: RedisServer) -> None:
    await waiting_people(leader)
    calls = Calls(redis)
    before = calls.round_trips()
    async with asyncio.timeout(30):
        # the server itself also asks for the queue places of some people, between the iterations of this loop
        while (asked := calls.of("place")) < PEOPLE:
            await leader.live.boards.places.round()
    assert calls.round_trips() - before < asked / 2
