"""Calls over a bad network that loses the same packets in each run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import groupby

import pytest

from tests.peers.client import Peer
from tests.peers.conftest import Service, eventually
from tests.peers.proxy import Bursts, Line, Proxy, Way
from tests.peers.timed_socket import Address

RTP, RTCP = b"\x80\x6f" + bytes(20), b"\x80\xc9" + bytes(20)


@pytest.mark.parametrize("burst", [1.0, 3.0])
def test_simulated_link_is_as_lossy_as_set_and_repeatable(burst: float) -> None:
    line = Line(loss=0.1, burst=burst, jitter_s=0.05, twice=0.05)
    way, again = Way(line, "1"), Way(line, "1")
    fates = []
    for _ in range(10_000):
        fates.append(way.delays(RTP, 0.0))
        again.delays(RTCP, 0.0)
        assert again.delays(RTP, 0.0) == fates[-1]
    runs = [len(list(run)) for lost, run in groupby(fates, lambda delays: not delays) if lost]
    assert sum(runs) / len(fates) == pytest.approx(0.1, abs=0.015)
    assert sum(runs) / len(runs) == pytest.approx(burst if burst > 1 else 1 / 0.9, abs=0.3)
    assert sum(len(delays) == 2 for delays in fates) / len(fates) == pytest.approx(0.9 * 0.05, abs=0.01)
    assert 0.045 < max(max(delays, default=0.0) for delays in fates) <= 0.05


def test_simulated_slow_link_queues_and_then_drops() -> None:
    way = Way(Line(bps=100_000), "1")
    delays = [way.delays(bytes(1000), 0.0) for _ in range(10)]
    assert [round(each[0], 3) for each in delays if each] == [0.08, 0.16, 0.24, 0.32]
    assert delays[4:] == [[]] * 6
    assert way.delays(bytes(1000), 10.0) == [pytest.approx(0.08)]


class BadNetwork:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.proxies: list[Proxy] = []

    async def join(self, participant: str, *, repairs: bool = False, loss: float, jitter_s: float = 0.0) -> Peer:
        proxy = Proxy(await worker_address(self.service), seed=len(self.proxies) + 1, loss=loss, jitter_s=jitter_s)
        self.proxies.append(proxy)
        return await self.service.join(participant, via=await proxy.open(), repairs=repairs)


async def worker_address(service: Service) -> Address:
    async for event in service.worker.events():
        return next(tuple(each) for each in event.udp if each[0] == "127.0.0.1")
    raise AssertionError


@pytest.fixture
async def network(service: Service) -> AsyncIterator[BadNetwork]:
    network = BadNetwork(service)
    yield network
    for proxy in network.proxies:
        proxy.close()


async def test_video_lost_on_the_uplink_is_requested_and_repaired(service: Service, network: BadNetwork) -> None:
    sender = await network.join("sender", loss=0.05, repairs=True)
    viewer = await service.join("viewer")
    await service.matrix(sees={"viewer": {0: ("sender", "camera")}})
    sender.show()
    await asyncio.sleep(4)
    assert network.proxies[0].lost > 5
    assert complete(viewer) > 0.99


@pytest.mark.parametrize("repairs", [True, False], ids=["rtx", "as they were"])
async def test_video_lost_on_the_downlink_is_repaired_from_the_cache(
    service: Service, network: BadNetwork, repairs: bool
) -> None:
    sender = await service.join("sender")
    viewer = await network.join("viewer", loss=0.05, jitter_s=0.01, repairs=repairs)
    await service.matrix(sees={"viewer": {0: ("sender", "camera")}})
    sender.show()
    await asyncio.sleep(4)
    assert network.proxies[0].lost > 5
    assert complete(viewer) > 0.99
    assert (viewer.repaired > 5) == repairs


def complete(viewer: Peer) -> float:
    """Return the share of the video packets that the viewer has received.

    The last ten packets do not count, because they can still be retransmitted.
    """
    sequences = sorted(viewer.pictures[0])[:-10]
    return len(sequences) / (sequences[-1] - sequences[0] + 1)


@pytest.mark.parametrize("gain", [1.0, 0.5], ids=["relayed", "mixed"])
@pytest.mark.parametrize("loses", ["speaker", "listener"])
async def test_redundant_voice_loses_almost_nothing(service: Service, network: BadNetwork, loses: str, gain: float) -> None:
    """Without redundancy, one voice packet in ten would be lost."""
    people = {}
    for name in ("speaker", "listener"):
        people[name] = await (network.join(name, loss=0.1, repairs=True) if name == loses else service.join(name, repairs=True))
    speaker, listener = people["speaker"], people["listener"]
    await service.matrix(hears={"listener": {"speaker": gain}})
    # on the speaker's link, the speaker adds the redundancy; on the listener's link, the worker adds it
    speaker.redundant = loses == "speaker"
    speaker.speak(440)
    if loses == "listener":
        listener.report_loss(0.1)
    await asyncio.sleep(0.5)
    begin = len(listener.heard_headers)
    await asyncio.sleep(2.5)
    sequences = sorted(header.sequence for header in listener.heard_headers[begin:])
    assert network.proxies[0].lost > 6
    assert len(sequences) / (sequences[-1] - sequences[0] + 1) > 0.95
    assert (listener.redundant_heard > 50) == (loses == "listener")


async def test_voice_lost_in_bursts_is_sent_again_on_request(either_service: Service) -> None:
    proxy = Proxy(await worker_address(either_service))
    proxy.up = lossy = Bursts()
    speaker = await either_service.join("speaker", via=await proxy.open(), repairs=True)
    listener = await either_service.join("listener", repairs=True)
    await either_service.matrix(hears={"listener": {"speaker": 1.0}})
    speaker.redundant = True
    speaker.speak(440)
    await eventually(lambda: speaker.spoken_again > 6)
    begin, lost = max(header.sequence for header in listener.heard_headers), len(lossy.lost)
    await eventually(lambda: max(header.sequence for header in listener.heard_headers) > begin + 200)
    assert len(lossy.lost) > lost + 16
    later = {header.sequence for header in listener.heard_headers if header.sequence > begin}
    assert set(range(begin + 1, begin + 190)) <= later
    proxy.close()


async def test_voice_lost_at_random_is_not_requested(service: Service, network: BadNetwork) -> None:
    speaker = await network.join("speaker", loss=0.1, repairs=True)
    listener = await service.join("listener", repairs=True)
    await service.matrix(hears={"listener": {"speaker": 1.0}})
    speaker.redundant = True
    speaker.speak(440)
    await eventually(lambda: len(listener.heard) > 300)
    assert network.proxies[0].lost > 15
    assert speaker.spoken_again == 0


async def test_mixed_speech_survives_ten_percent_loss(service: Service, network: BadNetwork) -> None:
    names = ("a", "b", "c")
    await service.everyone_hears_everyone(*names)
    people = [await network.join(name, loss=0.1, jitter_s=0.03) for name in names]
    for person, hz in zip(people, (440, 620, 880), strict=True):
        person.speak(hz)
    await asyncio.sleep(1.0)
    heard = await asyncio.gather(*(person.listen(1.0) for person in people))
    assert [each.tones(440, 620, 880) for each in heard] == [{620, 880}, {440, 880}, {440, 620}]
    assert all(len(each.payloads) > 35 for each in heard), "the mix keeps its pace"
