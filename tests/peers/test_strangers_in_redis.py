"""A stranger can write to the cluster's Redis but lacks the cluster's secret.

The stranger gets no data of the cluster, and can change nothing in it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from redis import Redis

from media.api import announcement
from media.api.announcement import Announcement
from signaling.cluster import lease
from signaling.cluster.lease import Leader
from signaling.cluster.node import Node
from signaling.cluster.redis_bus import LEADER_KEY, Bus
from signaling.mediaworkers.remote import Fleet
from signaling.records import Records
from tests.peers.live_house import free_port
from tests.redis_server import RedisServer, running_redis

TOKEN, KEY, MEDIA = "node-token", b"k" * 32, "media-token"
LONG_MS = 60_000
WATCHED_S = 2.0  # Seconds for which the test watches the servers: longer than a leader's lease.
START_S = 15  # Seconds within which a server must have started, even on a busy machine.


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture
def bus(redis: RedisServer) -> Iterator[Redis]:
    with Redis.from_url(redis.url) as client:
        yield client


class Stranger:
    """A foreign web server to which the cluster must send nothing. `heard`: the HTTP requests that have arrived."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        self.heard: list[str] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.heard.append(f"{request.method} {request.path} {dict(request.headers)}")
        return web.Response()


@asynccontextmanager
async def serving(url: str, handler: Callable[[web.Request], object]) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(url.rpartition(":")[2])).start()
    try:
        yield
    finally:
        await runner.cleanup()


@pytest.fixture
async def stranger() -> AsyncIterator[Stranger]:
    stranger = Stranger()
    async with serving(stranger.url, stranger.serve):
        yield stranger


class Server:
    """Takes the place of one server of a cluster. This server only knows whether it is the leader."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.took_over = asyncio.Event()

    async def serve(self, request: web.Request) -> web.Response:
        return web.Response(
            text=self.node.me.id if self.node.leads and self.node.is_node(request.headers["X-Sangdam-Node"]) else ""
        )

    async def take_over(self) -> None:
        self.took_over.set()


class SlowBus(Bus):
    """Reads the leader's lease, and returns it only when `go_on` is set.

    The lease can change between the reading and the return.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.has_read, self.go_on = asyncio.Event(), asyncio.Event()

    async def leader(self) -> str:
        said = await super().leader()
        self.has_read.set()
        await self.go_on.wait()
        return said


@asynccontextmanager
async def server(redis: RedisServer, folder: Path, bus: Bus | None = None) -> AsyncIterator[Server]:
    records, bus = await Records.open(f"sqlite+aiosqlite:///{folder / 'records.sqlite'}"), bus or Bus(redis.url)
    made = Server(Node(f"http://127.0.0.1:{free_port()}", bus, records, TOKEN, KEY))
    async with serving(made.node.me.url, made.serve):
        made.node.start(made.take_over)
        yield made
        await made.node.close()
    await bus.close()
    await records.close()


@asynccontextmanager
async def two(redis: RedisServer, folder: Path) -> AsyncIterator[tuple[Server, Server]]:
    async with server(redis, folder) as leader:
        assert await leader.node.someone_leads(START_S)
        async with server(redis, folder) as follower:
            assert await follower.node.someone_leads(START_S)
            assert follower.node.leader == leader.node.me
            yield leader, follower


def forged_leases(url: str) -> dict[str, str]:
    them, later = Leader(id="them", url=url), now_ms()
    return {
        "as before signatures": msgspec.json.encode(them).decode(),
        "signed with another key": lease.sign(them, 1_000_000, b"x" * 32, later),
        "with the signature of another lease": lease.sign(Leader(id="us", url="http://us"), 9, KEY, later).replace(
            "http://us", url
        ),
        "of a former term": lease.sign(them, 0, KEY, later),
        "of long ago": lease.sign(them, 1_000_000, KEY, later - LONG_MS),
        "no JSON": "{",
        "too deep": "[" * 10_000,
        "no text": "\u0000",
    }


