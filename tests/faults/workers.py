"""A media worker is killed or frozen while it serves one call, and while it serves thirty."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections import Counter

from tests.cluster import Cluster
from tests.faults.figures import Figure, figure
from tests.faults.stage import Call, Stage, kill, live_workers, on_cluster, stage, until, worker_at

KILLS, KILLS_OF_30 = 20, 5
ROOMS = 30
WRITE_S = 0.25
WINDOW_S = 6.0
STANDS_STILL_S = 10.0


class Writers:
    """Lets the two people of a call write chat lines and draw strokes until the context ends."""

    def __init__(self, call: Call, *, strokes: bool = True) -> None:
        self.call = call
        self._name = secrets.token_hex(3)
        self.lines: list[str] = []
        self.strokes: list[str] = []
        self._draw = strokes

    async def __aenter__(self) -> Writers:
        self._task = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            for person in self.call.people:
                number = len(self.lines)
                self.lines.append(f"줄 {self._name} {number}")
                await person.write(self.lines[-1])
                if self._draw:
                    self.strokes.append(f"s-{self._name}-{number}")
                    person.board.draw(self.strokes[-1])
                await asyncio.sleep(WRITE_S)

    async def lost_lines(self, stage: Stage) -> int:
        """Return the number of lost chat lines, after each writer has had half a minute to deliver their lines.

        A line is lost if it is missing in the database or stored twice. If there are lost lines, print how many lines were never
        acknowledged. The writers keep such lines, and would send them again.
        """
        left = [await person.delivered() for person in self.call.people]
        stored = Counter(await stage.lines_of(self.call))
        lost = sum(stored[text] != 1 for text in self.lines)
        if lost:
            twice = sum(stored[text] > 1 for text in self.lines)
            print(f"  {lost} lines are not stored once: {twice} are stored twice, {sum(left)} wait in outboxes", flush=True)
        return lost

    async def lost_strokes(self) -> int:
        """Count the strokes that are missing on each of the two boards. Return the larger of the two counts."""
        drawn = set(self.strokes)

        def missing() -> int:
            return max(len(drawn - person.board.names()) for person in self.call.people)

        try:
            await until(lambda: not missing(), 5.0, "both boards are whole")
        except TimeoutError:
            return missing()
        return 0


async def killed(cluster: Cluster) -> list[Figure]:
    gaps, lost_lines, lost_strokes, joins = [], [], [], []
    async with stage(cluster, calls=1) as here:
        call = here.calls[0]
        for _ in range(KILLS):
            await live_workers(cluster, 2)
            await here.forget()
            async with Writers(call) as writers:
                await asyncio.sleep(1.0)
                epoch, began = call.epoch, asyncio.get_running_loop().time()
                kill(worker_at(call.user.worker_port()))
                await until(lambda e=epoch: call.epoch > e and call.hears(), 15.0, "both hear each other again")
                joins.append(asyncio.get_running_loop().time() - began)
                await asyncio.sleep(1.0)
            now = asyncio.get_running_loop().time()
            gaps += [person.ear.gap(began - 0.5, now) for person in call.people]
            lost_lines.append(float(await writers.lost_lines(here)))
            lost_strokes.append(float(await writers.lost_strokes()))
    return [
        figure("worker_kill_audio_gap_s", "s", gaps),
        figure("worker_kill_lost_lines", "lines", lost_lines),
        figure("worker_kill_lost_strokes", "", lost_strokes),
    ]


async def killed_with_30(cluster: Cluster) -> list[Figure]:
    gaps, dropped = [], []
    async with stage(cluster, calls=ROOMS, ms=60) as here:
        cluster.add_media()
        for _ in range(KILLS_OF_30):
            await live_workers(cluster, 2)
            await asyncio.sleep(2.0)
            await here.forget()
            ports = Counter(call.user.worker_port() for call in here.calls)
            assert len(ports) == 1, "all rooms are on one worker"
            began = asyncio.get_running_loop().time()
            kill(worker_at(next(iter(ports))))
            await asyncio.sleep(WINDOW_S)
            await here.all_hear()
            until_s = began + WINDOW_S
            gaps += [person.ear.gap(began - 0.5, until_s) for call in here.calls for person in call.people]
            dropped.append(float(sum(not call.goes_on for call in here.calls)))
    return [
        figure("worker_kill_30_audio_gap_s", "s", gaps),
        figure("worker_kill_30_dropped_calls", "calls", dropped),
    ]


async def stands_still(cluster: Cluster) -> list[Figure]:
    gaps, harm = [], []
    async with stage(cluster, calls=1) as here:
        call = here.calls[0]
        for _ in range(3):
            await live_workers(cluster, 2)
            await here.forget()
            epoch, began = call.epoch, asyncio.get_running_loop().time()
            pid = worker_at(call.user.worker_port())
            os.kill(pid, signal.SIGSTOP)
            try:
                await until(lambda e=epoch: call.epoch > e and call.hears(), 10.0, "both hear each other again")
                again, moves = asyncio.get_running_loop().time(), [len(person.moves) for person in call.people]
                gaps += [person.ear.gap(began - 0.5, again) for person in call.people]
                await asyncio.sleep(max(0.0, began + STANDS_STILL_S - again))
            finally:
                os.kill(pid, signal.SIGCONT)
            woke = asyncio.get_running_loop().time()
            async with Writers(call) as writers:
                await asyncio.sleep(5.0)
            now = asyncio.get_running_loop().time()
            harmed = call.gap(woke - 0.5, now) > 0.3 or [len(person.moves) for person in call.people] != moves
            harmed = harmed or bool(await writers.lost_lines(here)) or bool(await writers.lost_strokes())
            harm.append(float(harmed))
    return [figure("worker_stop_audio_gap_s", "s", gaps), figure("worker_stop_harm", "", harm)]


def kill_rows() -> list[Figure]:
    return on_cluster(killed)


def kill_30_rows() -> list[Figure]:
    return on_cluster(killed_with_30, media=1)


def stop_rows() -> list[Figure]:
    return on_cluster(stands_still)
