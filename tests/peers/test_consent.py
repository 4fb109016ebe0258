"""Consent (RFC 7675): which packets prove that a client is still there, and which packets do not."""

from __future__ import annotations

import asyncio

from media.api import wire
from media.peer.peer import GONE_S
from tests.peers.client import Peer
from tests.peers.conftest import Service


def _reason(service: Service, peer: Peer) -> str:
    return next(
        event.reason for event in reversed(service.events) if isinstance(event, wire.PeerChanged) and event.peer == peer.name
    )


async def _beat(peer: Peer) -> None:
    for number in range(1000):
        peer.live.send(f'{{"t":"hb","n":{number}}}')
        await asyncio.sleep(0.5)


async def _repeat(check: bytes, target: tuple[str, int], sockets: list[Peer]) -> None:
    """Resend a captured connectivity check (STUN) from the sockets of two peers, again and again.

    One socket has the address from which the check was originally sent. The other socket has another address.
    """
    while True:
        for each in sockets:
            each.socket.sendto(check, target)
        await asyncio.sleep(1.0)


async def test_any_sign_of_life_keeps_a_peer_and_a_repeated_check_does_not(either_service: Service) -> None:
    """Some WebRTC clients, such as GStreamer and Pion, send no connectivity checks while media flows.

    Others send nothing at all while nobody speaks.
    """
    service = either_service
    names = ("speaks", "beats", "answers", "checks", "vanished")
    await service.everyone_hears_everyone("speaks", "listens")
    speaks, beats, answers, checks, vanished = [await service.join(name) for name in names]
    listens = await service.join("listens")
    for each in (speaks, beats, answers):
        each.checks = False
    for each in (speaks, beats, checks):
        each.answers = False
    speaks.speak(440)
    vanished.silenced = True
    going = [
        asyncio.create_task(_beat(beats)),
        asyncio.create_task(_repeat(vanished.last_check, vanished.target, [vanished, listens])),
    ]
    try:
        await asyncio.sleep(GONE_S + 5.0)
    finally:
        for each in going:
            each.cancel()
    for each in (speaks, beats, answers, checks):
        assert service.states(each) == ["connecting", "live"], each.participant
    assert service.states(vanished) == ["connecting", "live", "lost", "gone"]
    assert _reason(service, vanished) == "silent"
    assert (await listens.listen()).tones(440) == {440}
    stats = await service.worker.stats()
    assert stats.drops["stun_repeated"] >= 20
    assert stats.drops["ended_silent"] >= 1
