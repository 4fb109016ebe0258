"""A client's network changes or fails for a while, or somebody impersonates the client.

The media worker copes with these cases without the signaling server.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time

from tests import PATIENCE_S
from tests.peers.client import Peer
from tests.peers.conftest import Service, eventually
from tests.peers.proxy import Nat

USER, COUNSELOR = 440, 620
AWAY_S = float(os.environ.get("SANGDAM_TEST_AWAY_S", "4"))
"""Length of an outage in s. It must exceed the 3 s after which the worker reports that a peer has failed."""


async def behind_a_nat(service: Service, participant: str) -> tuple[Peer, Nat]:
    """Let the participant join from behind a NAT. Another peer joins first, only to learn the worker's address."""
    scout = await service.join("scout", secure=False)
    nat = Nat(scout.target)
    return await service.join(participant, via=await nat.open()), nat


async def hears(peer: Peer, hz: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await peer.listen(0.4)).tones(USER, COUNSELOR) != {hz}:
            pass


async def both_heard(peer: Peer, other: Peer) -> float:
    """Return the seconds until both peers receive sound again."""
    began = time.perf_counter()
    heard, theirs = len(peer.heard), len(other.heard)
    await eventually(lambda: len(peer.heard) > heard + 2 and len(other.heard) > theirs + 2, 10)
    return time.perf_counter() - began


async def test_sound_continues_both_ways_after_a_nat_rebinding(service: Service) -> None:
    await service.everyone_hears_everyone("user", "counselor")
    user, nat = await behind_a_nat(service, "user")
    counselor = await service.join("counselor")
    user.speak(USER)
    counselor.speak(COUNSELOR)
    await hears(user, COUNSELOR)
    await hears(counselor, USER)
    gaps = []
    for _ in range(3):
        nat.rebind()
        gaps.append(await both_heard(user, counselor))
        await hears(user, COUNSELOR)
        await hears(counselor, USER)
    print(f"\nan address changed in mid-call: sound back after {max(gaps):.2f} s at worst (of {len(gaps)})")
    assert max(gaps) < 3
    assert service.states(user) == ["connecting", "live"]
    nat.close()


async def test_sound_returns_as_soon_as_the_network_does(service: Service) -> None:
    await service.everyone_hears_everyone("user", "counselor")
    user, nat = await behind_a_nat(service, "user")
    counselor = await service.join("counselor")
    user.speak(USER)
    counselor.speak(COUNSELOR)
    await hears(user, COUNSELOR)
    nat.cut = True
    cut_at = time.perf_counter()
    await service.until_state(user, "lost", 8)
    await asyncio.sleep(max(0.0, AWAY_S - (time.perf_counter() - cut_at)))
    nat.cut = False
    back = await both_heard(user, counselor)
    await service.until_state(user, "live")
    print(f"\ncut off for {AWAY_S:.0f} s: sound back {back:.2f} s after the network")
    assert back < 3
    await hears(user, COUNSELOR)
    await hears(counselor, USER)
    nat.close()


async def test_replay_from_another_address_moves_no_media(service: Service) -> None:
    """An eavesdropper resends everything that the client sends, including valid connectivity checks, from another address.

    The eavesdropper gets no sound, even while the client's own network is cut. Before and after that time, the client hears the
    counselor.
    """
    await service.everyone_hears_everyone("user", "counselor")
    user, nat = await behind_a_nat(service, "user")
    counselor = await service.join("counselor")
    counselor.speak(COUNSELOR)
    await hears(user, COUNSELOR)
    got: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        stranger.bind(("127.0.0.1", 0))
        asyncio.get_running_loop().add_reader(stranger, lambda: got.append(stranger.recv(2048)))
        user.speak(USER)
        for _ in range(60):
            sent, nat.passed_out = nat.passed_out, []
            for data in sent:
                stranger.sendto(data, nat.target)
            await asyncio.sleep(0.02)
        await hears(user, COUNSELOR)
        await hears(counselor, USER)
        # the worker goes on sending media to a client that falls silent, but only for a while; this client stays silent for
        # longer
        nat.cut = True
        for _ in range(60):
            sent, nat.passed_out = nat.passed_out, []
            for data in sent:
                stranger.sendto(data, nat.target)
            await asyncio.sleep(0.02)
        nat.cut = False
        asyncio.get_running_loop().remove_reader(stranger)
    assert got, "its checks are answered, for they are the client's"
    assert not [data for data in got if data[:1] >= b"\x14"], "neither sound nor anything else of the call"
    await hears(user, COUNSELOR)
    nat.close()
