"""Strangers and broken clients send hostile packets during a live call. The call goes on, and the worker counts the packets."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.api import client, wire
from media.packets import rtp
from media.worker.room import MAX_PEERS
from media.worker.worker import ECHOES_A_SECOND
from tests.peers.client import Peer
from tests.peers.conftest import Service, eventually

CLIENT_HELLO = bytes.fromhex("16fefd0000000000000000002e") + b"\x01" + b"\0" * 45
ALERT = bytes.fromhex("15fefd000000000000000000020228")
DATAGRAMS = {
    "empty": b"",
    "long rtp": b"\x80" * 1600,
    "one byte": b"\x80",
    "client hello": CLIENT_HELLO,
    "plain fatal alert": ALERT,
    "rtp": b"\x80\x6f\0\1" + b"\0" * 40,
    "rtcp": b"\x80\xc8\0\1" + b"\0" * 40,
    "bye": b"\x81\xcb\0\1\0\0\0\1" + b"\0" * 20,
    "stun without integrity": b"\0\1\0\0\x21\x12\xa4\x42" + b"t" * 12,
    "stun with a length that lies": b"\0\1\xff\xff\x21\x12\xa4\x42" + b"t" * 12,
    "turn channel data": b"\x40\0\0\4abcd" + b"\0" * 20,
}


@pytest.fixture
async def call(service: Service) -> AsyncIterator[tuple[Service, Peer, Peer]]:
    async with talking(service) as call:
        yield call


@pytest.fixture
async def either_call(either_service: Service) -> AsyncIterator[tuple[Service, Peer, Peer]]:
    async with talking(either_service) as call:
        yield call


@contextlib.asynccontextmanager
async def talking(service: Service) -> AsyncIterator[tuple[Service, Peer, Peer]]:
    await service.everyone_hears_everyone("user", "counselor")
    user, counselor = await service.join("user"), await service.join("counselor")
    user.speak(440)
    counselor.speak(620)
    await eventually(lambda: user.heard and counselor.heard)
    yield service, user, counselor
    assert await both_hear(user, counselor), "the call goes on"
    assert service.states(user)[-1] == service.states(counselor)[-1] == "live"


async def both_hear(user: Peer, counselor: Peer) -> bool:
    at_user, at_counselor = await asyncio.gather(user.listen(), counselor.listen())
    return at_user.tones(440, 620) == {620} and at_counselor.tones(440, 620) == {440}


@pytest.mark.parametrize("name", sorted(set(DATAGRAMS) - {"stun without integrity"}))
async def test_strangers_datagram_does_not_end_the_call(call: tuple[Service, Peer, Peer], name: str) -> None:
    service, user, _ = call
    before = sum((await service.drops()).values())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(3):
            stranger.sendto(DATAGRAMS[name], user.target)
        await asyncio.sleep(0.1)
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.recv(100)  # the worker sends nothing to an address from which no valid ICE check has come
    assert sum((await service.drops()).values()) >= before + 3


async def test_strangers_stun_requests_get_few_and_small_answers(call: tuple[Service, Peer, Peer]) -> None:
    _, user, _ = call
    request = DATAGRAMS["stun without integrity"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(200):
            stranger.sendto(request, user.target)
        await asyncio.sleep(0.2)
        stranger.setblocking(False)
        answers: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                answers.append(stranger.recv(1500))
    assert 1 <= len(answers) <= 2 * ECHOES_A_SECOND
    assert {len(each) for each in answers} == {len(request) + 12}, "the answer names the sender's address and nothing else"


@pytest.mark.parametrize("name", sorted(set(DATAGRAMS) - {"plain fatal alert"}))
async def test_bad_datagram_from_a_clients_address_does_not_end_the_call(call: tuple[Service, Peer, Peer], name: str) -> None:
    _, user, _ = call
    user.send_raw(DATAGRAMS[name])
    await asyncio.sleep(0.1)


async def test_flood_of_junk_does_not_end_the_call(call: tuple[Service, Peer, Peer]) -> None:
    service, user, _ = call
    noise = random.Random(7)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(20_000):
            stranger.sendto(noise.randbytes(noise.randrange(0, 200)), user.target)
            if number % 200 == 0:
                await asyncio.sleep(0)
    assert (await service.drops())["junk"] > 1000


@pytest.mark.parametrize("of", ["noise", "good packets, then repeated"])
async def test_packet_flood_on_one_peer_leaves_others_undisturbed(either_call: tuple[Service, Peer, Peer], of: str) -> None:
    service, user, counselor = either_call
    mad = await service.join("mad")
    await service.matrix(hears={"user": {"counselor": 1.0}, "counselor": {"user": 1.0}, "mad": {"user": 1.0}})
    mad.speak(880)
    await eventually(lambda: mad.heard)
    heard = [len(each.heard) for each in (user, counselor)]
    before = await service.worker.stats()
    await flood(mad, NOISE if of == "noise" else [mad.sealed_voice(number) for number in range(30_000, 34_000)])
    after = await service.worker.stats()
    came = after.packets_in - before.packets_in
    dropped = sum(after.drops.values()) - sum(before.drops.values())
    assert came > 5000, "a flood, of which at least this much got past the socket's buffer"
    assert dropped > 0.5 * (came - RATION), "and was dropped"
    for each, count in zip((user, counselor), heard, strict=True):
        came_through = each.heard_headers[count:]
        said = rtp.ahead(came_through[-1].sequence, came_through[0].sequence) + 1
        assert len(came_through) > 0.5 * said > 5, "the others go on hearing each other"


FLOOD_PER_S = FLOOD_PACKETS = 50_000
RATION = 1500 + 3000 * FLOOD_PACKETS / FLOOD_PER_S
NOISE = [b"\x80\x6f" + random.Random(9).randbytes(150) for _ in range(500)]


async def flood(peer: Peer, datagrams: list[bytes]) -> None:
    """Send these datagrams from the peer's own address: `FLOOD_PER_S` a second, or fewer if the machine is slower."""
    descriptor = peer.socket.fileno()
    command = [sys.executable, str(Path(__file__).parent / "flood.py"), str(descriptor), *map(str, peer.target)]
    child = await asyncio.create_subprocess_exec(
        *command, str(FLOOD_PER_S), str(FLOOD_PACKETS), stdin=PIPE, pass_fds=[descriptor]
    )
    await child.communicate(b"".join(len(each).to_bytes(2, "big") + each for each in datagrams))
    assert child.returncode == 0


