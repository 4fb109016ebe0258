"""Redis fails over by Sentinel, and PostgreSQL to a streaming replica, while calls go on and users wait."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.cluster import Cluster
from tests.faults.figures import Figure, figure
from tests.faults.stage import on_cluster, stage
from tests.faults.stores import served, untouched, waiting_users
from tests.faults.workers import Writers
from tests.ports import free_port
from tests.postgres_server import PostgresServer, both, running_postgres
from tests.redis_server import MASTER, RedisServer, Watched, running_redis, running_sentinels

CALLS = 2
WAITING = 3
PROMOTED_AFTER_S = 2.0  # seconds after the primary's death until the replica is promoted
BACK_S = 30.0


# --- Redis ---------------------------------------------------------------------------------------------------------------


@contextmanager
def _with_sentinels(servers: int, media: int, found: list[Watched]) -> Iterator[Cluster]:
    with ExitStack() as stack:
        watched = stack.enter_context(running_sentinels())
        postgres = stack.enter_context(running_postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-failover-")))
        found.append(watched)
        cluster = Cluster(watched.master, postgres, folder, free_port(), redis_url=watched.url)
        stack.callback(cluster.close)
        cluster.start(servers, media)
        cluster.until_ready()
        yield cluster


def _is(role: str, server: RedisServer) -> bool:
    with Redis.from_url(server.url) as client:
        return str(client.info("replication")["role"]) == role


def _follows(server: RedisServer) -> bool:
    with Redis.from_url(server.url) as client:
        said = client.info("replication")
    return str(said["role"]) == "slave" and said["master_link_status"] == "up"


async def _fails_over(cluster: Cluster, watched: Watched) -> list[Figure]:
    """Kill the Redis master in two runs. In two other runs, freeze the master until the replica has taken over."""
    lost, twice, moved, lines, gaps, after = [], [], [], [], [], []
    master, replica = watched.master, watched.replica
    async with stage(cluster, calls=CALLS) as here:
        calls = list(here.calls)
        for freezes in (False, True, False, True):
            waiting = await waiting_users(here, WAITING)
            await here.forget()
            epochs, began = [call.epoch for call in calls], asyncio.get_running_loop().time()
            async with Writers(calls[0]) as writers:
                assert master.process is not None
                master.process.send_signal(signal.SIGSTOP if freezes else signal.SIGKILL)
                await _until_thread(lambda r=replica: _is("master", r), "the replica is the master")
                after.append(asyncio.get_running_loop().time() - began)
                if freezes:
                    master.process.send_signal(signal.SIGCONT)
                cluster.redis = replica
                not_served, double = await served(here, waiting)
            heard, touched = await untouched(here, calls, began, epochs)
            lost.append(float(not_served))
            twice.append(float(double))
            moved.append(float(touched))
            lines.append(float(await writers.lost_lines(here)))
            gaps += heard
            print(f"  {'frozen' if freezes else 'killed'}: not served {not_served}, twice {double}, moved {touched}", flush=True)
            if not freezes:
                await asyncio.to_thread(master.restart)
            await _until_thread(lambda m=master: _follows(m), f"Sentinel makes the former {MASTER} a replica")
            master, replica = replica, master
    return [
        figure("redis_failover_lost_requests", "", lost),
        figure("redis_failover_double_matches", "", twice),
        figure("redis_failover_moved_rooms", "rooms", moved),
        figure("redis_failover_lost_lines", "lines", lines),
        figure("redis_failover_audio_gap_s", "s", gaps),
        figure("redis_failover_new_master_after_s", "s", after),
    ]


async def _until_thread(so: Callable[[], bool], what: str) -> None:
    """Wait until `so` returns True. `so` is allowed to block, and to raise RedisError while Redis does not answer."""

    def ask() -> bool:
        try:
            return so()
        except RedisError:
            return False

    try:
        async with asyncio.timeout(BACK_S):
            while not await asyncio.to_thread(ask):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise TimeoutError(f"not within {BACK_S:g} s: {what}") from None


def redis_rows() -> list[Figure]:
    found: list[Watched] = []

    async def measure(cluster: Cluster) -> list[Figure]:
        return await _fails_over(cluster, found[0])

    return on_cluster(measure, start=lambda servers, media: _with_sentinels(servers, media, found))


# --- PostgreSQL ----------------------------------------------------------------------------------------------------------


@contextmanager
def _with_replica(servers: int, media: int, found: list[PostgresServer]) -> Iterator[Cluster]:
    with ExitStack() as stack:
        redis, primary = stack.enter_context(running_redis()), stack.enter_context(running_postgres())
        replica = stack.enter_context(running_postgres(primary))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-failover-")))
        found += [primary, replica]
        cluster = Cluster(redis, primary, folder, free_port(), database_url=both(primary, replica))
        stack.callback(cluster.close)
        cluster.start(servers, media)
        cluster.until_ready()
        yield cluster


async def _promoted(cluster: Cluster, primary: PostgresServer, replica: PostgresServer, *, freezes: bool) -> list[float]:
    """Stop or freeze the primary and promote the replica, while calls go on.

    Return four figures:

    - the number of lost chat lines
    - the number of calls that ended, or whose room was opened anew
    - the longest silence, in s
    - the time from the stop or freeze of the primary until chat lines are stored again, in s
    """
    async with stage(cluster, calls=CALLS) as here:
        await here.forget()
        epochs, began = [call.epoch for call in here.calls], asyncio.get_running_loop().time()
        async with Writers(here.calls[0]) as writers:
            await asyncio.sleep(2.0)
            away = asyncio.get_running_loop().time()
            await asyncio.to_thread(primary.freeze if freezes else primary.stop)
            await asyncio.sleep(PROMOTED_AFTER_S)
            await asyncio.to_thread(replica.promote)
            await _until_written(writers)
            back = asyncio.get_running_loop().time() - away
            await asyncio.sleep(2.0)
        await here.reach_records(BACK_S)
        lost = await writers.lost_lines(here)
        late = await here.user()
        counselor = await here.counselor()
        await late.until(lambda: late.session["state"] == "active")
        gaps, moved = await untouched(here, here.calls, began, epochs)
        await late.say("leave")
        await counselor.close()
    return [float(lost), float(moved), max(gaps), back]


async def _until_written(writers: Writers) -> None:
    """Wait until the server has acknowledged all chat lines that were written."""
    for person in writers.call.people:
        assert await person.delivered(BACK_S) == 0, "lines are stored again"


def _figures(run: list[float], how: str) -> list[Figure]:
    lost, dropped, gap, back = run
    return [
        figure(f"postgres_failover_{how}_lost_lines", "lines", [lost]),
        figure(f"postgres_failover_{how}_dropped_calls", "calls", [dropped]),
        figure(f"postgres_failover_{how}_audio_gap_s", "s", [gap]),
        figure(f"postgres_failover_{how}_lines_stored_after_s", "s", [back]),
    ]


def postgres_rows() -> list[Figure]:
    """Stop PostgreSQL's primary in one cluster. In another cluster, freeze the primary, as if it had lost its network."""
    found: list[Figure] = []
    for freezes in (False, True):
        servers: list[PostgresServer] = []

        async def measure(cluster: Cluster, freezes: bool = freezes, servers: list[PostgresServer] = servers) -> list[Figure]:
            return _figures(await _promoted(cluster, *servers, freezes=freezes), "silent" if freezes else "stopped")

        found += on_cluster(measure, start=lambda count, media, servers=servers: _with_replica(count, media, servers))
    return found
