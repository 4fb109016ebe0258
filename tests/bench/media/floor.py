"""`make bench ARGS=floor`: measure what a relayed packet costs at each number of rooms.

The worker is compared with Janus, rtpengine and a bare echo in C.

The echo (echo.c) shows the kernel's share of the cost. Every server that forwards packets as soon as they arrive pays this share.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.bench.media.calls import MOST_LOAD, STEP, open_rooms
from tests.bench.media.crowd import JOINED_AT_ONCE, MOST_LOST, Crowd, allow_descriptors
from tests.bench.media.leg import Leg
from tests.bench.media.load import FRAME_S
from tests.bench.media.servers import LOAD_CORE, READY_S, Janus, Person, Rtpengine, Sangdam, Server
from tests.bench.rows import Row, one_by_one, row

ROUNDS = 5
EMPTY_S = 4.0
SIZES = (1, 20, 60, 120, 600)
MOST_OF_OTHERS = 60
"""Largest number of rooms with which Janus and rtpengine are measured. With twice as many, Janus would need most of the core that
all servers share."""
PACKETS_A_ROOM = 2 / FRAME_S
"""Packets per second in a room of two people."""
SOURCE = Path(__file__).with_name("echo.c")
AUTHENTICATION = bytes(10)
"""Zeros, as many as SRTP's authentication tag has bytes, in place of this tag."""


class BareLeg(Leg):
    """A connection without a handshake. The connection sends unencrypted packets of the same size as encrypted ones."""

    def __init__(self, host: str, port: int, keep: int) -> None:
        super().__init__(host, keep=keep)
        self.target = (host, port)

    def check(self) -> bytes:
        """Return a packet that needs no consent, because the echo has no ICE."""
        return AUTHENTICATION

    def protect(self, packet: bytes) -> bytes:
        return packet + AUTHENTICATION


class Echo(Server):
    name = "echo"

    def __init__(self) -> None:
        super().__init__()
        self._program = str(self.folder / "echo")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", self._program, str(SOURCE)], check=True)

    async def start(self) -> None:
        self.run(self._program, self.host)
        async with asyncio.timeout(READY_S):
            while not (said := (self.folder / "log").read_text()):
                await asyncio.sleep(0.05)
        self._port = int(said)

    async def stop(self) -> None:
        """Do nothing, because the server's connections end with its process."""

    async def relayed_pair(self, *, keep: int = 0) -> list[Person]:
        legs = [BareLeg(self.host, self._port, keep) for _ in range(2)]
        self.people += (found := [Person(leg, leg) for leg in legs])
        return found

    async def mixed(self, people: int, *, keep: int = 0) -> list[Person]:
        raise NotImplementedError("an echo mixes nothing")


def rows() -> Iterator[Row]:
    os.sched_setaffinity(0, {LOAD_CORE})
    allow_descriptors()
    yield from one_by_one(_grow())


async def _grow() -> AsyncIterator[Row]:
    """Measure all servers in turn at each number of rooms, so that other work on the machine affects all servers alike."""
    crowd, numbers = Crowd(), itertools.count(1000, STEP)
    async with Echo() as echo, Sangdam() as sangdam, Rtpengine() as rtpengine, Janus() as janus:
        names = {
            echo: "echo_packet_us",
            sangdam: "relay2_packet_us",
            rtpengine: "rtpengine2_packet_us",
            janus: "janus2_packet_us",
        }
        yield row("worker_empty_cpu_percent", "%", [await _empty_cpu(sangdam) for _ in range(ROUNDS)])
        costs: dict[Server, dict[int, list[float]]] = {server: {} for server in names}
        for size in SIZES:
            servers = [each for each in names if each in (echo, sangdam) or size <= MOST_OF_OTHERS]
            for server in servers:
                await _fill(server, size, list(names))
            for _ in range(ROUNDS):
                for server in servers:
                    _keep_alive(list(names))
                    window = crowd.drive(server, server.people, next(numbers))
                    if window.load_cpu <= MOST_LOAD and window.lost <= MOST_LOST:
                        costs[server].setdefault(size, []).append(1e4 * window.server_cpu / size / PACKETS_A_ROOM)
            said = ", ".join(f"{server.name} {np.round(costs[server].get(size, []), 1).tolist()}" for server in servers)
            print(f"{size} rooms, µs a packet: {said}", flush=True)
    for server, name in names.items():
        steps = [{"rooms": size, "packet_us": round(float(np.median(runs)), 2)} for size, runs in costs[server].items()]
        yield replace(row(name, "µs", [each["packet_us"] for each in steps]), steps=steps)


async def _empty_cpu(server: Server) -> float:
    """Return the CPU that the server uses while it has no room, in percent of a core."""
    cpu, began = server.cpu_s(), time.perf_counter()
    await asyncio.sleep(EMPTY_S)
    return 100 * (server.cpu_s() - cpu) / (time.perf_counter() - began)


async def _fill(server: Server, size: int, servers: list[Server]) -> None:
    while len(server.people) < 2 * size:
        await open_rooms(server, min(JOINED_AT_ONCE, size - len(server.people) // 2), mixed=False)
        _keep_alive(servers)


def _keep_alive(servers: list[Server]) -> None:
    """Renew ICE consent on all connections. Consent lasts 30 s, and the measurements of other servers take longer.

    Each request is new, because a repeated request is no sign of life.
    """
    for leg in (leg for server in servers for person in server.people for leg in person.legs):
        leg.send(leg.check())
