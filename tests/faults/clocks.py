"""The clock of one machine steps forwards and back by hours, while calls go on and a user waits.

Debian's libfaketime gives a process a clock of its own. libfaketime reads the difference to the true time from a file, once a
second.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster import Cluster, Place, running_cluster
from tests.faults.figures import Figure, Harm, figure
from tests.faults.stage import Stage, leading, live_workers, on_cluster, stage, until
from tests.faults.workers import Writers

# each step sets the clock this many seconds ahead of (+) or behind (-) the true time; so later steps are two hours long
STEPS = ("+3600", "-3600", "+3600", "-3600")
SETTLES_S = 6.0
CALLS = 2


def library() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        raise RuntimeError("This fault needs libfaketime. Install it: sudo apt-get install --no-install-recommends libfaketime")
    return str(found[0])


class Clocks:
    """The clocks of the cluster's parts, by the part's name. At first, each clock has the true time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, part: str) -> Place:
        """Return the place in which this part of the cluster runs: this machine, with a clock of its own."""
        self.set(part, "+0")
        variables = {
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / part),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        return Place(within=("env", *(f"{name}={value}" for name, value in variables.items())))

    def set(self, part: str, seconds: str) -> None:
        beside = self.folder / f"{part}.new"
        beside.write_text(seconds)
        beside.replace(self.folder / part)  # the file is replaced in one step, because the process can be reading it


@contextmanager
def _with_clocks(servers: int, media: int, found: list[Clocks]) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="sangdam-clocks-") as folder:
        clocks = Clocks(Path(folder))
        found.append(clocks)
        with running_cluster(servers=servers, media=media, place_of=clocks.place) as cluster:
            yield cluster


async def _steps(cluster: Cluster, clocks: Clocks, name: str, part_of: Callable[[Stage], str]) -> list[Figure]:
    harm, harmed, unserved = Harm(), [], []
    async with stage(cluster, calls=CALLS) as here:
        await live_workers(cluster, len(cluster.media))
        part = part_of(here)
        for seconds in STEPS:
            waiting = await here.user()
            await waiting.until(lambda u=waiting: u.session["state"] == "waiting")
            await here.forget()
            epochs, began = [call.epoch for call in here.calls], asyncio.get_running_loop().time()
            async with Writers(here.calls[0]) as writers:
                await asyncio.sleep(0.5)
                await asyncio.to_thread(clocks.set, part, seconds)
                await asyncio.sleep(SETTLES_S)
                waits = waiting.session["state"] == "waiting"
                counselor = await here.counselor()
                try:
                    await until(lambda u=waiting: u.session["state"] == "active", 10.0, "the waiting user is served")
                    unserved.append(0.0)
                except TimeoutError:
                    unserved.append(1.0)
            await here.all_hear()
            gaps, lost = here.gaps(began - 0.5), await writers.lost_lines(here) + await writers.lost_strokes()
            found = harm.add(gaps, lost, here.dropped())
            moved = sum(call.epoch != epoch for call, epoch in zip(here.calls, epochs, strict=True))
            harmed.append(float(moved + (not waits)))
            print(f"  {part} {seconds} s: {found}, harm {harmed[-1]:g}", flush=True)
            await waiting.say("leave")
            for person in (waiting, counselor):
                await person.close()
                here.people.remove(person)
    return [
        *harm.figures(name),
        figure(f"{name}_harm", "", harmed),
        figure(f"{name}_unserved", "", unserved),
    ]


def rows() -> list[Figure]:
    """Step the clock of the leader, and after that the clock of the worker that has the calls."""
    found: list[Clocks] = []

    async def measure(cluster: Cluster) -> list[Figure]:
        leader = cluster.servers.index(await leading(cluster))
        of_leader = await _steps(cluster, found[0], "clock_leader", lambda here: f"server-{leader}")
        return of_leader + await _steps(cluster, found[0], "clock_worker", lambda here: _worker(cluster, here))

    return on_cluster(measure, start=lambda servers, media: _with_clocks(servers, media, found))


def _worker(cluster: Cluster, here: Stage) -> str:
    port = here.calls[0].user.worker_port()
    number = next(n for n, each in enumerate(cluster.media) if str(port) in each.command)
    return f"media-{number}"
