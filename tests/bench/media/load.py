"""The load generator: one loop on its own core sends 50 packets a second per speaker, and receives what the server sends."""

from __future__ import annotations

import select
import time
from dataclasses import dataclass, field

from tests.bench.media.leg import Leg
from tests.bench.media.servers import Person, Server
from tests.bench.media.speech import Packets

FRAME_S = 0.02
KEEPALIVE_FRAMES = 125
WARM_FRAMES = 50


@dataclass
class Taken:
    """Figures of one window (a period of measurement). CPU is in percent of a core.

    `sent`: number of a `Part` → (index, sending time in s) of each of its packets.
    """

    server_cpu: float
    load_cpu: float
    received: int
    expected: int
    sent: dict[int, list[tuple[int, float]]] = field(default_factory=dict)


@dataclass
class Part:
    """One person's part in a run: the packets that this person sends."""

    person: Person
    says: Packets | None
    """The packets of this person's voice. None: the person is silent, and sends one packet every 400 ms, as Opus does in DTX."""
    dtx: bytes = b"\x48"

    def sealed(self, first: int, frames: int) -> list[bytes | None]:
        leg = self.person.speaks
        if self.says is None:
            return [leg.seal(index, self.dtx, 127) if index % 20 == 0 else None for index in range(first, first + frames)]
        length = len(self.says.payloads)
        return [
            leg.seal(index, self.says.payloads[index % length], self.says.levels[index % length])
            for index in range(first, first + frames)
        ]


def drive(server: Server, parts: list[Part], seconds: float, first: int, warm_frames: int = WARM_FRAMES) -> Taken:
    """Send the packets from index `first` on, in real time, and return what was measured.

    `first` must be greater than every index of an earlier run, because a receiver drops repeated packets. CPU and arrivals are
    measured after the first `warm_frames`.
    """
    frames = warm_frames + round(seconds / FRAME_S)
    packets = [part.sealed(first, frames) for part in parts]
    legs = {leg.socket.fileno(): leg for part in parts for leg in part.person.legs}
    poller = select.epoll()
    for number in legs:
        poller.register(number, select.EPOLLIN)
    sent: dict[int, list[tuple[int, float]]] = {number: [] for number in range(len(parts))}
    offset = time.time() - time.perf_counter()
    began = time.perf_counter() + 0.05
    cpu = own = received = 0.0
    at = began
    for frame in range(frames):
        if frame == warm_frames:
            cpu, own, at = server.cpu_s(), time.process_time(), time.perf_counter()
            received = sum(leg.received for leg in legs.values())
        for number, part in enumerate(parts):
            due = began + (frame + number / len(parts)) * FRAME_S
            _receive_until(due, poller, legs)
            packet = packets[number][frame]
            if packet is not None:
                sent[number].append((first + frame, time.perf_counter() + offset))
                part.person.speaks.send(packet)
            if frame % KEEPALIVE_FRAMES == number % KEEPALIVE_FRAMES:
                for leg in part.person.legs:
                    leg.send(leg.check())
    took = time.perf_counter() - at
    used, ours = server.cpu_s() - cpu, time.process_time() - own
    _receive_until(time.perf_counter() + 0.1, poller, legs)
    received = sum(leg.received for leg in legs.values()) - received
    poller.close()
    expected = sum(each is not None for part in packets for each in part[warm_frames:])
    return Taken(100 * used / took, 100 * ours / took, int(received), expected, sent)


def _receive_until(due: float, poller: select.epoll, legs: dict[int, Leg]) -> None:
    while (left := due - time.perf_counter()) > 0:
        for number, _ in poller.poll(left):
            legs[number].drain()
