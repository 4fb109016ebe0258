"""Make calls between two light peers on a real worker: one sends the recording, the other listens as a browser would.

The listener uses the same jitter buffer and decoder as the mixer.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from media.api import client, wire
from media.mixer.jitter import TICK_S, TICK_SAMPLES
from media.mixer.opus import Encoder, Samples
from media.mixer.source import Source
from media.packets import rtcp, rtp
from media.packets.red import BEGIN_LOST
from media.peer.streams import Incoming
from tests.bench.quality.speech import spoken
from tests.peers.client import Peer
from tests.peers.conftest import start_worker
from tests.peers.proxy import Line, Proxy

BITRATE, COMPLEXITY = 32_000, 9
"""Chromium's Opus settings for a voice: bitrate in bit/s, and complexity."""
LOSSY, REMEMBERED, REPORT_EVERY_S = 0.02, 10, 5.0
"""A speaker adds in-band redundancy if one of the last `REMEMBERED` reports shows that more than the share `LOSSY` of
the packets was lost. A listener sends such a report every `REPORT_EVERY_S`, as Chromium does. The worker sends one every second.
"""
LATE_S = 1.0
PHASE_S = 0.007
"""On a link without jitter, the time from a packet's arrival to the tick in which it is played, in s."""
MIXED_GAIN = 0.99
"""Any gain other than 1 makes the worker mix the voice instead of relaying its packets."""
CLEAR = Line()


@dataclass(frozen=True)
class Case:
    """One call.

    `up` and `down`: the links of speaker and listener. `direct`: whether the call is between two browsers, without a worker; if
    so, `up` is the whole path.
    """

    up: Line = CLEAR
    down: Line = CLEAR
    mixed: bool = False
    direct: bool = False

    @property
    def redundant(self) -> bool:
        """Return whether the speaker's link loses so many packets that the speaker sends redundant copies (RED)."""
        return self.up.loss > BEGIN_LOST


@cache
def packets(protected: bool) -> list[bytes]:
    """Return the recording in packets of 20 ms.

    The packets are encoded before the calls, because encoding during a call would cause pauses.

    `protected`: whether each packet has in-band redundancy for the packet before it.
    """
    encoder = Encoder(bitrate=BITRATE, complexity=COMPLEXITY)
    encoder.protect(protected)
    return [encoder.encode(frame) for frame in spoken().reshape(-1, TICK_SAMPLES)]


class Speaker(Peer):
    """A speaker who, like browsers, adds in-band redundancy of Opus after reports of loss."""

    async def say(self) -> None:
        loop = asyncio.get_running_loop()
        began, first = loop.time(), secrets.randbits(14)
        for number, choices in enumerate(zip(packets(False), packets(True), strict=True)):
            lately = [each.lost_fraction for each in self.reports[-REMEMBERED:] if isinstance(each, rtcp.Report)]
            index = first + number
            self.send_rtp("audio", index, index * TICK_SAMPLES, choices[max(lately, default=0.0) > LOSSY])
            await asyncio.sleep(max(0.0, began + (number + 1) * TICK_S - loop.time()))


class Listener(Peer):
    """A listener who keeps the packets with their arrival times, and reports loss."""

    def __init__(self, participant: str, layers: dict[str, int] | None = None, *, repairs: bool = False) -> None:
        super().__init__(participant, layers, repairs=repairs)
        self._arrived: list[float] = []
        self._line: Incoming | None = None

    def _voice(self, data: bytes, header: rtp.Header) -> None:
        now = asyncio.get_running_loop().time()
        if self._line is None:
            self._line, self._report_due = Incoming(header.ssrc, "audio", now), now
        super()._voice(data, header)
        self._arrived += [now] * (len(self.heard) - len(self._arrived))
        self._line.receive(header, now)
        if now >= self._report_due:
            self._report_due = now + REPORT_EVERY_S
            self.send_rtcp(rtcp.receiver_report(1, [self._line.block(now)]))

    def hear(self) -> Samples:
        arrivals = zip(self._arrived, self.heard_headers, self.heard, strict=True)
        return listened([(at, header.sequence, header.timestamp, payload) for at, header, payload in arrivals])


def listened(arrivals: list[tuple[float, int, int, bytes]]) -> Samples:
    """Return the sound that a listener's loudspeaker plays.

    `arrivals`: (arrival time in s, sequence number, timestamp, payload) of each packet.
    """
    source, heard, waiting = Source(Counter()), [], arrivals[::-1]
    now, end = arrivals[0][0] + PHASE_S, arrivals[-1][0] + LATE_S
    while now < end:
        while waiting and waiting[-1][0] <= now:
            at, sequence, timestamp, payload = waiting.pop()
            source.push(sequence, timestamp, payload, None, at)
        sound = source.take(now)
        heard.append(np.zeros(TICK_SAMPLES, np.int16) if sound is None else sound)
        now += TICK_S
    return np.concatenate(heard)


async def _call(
    worker: client.WorkerClient, address: tuple[str, int], case: Case, seed: int, together: asyncio.Barrier
) -> Listener:
    """Make one call. Nobody speaks before all calls have connected, because handshakes would disturb the sound."""
    room = secrets.token_hex(4)
    await worker.open_room(room, wire.OpenRoom(epoch=1))
    proxies = [Proxy(address, up=case.up, seed=seed), Proxy(address, down=case.down, seed=seed)]
    speaker = await Speaker.join(worker, room, "speaker", via=await proxies[0].open(), repairs=True)
    listener = await Listener.join(worker, room, "listener", via=await proxies[1].open(), repairs=True)
    speaker.redundant = case.redundant
    gain = MIXED_GAIN if case.mixed else 1.0
    await worker.set_matrix(room, wire.SetMatrix(epoch=1, hears={"listener": {"speaker": gain}}))
    async with speaker, listener:
        place = await together.wait()
        await asyncio.sleep(TICK_S * place / together.parties)
        await speaker.say()
        await asyncio.sleep(LATE_S)
    await worker.close_room(room, 1)
    for proxy in proxies:
        proxy.close()
    return listener


@asynccontextmanager
async def running_worker() -> AsyncIterator[tuple[client.WorkerClient, tuple[str, int]]]:
    """Start a worker process on loopback. Yield its client and its media address."""
    with tempfile.TemporaryDirectory(prefix="sangdam-quality-") as folder:
        process = start_worker(Path(folder) / "worker.sock")
        worker = client.WorkerClient(str(Path(folder) / "worker.sock"))
        try:
            snapshot = await anext(worker.events())
            assert isinstance(snapshot, wire.Snapshot)
            yield worker, next((host, port) for host, port in snapshot.udp if host == "127.0.0.1")
        finally:
            await worker.close()
            process.terminate()
            process.wait(5)


async def calls(cases: list[Case], seed: int = 1) -> list[Samples]:
    """Make all calls at the same time, each in its own room. Return what each listener hears."""
    together = asyncio.Barrier(len(cases))
    packets(False), packets(True)
    async with running_worker() as (worker, address):
        listeners = await asyncio.gather(*(_call(worker, address, case, seed, together) for case in cases))
    return [each.hear() for each in listeners]
