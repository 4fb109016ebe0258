"""`make bench ARGS=crowd`: find how many rooms of two people fit on one worker before sound arrives late.

The bench also measures processor time per room at each number of rooms, and memory per room.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cffi
import numpy as np

from media.transport.fastpath import pack
from tests.bench.media import speech
from tests.bench.media.calls import MOST_LOAD, STEP, open_rooms
from tests.bench.media.leg import Leg
from tests.bench.media.load import FRAME_S, WARM_FRAMES
from tests.bench.media.servers import LOAD_CORE, Person, Sangdam, Server
from tests.bench.rows import Row, row

WINDOW_S = 3.0
FRAMES = WARM_FRAMES + round(WINDOW_S / FRAME_S)
MOST_LATE_MS = 20.0
MOST_LOST = 0.01
SIZES = (1, 10, 20, 60, 120, 200, 300, 400, 500, 600, 700, 800, 1000)
JOINED_AT_ONCE = 40
STRIDE = 256
ARRIVAL = np.dtype([("at", "f8"), ("timestamp", "u4"), ("", "u4")])
PLANNED = np.dtype([("due", "f8"), ("place", "i8"), ("leg", "i4"), ("length", "i4")])
"""A packet to send.

`due`: seconds after the start. `place`: offset of the packet in the bytes of all packets. `leg`: number of the connection.
`length`: in bytes.
"""
VOICE_CLOCK = 48_000
SOURCE = Path(__file__).with_name("crowd.c")
DECLARED = """void crowd_drive(int legs, const void *plan, int64_t count, const int *from, const int *into,
    const uint8_t *packets, const uint8_t *targets, unsigned target_length, void *arrivals, int *counts, int most);"""


@dataclass
class Window:
    """Figures of one period of measurement.

    CPU is in percent of a core. `late_ms`: delay of each packet compared with the earliest packet of its connection.
    """

    server_cpu: float
    load_cpu: float
    lost: float
    late_ms: np.ndarray


class Crowd:
    def __init__(self) -> None:
        self.ffi: Any = cffi.FFI()
        self.ffi.cdef(DECLARED)
        self._folder = tempfile.TemporaryDirectory(prefix="bench-")
        library = f"{self._folder.name}/crowd.so"
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", "-o", library, str(SOURCE)], check=True)
        self.lib: Any = self.ffi.dlopen(library)

    def drive(self, server: Server, people: list[Person], first: int) -> Window:
        """Let all people speak, from packet number `first` on."""
        packets, plan = _planned([person.speaks for person in people], first)
        return self.play(server, people, packets, plan, warm_packets=WARM_FRAMES, clock=VOICE_CLOCK)

    def play(
        self, server: Server, people: list[Person], packets: np.ndarray, plan: np.ndarray, *, warm_packets: int, clock: int
    ) -> Window:
        """Send the planned packets (`PLANNED`), sorted by time.

        The first `warm_packets` that come on each connection are not measured. `clock`: RTP ticks per second.
        """
        arrivals = np.zeros((len(people), 2 * int(np.bincount(plan["leg"]).max())), ARRIVAL)
        counts = np.zeros(len(people), np.intc)
        speaking = np.array([person.speaks.socket.fileno() for person in people], np.intc)
        hearing = np.array([person.hears.socket.fileno() for person in people], np.intc)
        targets = [pack(person.speaks.target) for person in people]
        cpu, own, began = server.cpu_s(), time.process_time(), time.perf_counter()
        self.lib.crowd_drive(
            len(people),
            self.ffi.from_buffer(plan),
            len(plan),
            self.ffi.from_buffer("int[]", speaking),
            self.ffi.from_buffer("int[]", hearing),
            self.ffi.from_buffer(packets),
            self.ffi.from_buffer(b"".join(targets)),
            len(targets[0]),
            self.ffi.from_buffer(arrivals),
            self.ffi.from_buffer("int[]", counts),
            arrivals.shape[1],
        )
        took = time.perf_counter() - began - 0.25  # crowd.c waits 0.25 s in total before the first and after the last packet
        late = [_late_ms(of_leg[warm_packets:count], clock) for of_leg, count in zip(arrivals, counts, strict=True)]
        return Window(
            100 * (server.cpu_s() - cpu) / took,
            100 * (time.process_time() - own) / took,
            1 - counts.sum() / len(plan),
            np.concatenate(late),
        )


def _planned(legs: list[Leg], first: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the packets of one voice for each connection, and when to send them (`PLANNED`).

    Each voice begins at another moment of a 20 ms frame."""
    packets = np.zeros((FRAMES, len(legs), STRIDE), np.uint8)
    plan = np.zeros((FRAMES, len(legs)), PLANNED)
    for number, leg in enumerate(legs):
        says = speech.voice(number % 2)
        for frame in range(FRAMES):
            at = (first + frame) % len(says.payloads)
            sealed = leg.seal(first + frame, says.payloads[at], says.levels[at])
            packets[frame, number, : len(sealed)] = np.frombuffer(sealed, np.uint8)
            due_s, place = (frame + number / len(legs)) * FRAME_S, (frame * len(legs) + number) * STRIDE
            plan[frame, number] = (due_s, place, number, len(sealed))
    return packets, plan.ravel()


