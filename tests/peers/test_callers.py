"""Light peers on a worker in this process: two who are relayed hear each other, and know how old what they hear is."""

from __future__ import annotations

import asyncio

import pytest

from loadtest import voice
from loadtest.peer import Choir, NotConnected, Peer
from media.api import wire
from media.worker.worker import Where, Worker

WAIT_S = 20.0


async def test_two_hear_each_other_and_know_each_packet() -> None:
    worker = Worker("w", Where(["127.0.0.1"]))
    await worker.open()
    async with Choir(voice.encoded(voice.made())) as choir:
        worker.open_room("r", wire.OpenRoom(epoch=1))
        peers = {name: Peer(choir) for name in ("user", "counselor")}
        peers["user"].other, peers["counselor"].other = peers["counselor"], peers["user"]
        hears = {"user": {"counselor": 1.0}, "counselor": {"user": 1.0}}
        worker.room("r", 1).set_matrix(wire.SetMatrix(epoch=1, hears=hears))
        for name, peer in peers.items():
            admitted = worker.admit("r", wire.AdmitPeer(epoch=1, peer=name, participant=name, sdp=peer.offer()))
            await peer.connect(admitted.sdp)
        async with asyncio.timeout(WAIT_S):
            await asyncio.gather(*(peer.hears.wait() for peer in peers.values()))
            while min(peer.figures().packets for peer in peers.values()) < 20:
                await asyncio.sleep(0.02)
        for peer in peers.values():
            found = peer.figures()
            assert found.network_ms is not None
            assert found.network_ms >= 0
            assert found.mos is not None
            await peer.close()
    await worker.close()


async def test_who_gets_no_answer_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtest.peer.CONNECT_S", 0.3)
    worker = Worker("w", Where(["127.0.0.1"]))
    await worker.open()
    worker.open_room("r", wire.OpenRoom(epoch=1))
    async with Choir(voice.encoded(voice.made())) as choir:
        peer = Peer(choir)
        admitted = worker.admit("r", wire.AdmitPeer(epoch=1, peer="a", participant="a", sdp=peer.offer()))
        await worker.close()
        with pytest.raises(NotConnected, match="no_udp"):
            await peer.connect(admitted.sdp)
        await peer.close()
