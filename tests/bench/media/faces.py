"""`make bench ARGS=faces`: find how many rooms of two people with 720p cameras fit on one server before video arrives late.

A worker of Sangdam and Janus VideoRoom get the same packets, first one server and then the other. Both servers run on the same
core.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from media.api import wire
from tests.bench.media.calls import MOST_LOAD
from tests.bench.media.crowd import MOST_LATE_MS, MOST_LOST, PLANNED, Crowd, Window, allow_descriptors
from tests.bench.media.leg import Leg
from tests.bench.media.pictures import WARM_S, Stage, film
from tests.bench.media.servers import LOAD_CORE, Janus, Person, Sangdam
from tests.bench.rows import Row, compared, row

JOINED_AT_ONCE = 20
KEEP_ALIVE_S = 5.0
SIZES = (5, 10, 20, 30, 40, 50, 60, 70, 80, 100, 120, 140, 160, 180, 200)
COMPARED, ROUNDS = (5, 10, 20), 5
"""With these numbers of rooms, each server is measured in this many windows, in turn. With other numbers, in one window."""
VIDEO_CLOCK = 90_000


class Pairs(Stage):
    """Rooms of two people who see each other's camera."""

    async def grow(self, rooms: int) -> None:
        """Add rooms until their number is `rooms`. At most `JOINED_AT_ONCE` rooms are added at the same time."""
        pair = self._pair_at_sangdam if isinstance(self.server, Sangdam) else self._pair_at_janus
        for first in range(len(self.senders) // 2, rooms, JOINED_AT_ONCE):
            adding = range(first, min(first + JOINED_AT_ONCE, rooms))
            for one, other in [person for pair in await asyncio.gather(*map(pair, adding)) for person in pair]:
                self.senders.append(one)
                self.viewers.append(other)

    async def _pair_at_sangdam(self, number: int) -> list[tuple[Leg, Leg]]:
        assert isinstance(self.server, Sangdam)
        worker, room = self.server.worker, f"pair{number}"
        await worker.open_room(room, wire.OpenRoom(epoch=1))
        one, other = await self.join(room, "one"), await self.join(room, "other")
        await worker.set_matrix(
            room, wire.SetMatrix(epoch=1, sees={"one": {0: ("other", "camera")}, "other": {0: ("one", "camera")}})
        )
        return [(one, other), (other, one)]

    async def _pair_at_janus(self, number: int) -> list[tuple[Leg, Leg]]:
        room = await self.open_at_janus(number)
        found = []
        for _ in range(2):
            feed, sender = await self.publish(room)
            found.append((sender, await self.subscribe(room, feed)))
        return found

    async def keep_alive(self) -> None:
        """Renew ICE consent on all connections every `KEEP_ALIVE_S` seconds. Consent lasts 30 s."""
        while True:
            self.renew()
            await asyncio.sleep(KEEP_ALIVE_S)

    def renew(self) -> None:
        """Renew ICE consent on all connections. Each request is new, because a repeated request is no sign of life."""
        for leg in {*self.senders, *self.viewers}:
            leg.send(leg.check())

    def window(self, crowd: Crowd) -> Window:
        """Let everybody send video for `WINDOW_S` seconds, after a warm-up. Return what was measured."""
        numbers = {leg: number for number, leg in enumerate(self.senders)}
        each = [(due, numbers[leg], packet) for due, leg, packets in self.sealed("camera") for packet in packets]
        plan = np.zeros(len(each), PLANNED)
        plan["due"], plan["leg"] = [due for due, _, _ in each], [leg for _, leg, _ in each]
        plan["length"] = [len(packet) for _, _, packet in each]
        plan["place"] = np.cumsum(plan["length"]) - plan["length"]
        packets = np.frombuffer(b"".join(packet for _, _, packet in each), np.uint8)
        warm = sum(len(frame.payloads) for frame in film("camera") if frame.at < WARM_S)
        people = [Person(*legs) for legs in zip(self.senders, self.viewers, strict=True)]
        return crowd.play(self.server, people, packets, plan, warm_packets=warm, clock=VIDEO_CLOCK)


@dataclass
class Found:
    """The number of rooms that one server carried without late video (`held`), and the figures of each step.

    `costs`: number of rooms → processor time in percent of a core per room, one figure for each window; None for a window that
    is not valid, because the load generator was at its limit or video was lost.
    """

    held: int = 0
    costs: dict[int, list[float | None]] = field(default_factory=dict)
    steps: list[dict[str, float]] = field(default_factory=list)
    done: bool = False

    def add(self, rooms: int, windows: list[Window]) -> None:
        """Store the figures that were measured with this number of rooms.

        If video came late or was lost, or if the load generator was at its limit, `done` ends the measurement of this server.
        """
        valid = [each for each in windows if each.load_cpu <= MOST_LOAD]
        late_ms = [float(np.percentile(each.late_ms, 99)) for each in valid if each.late_ms.size]
        lost = float(np.median([each.lost for each in windows]))
        kept = bool(late_ms) and float(np.median(late_ms)) <= MOST_LATE_MS and lost <= MOST_LOST
        self.done = not kept or len(valid) < len(windows)
        costs = [each.server_cpu / rooms if each.load_cpu <= MOST_LOAD and each.lost <= MOST_LOST else None for each in windows]
        if late_ms:
            cost = float(np.median([each.server_cpu / rooms for each in valid]))
            self.steps.append({"rooms": rooms, "percent_per_room": round(cost, 4), "p99_ms": round(float(np.median(late_ms)), 3)})
        if kept:
            self.held = rooms
            self.costs[rooms] = costs


def rows() -> Iterator[Row]:
    os.sched_setaffinity(0, {LOAD_CORE})
    allow_descriptors()
    film("camera")  # encode the film before the measurement, because encoding takes seconds
    ours, theirs = asyncio.run(_grow())
    yield compared("rooms2_video_per_worker", "rooms", [ours.held], [theirs.held])
    for rooms in COMPARED:
        measured = zip(ours.costs.get(rooms, ()), theirs.costs.get(rooms, ()), strict=False)
        pairs = [(own, other) for own, other in measured if own is not None and other is not None]
        if pairs:
            yield compared(f"rooms2_video_cpu_percent_per_room_at_{rooms}", "%", *map(list, zip(*pairs, strict=True)))
    if ours.costs:
        every = [cost for costs in ours.costs.values() for cost in costs if cost is not None]
        yield replace(row("rooms2_video_cpu_percent_per_room", "%", every), steps=ours.steps)


async def _grow() -> tuple[Found, Found]:
    crowd, found = Crowd(), (Found(), Found())
    async with Sangdam() as sangdam, Janus() as janus:
        both = [Pairs(server, 1) for server in (sangdam, janus)]
        keeping = [asyncio.create_task(each.keep_alive()) for each in both]
        for size in SIZES:
            going = [(pairs, so_far) for pairs, so_far in zip(both, found, strict=True) if not so_far.done]
            for pairs, _ in going:
                await pairs.grow(size)
            windows: list[list[Window]] = [[] for _ in going]
            for _ in range(ROUNDS if size in COMPARED else 1):
                for (pairs, _), measured in zip(going, windows, strict=True):
                    for each in both:
                        each.renew()
                    measured.append(window := pairs.window(crowd))
                    print(f"{size} rooms, {pairs.server.name}: {_told(window, size)}", flush=True)
                    await asyncio.sleep(0)
            for (_, so_far), measured in zip(going, windows, strict=True):
                so_far.add(size, measured)
            if all(each.done for each in found):
                break
        for task in keeping:
            task.cancel()
        for pairs in both:
            await pairs.close()
    return found


def _told(window: Window, rooms: int) -> str:
    late_ms = float(np.percentile(window.late_ms, 99)) if window.late_ms.size else float("inf")
    return (
        f"p99 {late_ms:.1f} ms, lost {100 * window.lost:.2f} %, {window.server_cpu / rooms:.3f} % of a core a room, "
        f"server {window.server_cpu:.0f} %, load {window.load_cpu:.0f} %"
    )
