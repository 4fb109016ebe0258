"""Our configuration of coturn: the tests check who is allowed to use the TURN server, and to which addresses it relays.

The client uses aioice's TURN messages.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aioice import stun

from signaling.access.turn_credentials import TTL_S, Turn
from signaling.protocol.server_messages import IceServer
from tests import PATIENCE_S
from tests.peers.live_house import in_conversation, running, settings_for
from tests.turn_server import TurnServer, own_address

UDP, TCP = 17 << 24, 6 << 24
FORBIDDEN, UNAUTHORIZED, UNSUPPORTED_TRANSPORT = 403, 401, 442
PORT = 40_000
REQUESTED_ADDRESS_FAMILY = 0x0017  # RFC 8656 section 18.8
DENIED_V4 = {
    "this network": "0.0.0.0",
    "loopback": "127.0.0.1",
    "loopback, another": "127.1.2.3",
    "private 10": "10.0.0.1",
    "private 172.16": "172.16.0.1",
    "private 192.168": "192.168.1.1",
    "carrier-grade NAT": "100.64.0.1",
    "link-local (cloud metadata)": "169.254.169.254",
    "multicast": "224.0.0.251",
    "broadcast": "255.255.255.255",
    "a public address": "9.9.9.9",
}
DENIED_V6 = {
    "unspecified": "::",
    "loopback": "::1",
    "v4-mapped loopback": "::ffff:127.0.0.1",
    "v4-mapped private": "::ffff:10.0.0.1",
    "NAT64": "64:ff9b::a00:1",
    "unique local": "fd00::1",
    "link-local": "fe80::1",
    "multicast": "ff02::1",
    "a public address": "2620:fe::fe",
}


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TurnServer]:
    server = TurnServer(tmp_path_factory.mktemp("turn"), own_address())
    with server.running():
        yield server


def credentials(turn: TurnServer, now_ms: int | None = None) -> IceServer:
    known = Turn.open([turn.url], turn.secret_file)
    assert known is not None
    return known.server("s-1", int(time.time() * 1000) if now_ms is None else now_ms)


RETRANSMISSIONS_S = (0.5, 1, 2, 4)


class Relay(asyncio.DatagramProtocol):
    """One allocation (a relay address) on the TURN server. Call `allocate` first, then ask for permissions for peers."""

    def __init__(self, server: IceServer) -> None:
        self._server = server
        self._key = b""
        self._realm, self._nonce = "", b""
        self._replies: asyncio.Queue[stun.Message] = asyncio.Queue()
        self.data: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: Any

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
        message = stun.parse_message(data)
        if message.message_class is stun.Class.INDICATION:
            self.data.put_nowait(message.attributes["DATA"])
        else:
            self._replies.put_nowait(message)

    async def allocate(self, *, transport: int = UDP, v6: bool = False) -> int:
        """Request an allocation from the TURN server. Return 0 if the server grants it, otherwise the server's error code."""

        def request() -> stun.Message:
            return _message(stun.Method.ALLOCATE, {"LIFETIME": 60, "REQUESTED-TRANSPORT": transport})

        first = await self._ask(bytes(request()))
        self._realm, self._nonce = first.attributes["REALM"], first.attributes["NONCE"]
        text = f"{self._server.username}:{self._realm}:{self._server.credential}"
        self._key = hashlib.md5(text.encode(), usedforsecurity=False).digest()
        return _code(
            await self._ask(self._signed(request(), struct.pack("!HHB3x", REQUESTED_ADDRESS_FAMILY, 4, 2) if v6 else b""))
        )

    async def permit(self, address: str) -> int:
        request = _message(stun.Method.CREATE_PERMISSION, {"XOR-PEER-ADDRESS": (address, PORT)})
        return _code(await self._ask(self._signed(request)))

    async def bind(self, address: str) -> int:
        request = _message(stun.Method.CHANNEL_BIND, {"CHANNEL-NUMBER": 0x4000, "XOR-PEER-ADDRESS": (address, PORT)})
        return _code(await self._ask(self._signed(request)))

    def send(self, address: tuple[str, int], data: bytes) -> None:
        indication = stun.Message(stun.Method.SEND, stun.Class.INDICATION)
        indication.attributes["XOR-PEER-ADDRESS"] = address
        indication.attributes["DATA"] = data
        self.transport.sendto(bytes(indication))

    def _signed(self, request: stun.Message, extra: bytes = b"") -> bytes:
        """Sign a message. `extra`: an attribute unknown to aioice, inserted before the integrity attribute."""
        request.attributes |= {"USERNAME": self._server.username, "REALM": self._realm, "NONCE": self._nonce}
        plain = bytes(request) + extra
        covered = struct.pack("!H", len(plain) - 20 + 24)
        plain = plain[:2] + covered + plain[4:]
        return plain + struct.pack("!HH", 8, 20) + hmac.new(self._key, plain, hashlib.sha1).digest()

    async def _ask(self, data: bytes) -> stun.Message:
        """Send a request repeatedly until the reply arrives, because datagrams can be lost. The pauses follow RFC 8489, 6.2.1."""
        for pause_s in RETRANSMISSIONS_S:
            self.transport.sendto(data)
            try:
                async with asyncio.timeout(pause_s):
                    while (reply := await self._replies.get()).transaction_id != data[8:20]:
                        pass  # the server has replied to an earlier request for the second time
                    return reply
            except TimeoutError:
                continue
        raise AssertionError("the TURN server does not answer")


