"""A rolling restart during fifty calls. Media machines drain, then servers hand over to another server."""

from __future__ import annotations

import asyncio
import signal

from tests.cluster import Cluster
from tests.faults.figures import Figure, figure
from tests.faults.stage import live_workers, on_cluster, stage, until
from tests.faults.workers import Writers

CALLS = 50
MS = 60  # a voice packet holds 60 ms of sound, not 20 ms as in browsers, because all processes share two cores
SETTLES_S = 3.0


async def restarted(cluster: Cluster) -> list[Figure]:
    async with stage(cluster, calls=CALLS, ms=MS) as here:
        await live_workers(cluster, 2)
        for person in here.people:
            person.watched, person.ping_s = True, 0.25
        await asyncio.sleep(1.0)
        await here.forget()
        began = asyncio.get_running_loop().time()
        async with Writers(here.calls[0]) as writers:
            for machine in cluster.media:
                assert await asyncio.to_thread(machine.end, signal.SIGTERM) == 0, "it drains and ends"
                machine.start()
                await live_workers(cluster, 2)
                await here.all_hear()
                await asyncio.sleep(SETTLES_S)
            for server in cluster.servers:
                assert await asyncio.to_thread(server.end, signal.SIGTERM) == 0, "it hands over and ends"
                server.start()
                await asyncio.to_thread(cluster.until_ready)
                now = asyncio.get_running_loop().time()
                await until(lambda at=now: all(p.served_since(at) for p in here.people), 20.0, "everybody is served")
                await asyncio.sleep(SETTLES_S)
        await here.all_hear()
        dropped = sum(not (call.goes_on and call.hears()) for call in here.calls)
        now = asyncio.get_running_loop().time()
        gaps = [person.ear.gap(began, now) for person in here.people]
        served = [person.served_gap(began, now) for person in here.people]
        lost = await writers.lost_lines(here)
    return [
        figure("rolling_restart_calls", "calls", [float(CALLS)]),
        figure("rolling_restart_dropped_calls", "calls", [float(dropped)]),
        figure("rolling_restart_audio_gap_s", "s", gaps),
        figure("rolling_restart_console_gap_s", "s", served),
        figure("rolling_restart_lost_lines", "lines", [float(lost)]),
    ]


def rows() -> list[Figure]:
    return on_cluster(restarted)
