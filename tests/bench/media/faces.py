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
from tests.bench.media.pictures import WARM_S, Stage, film
from tests.bench.media.servers import LOAD_CORE, Janus, Person, Sangdam
from tests.bench.rows import Row, compared, row

SIZES = (5, 10, 20, 30, 40, 50, 60, 70, 80, 100, 120, 140, 160, 180, 200)
VIDEO_CLOCK = 90_000


class Pairs(Stage):
    """Rooms of two people who see each other's camera."""

    async def grow(self, rooms: int) -> None:
        """Add rooms until their number is `rooms`."""
        for number in range(len(self.senders) // 2, rooms):
            await (self._pair_at_sangdam(number) if isinstance(self.server, Sangdam) else self._pair_at_janus(number))

    async def _pair_at_sangdam(self, number: int) -> None:
        assert isinstance(self.server, Sangdam)
        worker, room = self.server.worker, f"pair{number}"
        await worker.open_room(room, wire.OpenRoom(epoch=1))
        one, other = await self.join(room, "one"), await self.join(room, "other")
        await worker.set_matrix(
            room, wire.SetMatrix(epoch=1, sees={"one": {0: ("other", "camera")}, "other": {0: ("one", "camera")}})
        )
        self.senders += [one, other]
        self.viewers += [other, one]

    async def _pair_at_janus(self, number: int) -> None:
        room = await self.open_at_janus(number)
        for _ in range(2):
            feed, sender = await self.publish(room)
            self.senders.append(sender)
            self.viewers.append(await self.subscribe(room, feed))

    def keep_alive(self) -> None:
        """Renew ICE consent on all connections. Consent lasts 30 s."""
        for leg in self.legs:
            leg.send(leg.keepalive)

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
    """The number of rooms that one server carried without late video (`held`), and the figures of each step."""

    held: int = 0
    costs: list[float] = field(default_factory=list)
    steps: list[dict[str, float]] = field(default_factory=list)
    done: bool = False

    def add(self, rooms: int, window: Window) -> str:
        """Store the figures that were measured with this number of rooms. Return the figures as a text to print.

        If video came late or was lost, or if the load generator was at its limit, `done` ends the measurement of this server.
        """
        late_ms, cost = float(np.percentile(window.late_ms, 99)), window.server_cpu / rooms
        kept = late_ms <= MOST_LATE_MS and window.lost <= MOST_LOST
        self.done = not kept or window.load_cpu > MOST_LOAD
        if window.load_cpu <= MOST_LOAD:
            self.steps.append({"rooms": rooms, "percent_per_room": round(cost, 4), "p99_ms": round(late_ms, 3)})
            if kept:
                self.held = rooms
                self.costs.append(cost)
        return (
            f"p99 {late_ms:.1f} ms, lost {100 * window.lost:.2f} %, {cost:.3f} % of a core a room, "
            f"server {window.server_cpu:.0f} %, load {window.load_cpu:.0f} %"
        )


def rows() -> Iterator[Row]:
    os.sched_setaffinity(0, {LOAD_CORE})
    allow_descriptors()
    film("camera")  # encode the film before the measurement, because encoding takes seconds
    ours, theirs = asyncio.run(_grow())
    yield compared("rooms2_video_per_worker", "rooms", [ours.held], [theirs.held])
    if ours.costs:
        yield replace(row("rooms2_video_cpu_percent_per_room", "%", ours.costs), steps=ours.steps)


async def _grow() -> tuple[Found, Found]:
    crowd, found = Crowd(), (Found(), Found())
    async with Sangdam() as sangdam, Janus() as janus:
        both = [Pairs(server, 1) for server in (sangdam, janus)]
        for size in SIZES:
            for pairs, so_far in zip(both, found, strict=True):
                if so_far.done:
                    continue
                await pairs.grow(size)
                for each in both:
                    each.keep_alive()
                print(f"{size} rooms, {pairs.server.name}: {so_far.add(size, pairs.window(crowd))}", flush=True)
            if all(each.done for each in found):
                break
        for pairs in both:
            await pairs.close()
    return found
