"""Two parts of the cluster fail at the same moment: each pair of a worker, the leader, Redis and PostgreSQL.

The worker and the leader are killed, and start again as their supervisors would start them. Redis is killed and restarts empty.
PostgreSQL stops as after a power cut, and starts again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import combinations

from tests.cluster import Cluster
from tests.faults.figures import Figure, Harm, figure
from tests.faults.stage import Stage, kill, leading, live_workers, on_cluster, revive, stage, worker_at
from tests.faults.workers import Writers

CALLS = 2
AWAY_S = 4.0
WHOLE_S = 40.0  # within this many seconds after both parts are back, everybody must hear each other again

Failing = Callable[[Cluster, Stage], Awaitable[Callable[[], object]]]
"""Lets a part of the cluster fail. Returns a function that starts the part again. This returned function is allowed to block."""


async def _worker(cluster: Cluster, here: Stage) -> Callable[[], object]:
    kill(worker_at(here.calls[0].user.worker_port()))
    return lambda: None  # this test starts nothing, because the media machine itself starts another worker


async def _leader(cluster: Cluster, here: Stage) -> Callable[[], object]:
    leader = await leading(cluster)
    assert leader.process is not None
    leader.process.kill()
    return lambda: None  # the returned function starts nothing, because `revive` starts the server again later


async def _redis(cluster: Cluster, here: Stage) -> Callable[[], object]:
    await asyncio.to_thread(cluster.redis.kill)
    return cluster.redis.start


async def _postgres(cluster: Cluster, here: Stage) -> Callable[[], object]:
    await asyncio.to_thread(cluster.postgres.stop)
    return cluster.postgres.start


# Redis and PostgreSQL come last, because the test cannot find the leader while one of them is unavailable.
PARTS: dict[str, Failing] = {"worker": _worker, "leader": _leader, "redis": _redis, "postgres": _postgres}


async def _pairs(cluster: Cluster) -> list[Figure]:
    harm, late = Harm(), []
    async with stage(cluster, calls=CALLS) as here:
        for one, other in combinations(PARTS, 2):
            await revive(cluster)
            await live_workers(cluster, len(cluster.media))
            await here.all_hear()
            await here.forget()
            began = asyncio.get_running_loop().time()
            async with Writers(here.calls[0], strokes=False) as writers:
                await asyncio.sleep(1.0)
                back = [await PARTS[part](cluster, here) for part in (one, other)]
                await asyncio.sleep(AWAY_S)
                for bring_back in back:
                    await asyncio.to_thread(bring_back)
                again = asyncio.get_running_loop().time()
                await here.all_hear(WHOLE_S)
                late.append(asyncio.get_running_loop().time() - again)
                await revive(cluster)
                await here.reach_records(WHOLE_S)
            harmed = harm.add(here.gaps(began - 0.5), await writers.lost_lines(here), here.dropped())
            print(f"  {one} and {other}: {harmed}, whole again {late[-1]:.1f} s after both are back", flush=True)
    return [*harm.figures("pairs"), figure("pairs_whole_again_s", "s", late)]


def rows() -> list[Figure]:
    return on_cluster(_pairs)