async def test_random_encrypted_rtp_and_rtcp_do_not_end_the_call(call: tuple[Service, Peer, Peer]) -> None:
    service, user, _ = call
    noise = random.Random(8)
    for _ in range(300):
        head = b"\x90" + noise.randbytes(11)
        user.send_raw(user._dtls._tx_srtp.protect(b"\x80\x60" + noise.randbytes(10) + noise.randbytes(30)))
        user.send_rtcp(b"\x81" + bytes([noise.choice([200, 201, 205, 206])]) + noise.randbytes(30))
        user.send_raw(head + noise.randbytes(50))
    await asyncio.sleep(0.2)
    drops = await service.drops()
    assert drops["too_many_ssrcs"] > 0
    assert drops["srtp"] > 0
    assert drops["rtcp"] > 0


async def test_bad_data_channel_messages_do_not_end_the_call(call: tuple[Service, Peer, Peer]) -> None:
    service, user, _ = call
    await eventually(lambda: user.live.readyState == "open" and user.doc.readyState == "open")
    for text in ("", "{", '{"t":"hb","n":"x"}', '{"t":"hb","n":1,"x":2}', "[" * 10_000, "\ud7ff" * 100):
        user.live.send(text)
    for data in (b"\x00", b"\x07abc", b"\x00" + b"\xff" * 100, b"\x01" + b"x" * 20_000, b"\x00end", "text"):
        user.doc.send(data)
    for _ in range(40):
        user.doc.send(b"\x01" + b"x" * 16_000)
    user.doc.send(b"\x00end")
    await asyncio.sleep(0.5)
    user.beat(1)
    await eventually(lambda: user.echoes)
    drops = await service.drops()
    assert drops["live_malformed"] > 0
    assert drops["live_refused"] > 0
    assert drops["board_fragment_too_large"] > 0
    assert drops["board_too_large"] > 0
    assert drops["doc_text"] > 0


@pytest.mark.parametrize("sdp", ["", "v=0\r\n", "hello" * 1000, "v=0\r\nm=audio 9 x 1\r\n" * 300, "x" * 100_000])
async def test_bad_offer_is_refused_with_a_reason_and_harms_nobody(call: tuple[Service, Peer, Peer], sdp: str) -> None:
    service, _, _ = call
    with pytest.raises(client.WorkerRefused) as refused:
        await service.worker.admit(service.room, wire.AdmitPeer(epoch=1, peer="p", participant="user", sdp=sdp))
    assert refused.value.reason == "bad_sdp"


async def test_full_room_refuses_with_a_reason(service: Service) -> None:
    for number in range(MAX_PEERS):
        await service.join(f"p{number}", secure=False)
    with pytest.raises(client.WorkerRefused) as refused:
        await service.join("one too many", secure=False)
    assert refused.value.reason == "full"
