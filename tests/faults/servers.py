"""The leader is killed, and then a server that forwards connections to the leader.

In another test, the leader is frozen and woken.
"""

from __future__ import annotations

import asyncio
import signal

from tests.cluster import Cluster, Server
from tests.faults.figures import Figure, figure
from tests.faults.stage import Stage, leading, on_cluster, stage, until
from tests.faults.workers import Writers

RUNS = 6
SERVERS = 3
STANDS_STILL_S = 6.0
BACK_S = 15.0


async def _ready(cluster: Cluster) -> None:
    await asyncio.to_thread(cluster.until_ready)


async def _at(here: Stage, server: Server) -> None:
    """Reconnect all people of the stage to this server, as if the load balancer had chosen this server."""
    url = f"http://127.0.0.1:{server.port}"
    for person in here.people:
        turn = here.doors.index(url)
        await person.comes_by(here.doors[turn:] + here.doors[:turn])


async def _served(here: Stage, since: float) -> None:
    """Wait until every person has got an answer to a ping after this time (of the event loop's clock)."""
    await until(lambda: all(person.served_since(since + 0.2) for person in here.people), BACK_S, "everybody is served")


async def killed(cluster: Cluster) -> list[Figure]:
    found: list[Figure] = []
    async with stage(cluster, calls=2) as here:
        for person in here.people:
            person.watched = True
        for name, decides in (("server_kill", True), ("server_kill_passing", False)):
            gaps, audio, moved, lost = [], [], [], []
            for _ in range(RUNS):
                await _ready(cluster)
                leader = await leading(cluster)
                dying = leader if decides else next(each for each in cluster.servers if each is not leader)
                await _at(here, dying)
                await here.forget()
                epochs = [call.epoch for call in here.calls]
                async with Writers(here.calls[0]) as writers:
                    await asyncio.sleep(1.0)
                    began = asyncio.get_running_loop().time()
                    await asyncio.to_thread(dying.end, signal.SIGKILL)
                    await _served(here, began)
                    await asyncio.sleep(1.5)
                now = asyncio.get_running_loop().time()
                gaps += [person.served_gap(began - 0.5, now) for person in here.people]
                audio += [person.ear.gap(began - 0.5, now) for person in here.people]
                moved.append(float(sum(call.epoch != epoch for call, epoch in zip(here.calls, epochs, strict=True))))
                lost.append(float(await writers.lost_lines(here)))
                dying.start()
            found += [
                figure(f"{name}_console_gap_s", "s", gaps),
                figure(f"{name}_audio_gap_s", "s", audio),
                figure(f"{name}_moved_rooms", "rooms", moved),
                figure(f"{name}_lost_lines", "lines", lost),
            ]
    return found


async def stands_still(cluster: Cluster) -> list[Figure]:
    """Freeze the leader and wake it later.

    While the leader is frozen, another server takes over, and a call starts that the frozen server does not know of.
    """
    gaps, harm = [], []
    async with stage(cluster, calls=1) as here:
        for person in here.people:
            person.watched = True
        for _ in range(2):
            await _ready(cluster)
            sleeping = await leading(cluster)
            awake = next(each for each in cluster.servers if each is not sleeping)
            await _at(here, awake)
            await here.forget()
            began = asyncio.get_running_loop().time()
            sleeping.send(signal.SIGSTOP)
            try:
                watched = [person for person in here.people if person.watched]
                await until(
                    lambda who=watched, at=began: all(p.served_since(at + 1.0) for p in who), BACK_S, "everybody is served"
                )
                back = asyncio.get_running_loop().time()
                gaps += [person.served_gap(began - 0.5, back) for person in watched]
                here.doors[:] = [f"http://127.0.0.1:{awake.port}"]
                await here.call()
                await here.all_hear()
                await asyncio.sleep(max(0.0, began + STANDS_STILL_S - asyncio.get_running_loop().time()))
            finally:
                sleeping.send(signal.SIGCONT)
            woke, epochs = asyncio.get_running_loop().time(), [call.epoch for call in here.calls]
            await asyncio.sleep(4.0)
            now = asyncio.get_running_loop().time()
            harmed = max(call.gap(woke - 0.3, now) for call in here.calls) > 0.3
            harmed = harmed or [call.epoch for call in here.calls] != epochs or not all(call.goes_on for call in here.calls)
            harm.append(float(harmed))
            await asyncio.to_thread(_ended, sleeping)
            sleeping.start()
            here.doors[:] = [f"http://127.0.0.1:{server.port}" for server in cluster.servers]
    return [figure("server_stop_console_gap_s", "s", gaps), figure("server_stop_harm", "", harm)]


def _ended(server: Server) -> None:
    """Check that the leader that was frozen and then woken has ended by itself, with an error status."""
    assert server.process is not None
    assert server.process.wait(10) != 0
    server.process = None


def kill_rows() -> list[Figure]:
    return on_cluster(killed, servers=SERVERS)


def stop_rows() -> list[Figure]:
    return on_cluster(stands_still)