def _message(method: stun.Method, attributes: dict[str, Any]) -> stun.Message:
    message = stun.Message(method, stun.Class.REQUEST)
    message.attributes.update(attributes)
    return message


def _code(reply: stun.Message) -> int:
    return int(reply.attributes["ERROR-CODE"][0]) if "ERROR-CODE" in reply.attributes else 0


@asynccontextmanager
async def relay(turn: TurnServer, server: IceServer | None = None) -> AsyncIterator[Relay]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: Relay(server or credentials(turn)), remote_addr=("127.0.0.1", turn.port)
    )
    try:
        yield protocol
    finally:
        transport.close()


@pytest.mark.parametrize("family", ["v4", "v6"])
async def test_relay_reaches_only_the_workers(turn: TurnServer, family: str) -> None:
    """Test each address range by itself. If one range were not blocked, users could reach the network behind the relay."""
    denied = DENIED_V6 if family == "v6" else DENIED_V4
    async with relay(turn) as ours:
        assert await ours.allocate(v6=family == "v6") == 0
        answers = {name: (await ours.permit(address), await ours.bind(address)) for name, address in denied.items()}
        if family == "v4":
            assert await ours.permit(turn.worker) == 0
    assert answers == dict.fromkeys(denied, (FORBIDDEN, FORBIDDEN))


async def test_data_without_a_permission_is_not_relayed(turn: TurnServer) -> None:
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    class Victim(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, address: tuple[str | Any, int]) -> None:
            arrived.put_nowait(data)

    loopback, _ = await loop.create_datagram_endpoint(Victim, local_addr=("127.0.0.1", 0))
    worker, _ = await loop.create_datagram_endpoint(Victim, local_addr=(turn.worker, 0))
    async with relay(turn) as ours:
        assert await ours.allocate() == 0
        await ours.permit("127.0.0.1")
        ours.send(loopback.get_extra_info("sockname"), b"to loopback")
        assert await ours.permit(turn.worker) == 0
        ours.send(worker.get_extra_info("sockname"), b"to the worker")
        assert await asyncio.wait_for(arrived.get(), PATIENCE_S) == b"to the worker"
        assert arrived.empty()
    loopback.close()
    worker.close()


async def test_relay_opens_no_tcp_connections(turn: TurnServer) -> None:
    async with relay(turn) as ours:
        assert await ours.allocate(transport=TCP) == UNSUPPORTED_TRANSPORT


async def test_expired_and_forged_credentials_are_refused(turn: TurnServer) -> None:
    ended = credentials(turn, int(time.time() - TTL_S - 5) * 1000)
    good = credentials(turn)
    later = IceServer(urls=good.urls, username=f"{int(time.time()) + 10 * TTL_S}:s-1", credential=good.credential)
    for server in (ended, later):
        async with relay(turn, server) as ours:
            assert await ours.allocate() == UNAUTHORIZED
    async with relay(turn, good) as ours:
        assert await ours.allocate() == 0


async def test_people_in_a_session_get_working_credentials(turn: TurnServer, tmp_path: Path) -> None:
    settings = replace(settings_for(tmp_path), turn=(turn.url,), turn_secret_file=turn.secret_file)
    async with running(settings) as service:
        waiting = await service.user("voice")
        assert (await waiting.say("ice"))["reason"] == "wrong_state"
        await waiting.close()
        user, counselor = await in_conversation(service, "voice")
        for person in (user, counselor):
            [server] = (await person.say("ice"))["servers"]
            assert server["urls"] == [f"{turn.url}?transport=udp", f"{turn.url}?transport=tcp"]
            async with relay(turn, IceServer(**server)) as ours:
                assert await ours.allocate() == 0
            assert turn.secret_file.read_text().strip() not in person.traffic()
        stranger = await service.user()
        assert (await stranger.ask(type="ice", session=user.session_id))["reason"] == "not_yours"