@pytest.mark.parametrize("kind", forged_leases("http://x"))
async def test_forged_lease_attracts_no_traffic_and_moves_no_room(
    redis: RedisServer, bus: Redis, tmp_path: Path, stranger: Stranger, kind: str
) -> None:
    async with two(redis, tmp_path) as (leader, follower):
        until = time.monotonic() + WATCHED_S
        while time.monotonic() < until:
            bus.set(LEADER_KEY, forged_leases(stranger.url)[kind])
            await asyncio.sleep(0.05)
            assert follower.node.leader == leader.node.me
        assert not leader.node.overtaken.is_set()
        assert not follower.took_over.is_set()
        assert not follower.node.overtaken.is_set()
        await leader.node.check()
    assert stranger.heard == []


async def test_forged_lease_does_not_prevent_a_leader(redis: RedisServer, bus: Redis, tmp_path: Path, stranger: Stranger) -> None:
    for kind in ("as before signatures", "signed with another key", "of a former term", "no JSON"):
        async with server(redis, tmp_path) as made:
            await made.node.close()
        records = await Records.open(f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}")
        await records.lead()
        await records.close()
        bus.set(LEADER_KEY, forged_leases(stranger.url)[kind])  # this forged lease never expires
        async with server(redis, tmp_path) as made:
            assert await made.node.someone_leads(START_S)
            assert made.node.leader == made.node.me
    assert stranger.heard == []


async def test_two_servers_that_start_at_once_agree_on_the_leader(redis: RedisServer, tmp_path: Path) -> None:
    slow = SlowBus(redis.url)
    async with server(redis, tmp_path, slow) as second:
        await slow.has_read.wait()  # at this time, the second server has read that no server leads
        async with server(redis, tmp_path) as first:
            assert await first.node.someone_leads(START_S)
            slow.go_on.set()
            assert await second.node.someone_leads(START_S)
            assert second.node.leader == first.node.leader == first.node.me
            await asyncio.sleep(WATCHED_S)
            assert not first.node.overtaken.is_set()


async def test_next_server_takes_over_from_a_dead_leader(redis: RedisServer, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        follower = None
        async with server(redis, tmp_path) as leader:
            assert await leader.node.someone_leads(START_S)
            former = leader.node.me
            follower = await stack.enter_async_context(server(redis, tmp_path))
            assert await follower.node.someone_leads(START_S)
            assert follower.node.leader == former
        async with asyncio.timeout(START_S):
            await follower.took_over.wait()


def forged_announcements(url: str) -> dict[str, bytes]:
    them = Announcement(id="w", url=url, rooms=0, peers=0, load=0.0)
    return {
        "as before signatures": msgspec.json.encode({"id": "w", "url": url, "rooms": 0, "peers": 0, "load": 0.0}),
        "signed with another key": announcement.sign(them, "another", now_ms()),
        "of another worker": announcement.sign(msgspec.structs.replace(them, id="v"), MEDIA, now_ms()),
        "with another address": announcement.sign(msgspec.structs.replace(them, url="http://us"), MEDIA, now_ms()).replace(
            b"http://us", url.encode()
        ),
        "of long ago": announcement.sign(them, MEDIA, now_ms() - LONG_MS),
        "no JSON": b"{",
    }


@pytest.mark.parametrize("kind", forged_announcements("http://x"))
async def test_forged_announcement_gets_no_command(redis: RedisServer, bus: Redis, stranger: Stranger, kind: str) -> None:
    fleet = Fleet(redis.url, MEDIA)
    bus.sadd(announcement.WORKERS_KEY, "w")
    bus.set(announcement.announcement_key("w"), forged_announcements(stranger.url)[kind])
    await fleet.start(_nothing, _nothing)
    await asyncio.sleep(1.0)  # during this time, `fleet` reads the workers' announcements three times
    assert fleet._workers == {}
    assert stranger.heard == []
    await fleet.close()


async def test_older_signed_announcement_does_not_undo_a_newer_one(redis: RedisServer, bus: Redis) -> None:
    said = Announcement(id="w", url="http://127.0.0.1:1", rooms=0, peers=0, load=0.5)
    earlier = announcement.sign(msgspec.structs.replace(said, load=0.1, draining=True), MEDIA, now_ms() - 1000)
    fleet = Fleet(redis.url, MEDIA)
    bus.sadd(announcement.WORKERS_KEY, "w")
    for text in (announcement.sign(said, MEDIA, now_ms()), earlier):
        bus.set(announcement.announcement_key("w"), text)
        await fleet._look()
    assert fleet._workers["w"].said.load == 0.5
    assert not fleet._workers["w"].drains.is_set()
    await fleet.close()


async def _nothing(_: object) -> None:
    pass
