"""The matcher executes each step in Redis. In these tests, Redis fails, refuses commands, is full or has moved.

No step is executed twice. A step that Redis refuses is not executed. If a step raises `Unavailable` after five seconds without
an answer, Redis might or might not have executed it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from urllib.parse import quote

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from redis.crc import key_slot

from matcher.redis import RedisStore, line
from matcher.types import Refused, Request, Reserved, Staff, Unavailable
from tests.ports import free_port
from tests.redis_server import RedisServer, running_cluster, running_redis

NOW = 1_800_000_000_000
SLOT = key_slot(b"{sangdam:default:3}")
PASSWORD = "p@ss:w/rd"
JIMIN = Staff("jimin", "counselor", frozenset({"ko"}), frozenset({"shop"}), frozenset({"lenses"}))


def asked(name: str) -> Request:
    return Request(name, "user", "shop", "ko", ("lenses",), NOW)


@pytest.fixture
def client(redis_server):
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
        yield client


@asynccontextmanager
async def store_at(url: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(url)
    try:
        yield store
    finally:
        await store.close()


class Cutter:
    """A proxy between a store and its Redis.

    The proxy forwards queries and replies. On demand the proxy closes the connection instead of forwarding a reply.
    """

    def __init__(self, server: RedisServer, socket: str) -> None:
        self.server, self.socket = server, socket
        self.cuts = 0
        self.cut = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, towards = await asyncio.open_unix_connection(self.server.url.removeprefix("unix://"))

        async def questions() -> None:
            while data := await reader.read(65536):
                towards.write(data)
            towards.close()

        async def answers() -> None:
            while data := await there.read(65536):
                if self.cuts:
                    self.cuts, self.cut = self.cuts - 1, self.cut + 1
                    break
                writer.write(data)
            writer.close()

        await asyncio.gather(questions(), answers(), return_exceptions=True)


@pytest.fixture
async def cutter(redis_server, client, tmp_path) -> AsyncIterator[Cutter]:
    cutter = Cutter(redis_server, str(tmp_path / "cut"))
    async with await asyncio.start_unix_server(cutter.serve, cutter.socket):
        yield cutter


async def test_step_whose_reply_was_lost_runs_once(cutter):
    async with store_at(f"unix://{cutter.socket}") as store:
        await store.sign_in(JIMIN, NOW)
        await store.set_available("jimin", NOW)
        cutter.cuts = 2
        events = await asyncio.gather(*(store.enqueue(asked(f"q{number}"), NOW) for number in range(20)))
        assert cutter.cut == 2
        assert [each[0].request for each in events] == [f"q{number}" for number in range(20)]
        fences = [event.fence for each in events for event in each]
        assert fences == list(range(fences[0], fences[0] + len(fences))), "nothing happened in between, and nothing twice"
        rings = [event for each in events for event in each if isinstance(event, Reserved)]
        assert [event.request for event in rings] == ["q0"]
        cutter.cuts = 1
        # the proxy cuts the connection before the refusal arrives; the store sends the step again, and Redis refuses it again
        with pytest.raises(Refused, match="duplicate"):
            await store.enqueue(asked("q3"), NOW)
        assert cutter.cut == 3
        assert len((await store.snapshot()).requests) == 20


async def test_brief_redis_outage_is_waited_for(redis_server, client):
    async with store_at(redis_server.url) as store:
        await store.enqueue(asked("a"), NOW)
        with redis_server.down():
            asking = asyncio.create_task(store.enqueue(asked("b"), NOW + 1))
            await asyncio.sleep(0.1)
        assert (await asking)[0].request == "b"


async def test_redis_outage_is_reported_and_recovered_from(redis_server, client, monkeypatch):
    monkeypatch.setattr(line, "RETRY_S", 0.2)
    async with store_at(redis_server.url) as store:
        await store.enqueue(asked("a"), NOW)
        with redis_server.down(), pytest.raises(Unavailable, match="cannot be reached"):
            await store.enqueue(asked("b"), NOW)
        assert (await store.enqueue(asked("b"), NOW + 1))[0].request == "b"


async def test_full_redis_refuses_whole_steps_and_still_reads(redis_server, client):
    async with store_at(redis_server.url) as store:
        await store.enqueue(asked("a"), NOW)
        before = await store.snapshot()
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
        try:
            with pytest.raises(Unavailable, match="OOM"):
                await store.enqueue(asked("b"), NOW)
            with pytest.raises(Unavailable, match="OOM"):
                await store.sign_in(JIMIN, NOW)
            assert await store.snapshot() == before
            assert (await store.place("a", NOW)).place == 1
        finally:
            client.config_set("maxmemory", 0)
        assert (await store.enqueue(asked("b"), NOW))[0].request == "b"


async def test_too_old_redis_is_reported_at_once():
    with running_redis("--rename-command", "FCALL", "", "--rename-command", "FUNCTION", "") as old:
        async with store_at(old.url) as store:
            with pytest.raises(Unavailable, match=r"7\.0 or newer"):
                await store.enqueue(asked("a"), NOW)


@pytest.fixture
def guarded(redis_server, client):
    """Give the Redis server a password, and a user `sangdam` with exactly the rights that docs/matching.md lists."""
    client.execute_command(
        "ACL",
        "SETUSER",
        "sangdam",
        "reset",
        "on",
        f">{PASSWORD}",
        "~{sangdam:*}*",
        "+@read",
        "+@write",
        "+@scripting",
        "+@connection",
    )
    client.execute_command("ACL", "SETUSER", "stranger", "reset", "on", f">{PASSWORD}", "+@connection")
    client.execute_command("ACL", "SETUSER", "default", "resetpass", f">{PASSWORD}")
    yield redis_server.url.removeprefix("unix://")
    client.execute_command("ACL", "SETUSER", "default", "nopass")
    client.execute_command("ACL", "DELUSER", "sangdam", "stranger")


async def test_redis_user_and_password_are_used(guarded):
    async with store_at(f"unix://sangdam:{quote(PASSWORD, safe='')}@{guarded}") as store:
        await store.sign_in(JIMIN, NOW)
        await store.set_available("jimin", NOW)
        assert any(isinstance(event, Reserved) for event in await store.enqueue(asked("a"), NOW))


@pytest.mark.parametrize("login", [f"sangdam:{quote(PASSWORD + 'x', safe='')}@", "", f"stranger:{quote(PASSWORD, safe='')}@"])
async def test_missing_redis_rights_are_reported_without_secrets(guarded, login, caplog):
    began = time.monotonic()
    async with store_at(f"unix://{login}{guarded}") as store:
        with pytest.raises(Unavailable, match="refuses us") as caught:
            await store.enqueue(asked("a"), NOW)
    assert time.monotonic() - began < line.RETRY_S
    for secret in (PASSWORD, quote(PASSWORD, safe="")):
        assert secret not in f"{caught.value} {caught.value.__cause__!r} {caplog.text}"


@pytest.fixture
def certificate(tmp_path) -> tuple[str, str]:
    """Write a self-signed certificate for the loopback address. Return the paths of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = tmp_path / "redis.crt", tmp_path / "redis.key"
    certificate.write_bytes(built.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(certificate), str(private)


async def test_redis_over_tls_works(certificate, monkeypatch):
    monkeypatch.setattr(line, "RETRY_S", 0.1)
    port = free_port()
    files = ("--tls-cert-file", certificate[0], "--tls-key-file", certificate[1])
    with running_redis("--tls-port", str(port), "--tls-auth-clients", "no", *files):
        async with store_at(f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={certificate[0]}") as store:
            assert (await store.enqueue(asked("a"), NOW))[0].request == "a"
        async with store_at(f"rediss://127.0.0.1:{port}/0") as store:
            with pytest.raises(Unavailable, match="certificate"):
                await store.enqueue(asked("b"), NOW)


@pytest.mark.parametrize(
    "url", ["http://redis", "redis://", "redis://u:secret@", "redis://u:sec/ret@redis:6379", "redis://u:secret@redis:port"]
)
def test_malformed_redis_url_is_not_repeated_in_the_error(url):
    with pytest.raises(ValueError, match="cannot be read") as caught:
        RedisStore(url)
    assert "sec" not in str(caught.value)


@pytest.fixture(scope="module")
def cluster():
    with running_cluster() as nodes:
        yield nodes


@pytest.fixture
def nodes(cluster):
    for node in cluster:
        with redis.Redis(port=node.port) as client:
            client.flushall()
    return cluster


def owner_of(nodes: list[RedisServer], slot: int) -> int:
    with redis.Redis(port=nodes[0].port) as client:
        for begin, end, primary, *_ in client.execute_command("CLUSTER", "SLOTS", NEVER_DECODE=True):
            if begin <= slot <= end:
                return next(number for number, node in enumerate(nodes) if node.port == primary[1])
    raise AssertionError("a slot without a node")


async def test_any_cluster_node_leads_to_the_right_one(nodes):
    for node in nodes:
        async with store_at(node.url) as store:
            assert (await store.enqueue(asked(f"at {node.port}"), NOW))[0].request
    owner = nodes[owner_of(nodes, SLOT)]
    async with store_at(nodes[0].url) as store:
        assert len((await store.snapshot()).requests) == 3
    with redis.Redis(port=owner.port) as client:
        keys = client.keys("*")
    assert len(keys) > 5
    assert {key_slot(key) for key in keys} == {SLOT}


async def test_cluster_node_that_is_down_is_skipped(nodes):
    other, owner = nodes[owner_of(nodes, SLOT) - 1], nodes[owner_of(nodes, SLOT)]
    with other.down():
        async with store_at(f"{other.url},127.0.0.1:{owner.port}") as store:
            assert (await store.enqueue(asked("a"), NOW))[0].request == "a"


async def test_steps_wait_while_their_slot_moves_to_another_node(nodes):
    begin = owner_of(nodes, SLOT)
    here, there = nodes[begin], nodes[begin - 1]
    with redis.Redis(port=here.port) as old, redis.Redis(port=there.port) as new:
        ids = [client.execute_command("CLUSTER", "MYID") for client in (old, new)]
        async with store_at(here.url) as store:
            await store.enqueue(asked("a"), NOW)
            new.execute_command("CLUSTER", "SETSLOT", SLOT, "IMPORTING", ids[0])
            old.execute_command("CLUSTER", "SETSLOT", SLOT, "MIGRATING", ids[1])
            keys = old.execute_command("CLUSTER", "GETKEYSINSLOT", SLOT, 1000)
            half = len(keys) // 2
            old.execute_command("MIGRATE", "127.0.0.1", there.port, "", 0, 5000, "KEYS", *keys[:half])
            asking = asyncio.create_task(store.enqueue(asked("b"), NOW + 1))
            await asyncio.sleep(0.3)
            assert not asking.done()
            old.execute_command("MIGRATE", "127.0.0.1", there.port, "", 0, 5000, "KEYS", *keys[half:])
            for client in (new, old):
                client.execute_command("CLUSTER", "SETSLOT", SLOT, "NODE", ids[1])
            assert (await asking)[0].request == "b"
            assert sorted((await store.snapshot()).requests) == ["a", "b"]