def _late_ms(arrivals: np.ndarray, clock: int) -> np.ndarray:
    ticks = (arrivals["timestamp"] - arrivals["timestamp"][:1]).astype(np.int32)
    delays: np.ndarray = 1000 * (arrivals["at"] - ticks / clock)
    late: np.ndarray = delays - delays.min(initial=np.inf)
    return late


def rows() -> list[Row]:
    os.sched_setaffinity(0, {LOAD_CORE})
    allow_descriptors()
    return asyncio.run(_grow())


def allow_descriptors() -> None:
    """Raise this process's descriptor limit as far as the system permits. Each `Leg` (a connection) needs a descriptor."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _grow() -> list[Row]:
    """Add rooms until the 99th percentile of the delays passes 20 ms, over 1 % of packets are lost, or the load is too high.

    The load is too high if the load generator uses over 70 % of its core.
    """
    crowd, numbers = Crowd(), itertools.count(1000, STEP)
    held, costs, memory, steps = 0, [], [], []
    async with Sangdam() as server:
        people: list[Person] = []
        empty = server.memory_kib()
        for size in SIZES:
            while len(people) < 2 * size:
                adding = min(JOINED_AT_ONCE, size - len(people) // 2)
                people += [each for room in (await open_rooms(server, adding, mixed=False)).people for each in room]
                # renew ICE consent, which lasts 30 s: otherwise the consent of open connections would expire while people join
                for person in people:
                    person.speaks.send(person.speaks.check())
            window = crowd.drive(server, people, next(numbers))
            late_ms = float(np.percentile(window.late_ms, 99))
            cost = window.server_cpu / size
            print(
                f"{size} rooms: p99 {late_ms:.1f} ms, lost {100 * window.lost:.2f} %, {cost:.3f} % of a core a room, "
                f"worker {window.server_cpu:.0f} %, load {window.load_cpu:.0f} %",
                flush=True,
            )
            if window.load_cpu > MOST_LOAD:
                break
            steps.append({"rooms": size, "percent_per_room": round(cost, 4), "p99_ms": round(late_ms, 3)})
            if late_ms > MOST_LATE_MS or window.lost > MOST_LOST:
                break
            held = size
            costs.append(cost)
            memory.append((server.memory_kib() - empty) / size)
    return [
        row("rooms2_per_worker", "rooms", [held]),
        replace(row("rooms2_cpu_percent_per_room", "%", costs), steps=steps),
        row("room_memory_kib", "KiB", memory[-1:]),
    ]
