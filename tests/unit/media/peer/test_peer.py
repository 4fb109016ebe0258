from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from media.packets import sdp
from media.packets.rtp import Header
from media.peer.peer import Peer, State
from media.peer.quality import Totals
from media.peer.streams import Incoming
from media.transport import ice
from media.transport.fastpath import Kept
from media.transport.seam import make_certificate

OFFER = sdp.parse((Path(__file__).parents[1] / "packets" / "offers" / "chromium.sdp").read_text())
HOME = ice.Path(0, ("192.0.2.10", 5000))


class World:
    """Takes the place of the peer's `Owner` (a room and its worker) and of the network.

    Records which packets the peer sends, and which states the peer reports. Tests set `time`, which the peer uses as its clock.
    """

    def __init__(self) -> None:
        self.certificate = make_certificate()
        self.fastpath = None
        self.drops: Counter[str] = Counter()
        self.totals = Totals()
        self.time = 0.0
        self.sent: list[tuple[bytes, ice.Path]] = []
        self.told: list[tuple[State, str]] = []

    def send(self, data: bytes, path: ice.Path) -> None:
        self.sent.append((data, path))

    def claim(self, peer: Peer, path: ice.Path) -> None: ...

    def now(self) -> float:
        return self.time

    def wall(self, now: float) -> float:
        return now

    @property
    def voices(self) -> World:
        return self

    def audio(self, peer: Peer, source: Incoming, data: bytes, header: Header, level: int | None, now: float) -> None: ...

    def kept(self, peer: Peer, packets: list[Kept]) -> None: ...

    def returned(self, peer: Peer) -> None: ...

    def video(self, peer: Peer, source: Incoming, data: bytes, header: Header, now: float) -> None: ...

    def keyframe_wanted(self, peer: Peer, slot: int) -> None: ...

    def document(self, peer: Peer, fragment: bytes) -> None: ...

    def document_opened(self, peer: Peer) -> None: ...

    def changed(self, peer: Peer, state: State, reason: str) -> None:
        self.told.append((state, reason))


@pytest.fixture
async def world() -> World:
    return World()


@pytest.fixture
async def peer(world: World) -> Peer:
    return Peer("p1", "user", OFFER, world, world, 0.0)


async def test_peer_that_never_connects_is_gone_after_thirty_seconds(world: World, peer: Peer) -> None:
    for second in range(40):
        peer.check(float(second))
    assert world.told == [("gone", "never_connected")]


async def test_silent_peer_fails_after_three_seconds_and_goes_after_thirty(world: World, peer: Peer) -> None:
    peer._secured()
    for tick in range(400):
        world.time = tick / 10
        peer.check(world.time)
    assert world.told == [("live", ""), ("lost", "silent"), ("gone", "silent")]


async def test_any_packet_revives_a_failed_peer(world: World, peer: Peer) -> None:
    peer._secured()
    peer.check(4.0)
    world.time = 5.0
    peer._message("live", '{"t":"hb","n":1}')
    peer.check(5.1)
    assert world.told == [("live", ""), ("lost", "silent"), ("live", "")]


async def test_nothing_is_sent_before_an_ice_check_passes(world: World, peer: Peer) -> None:
    peer._secured()
    peer._send(b"anything")
    peer.tick(1.0)
    assert world.sent == []


async def test_media_before_the_handshake_is_dropped(world: World, peer: Peer) -> None:
    peer.receive("rtp", b"\x80" * 40, HOME, 0.0, 0.0)
    peer.receive("rtcp", b"\x80" * 40, HOME, 0.0, 0.0)
    assert world.drops == {"before_dtls": 2}


async def test_answer_offers_the_slots_that_the_peer_will_send(peer: Peer) -> None:
    text = peer.answer([("192.0.2.9", 4000)])
    assert all(f"a=ssrc:{slot.ssrc} " in text for slot in (peer.voice, *peer.slots))
    assert f"a=ice-ufrag:{peer.ice.ufrag}" in text


async def test_peer_flood_is_rate_limited_until_the_next_tick(world: World, peer: Peer) -> None:
    for _ in range(2000):
        peer.receive("rtp", b"\x80" * 40, HOME, 0.0, 0.0)
    assert world.drops["rate"] == 500
    peer.tick(0.02)
    peer.receive("rtp", b"\x80" * 40, HOME, 0.02, 0.02)
    assert world.drops["rate"] == 500


async def test_heartbeats_are_rate_limited(world: World, peer: Peer) -> None:
    for number in range(100):
        peer._message("live", f'{{"t":"hb","n":{number}}}')
    assert world.drops["live_refused"] == 80
