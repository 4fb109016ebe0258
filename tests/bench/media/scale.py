"""`make bench ARGS=scale`: find how many rooms of three people fit on one worker before sound arrives unevenly.

The bench also measures processor time per room at each number of rooms.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from dataclasses import replace

import numpy as np

from media.packets import rtp
from tests.bench.media.calls import MOST_LOAD, SETTLED_S, STEP, Rooms, open_rooms
from tests.bench.media.leg import Leg
from tests.bench.media.load import FRAME_S, drive
from tests.bench.media.servers import LOAD_CORE, Sangdam
from tests.bench.rows import Row, row

WINDOW_S = 4.0
MOST_LATE_MS = 20.0
SIZES = (5, 10, 20, 40, 60, 80, 100, 130, 160, 200)
WARM_FRAMES = round(SETTLED_S / FRAME_S)
"""Number of frames at the start that are not measured (the warm-up). When it ends, the voice of the only speaker is in
passthrough (not mixed).

Mixed packets arrive later than packets in passthrough. If the warm-up were measured, too, its mixed packets would count as late.
"""
KEPT = 2 * (round(WINDOW_S / FRAME_S) + WARM_FRAMES)
CASE = "hush"
"""In each room, one person speaks, and the other two have muted themselves. Even so, three packets of a room arrive every 20 ms,
because by default the browser of a muted person goes on sending.
"""


def rows() -> list[Row]:
    os.sched_setaffinity(0, {LOAD_CORE})
    return asyncio.run(_grow())


async def _grow() -> list[Row]:
    """Add rooms until the 99th percentile of the delays exceeds 20 ms, or the load generator uses over 70 % of its core.

    If the load generator was the limit, the worker can carry more rooms than reported.
    """
    held = 0
    costs: list[float] = []
    steps: list[dict[str, float]] = []
    numbers = itertools.count(1000, STEP)
    async with Sangdam() as server:
        rooms = Rooms(server, [])
        for size in SIZES:
            rooms.people += (await open_rooms(server, size - len(rooms.people), mixed=True, keep=KEPT)).people
            for leg in _listening(rooms):
                leg.arrivals.clear()
            taken = drive(server, rooms.parts(CASE), WINDOW_S, next(numbers), WARM_FRAMES)
            late_ms = float(np.percentile([each for leg in _listening(rooms) for each in _lateness_ms(leg.arrivals)], 99))
            print(f"{size} rooms: p99 {late_ms:.1f} ms, worker {taken.server_cpu:.0f} %, load {taken.load_cpu:.0f} %", flush=True)
            if taken.load_cpu > MOST_LOAD:
                break
            cost = taken.server_cpu / size
            steps.append({"rooms": size, "percent_per_room": round(cost, 4), "p99_ms": round(late_ms, 3)})
            if late_ms > MOST_LATE_MS:
                break
            held = size
            costs.append(cost)
    found = [row("rooms3_per_worker", "rooms", [held])]
    if costs:
        found.append(replace(row("rooms3_cpu_percent_per_room", "%", costs), steps=steps))
    return found


def _listening(rooms: Rooms) -> list[Leg]:
    return [person.hears for room in rooms.people for person in room[1:]]


def _lateness_ms(arrivals: list[tuple[float, bytes]]) -> list[float]:
    """Return the delay of each packet in ms, relative to the packet that came soonest after its RTP timestamp.

    Packets of the warm-up are left out."""
    headers = [(at, rtp.parse(packet)) for at, packet in arrivals]
    began = headers[0][0] + WARM_FRAMES * FRAME_S
    delays = [at - rtp.ticks_ahead(each.timestamp, headers[0][1].timestamp) / 48_000 for at, each in headers if at > began]
    return [1000 * (each - min(delays)) for each in delays]
