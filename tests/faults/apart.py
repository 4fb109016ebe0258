"""A cluster in which each part has a network of its own, and the faults of these networks.

Each fault concerns the network between two parts. This network drops all packets in both directions or in only one, or it loses
some packets, or it delays all packets. During the fault, the test keeps calls running, and listens to the tones that people hear.
People can reach every server all the time. They can also reach every worker, except if the fault is between people and a worker.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

from tests.cluster import Cluster, Server
from tests.faults.callers import Caller
from tests.faults.figures import Figure, Harm, figure
from tests.faults.network import TESTER, Network, both_ways, running_network
from tests.faults.stage import Stage, leading, live_workers, on_cluster, revive, stage
from tests.faults.workers import Writers
from tests.ports import free_port
from tests.postgres_server import running_postgres
from tests.redis_server import running_redis

CALLS = 2
BROKEN_S = (5.0, 30.0)
HEALS_S = 25.0  # within this many seconds after the end of a fault, everything must work again


class ApartCluster(Cluster):
    """A cluster in which each server, each media machine, Redis and PostgreSQL has a network namespace of its own.

    `part_of`: the name under which `network` knows a server or media machine.
    """

    network: Network

    def part_of(self, server: Server) -> str:
        kind, parts = ("server", self.servers) if server in self.servers else ("media", self.media)
        return f"{kind}-{parts.index(server)}"


@contextmanager
def running_apart(servers: int = 2, media: int = 2) -> Iterator[Cluster]:
    with ExitStack() as stack:
        network = stack.enter_context(running_network())
        at_redis, at_postgres = network.place("redis"), network.place("postgres")
        redis = stack.enter_context(running_redis(host=at_redis.host, within=at_redis.within))
        postgres = stack.enter_context(running_postgres(host=at_postgres.host, within=at_postgres.within))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-apart-")))
        cluster = ApartCluster(redis, postgres, folder, free_port(), place_of=network.place)
        cluster.network = network
        stack.callback(cluster.close)
        cluster.start(servers, media)
        cluster.until_ready()
        yield cluster


Fault = Callable[[Network, str, str], AbstractContextManager[None]]
"""Begins a fault of the network between two parts. The fault lasts until the context ends."""

CUT: dict[str, Fault] = {
    "cut in both directions": lambda network, one, other: network.broken(*both_ways(one, other)),
    "cut there": lambda network, one, other: network.broken((one, other)),
    "cut back": lambda network, one, other: network.broken((other, one)),
}
BAD: dict[str, Fault] = {
    "30 % lost": lambda network, one, other: network.bad(*both_ways(one, other), loss=0.3),
    "200 ms there and back": lambda network, one, other: network.bad(*both_ways(one, other), delay_s=0.1),
}


async def _disturbed(
    cluster: ApartCluster, one: str, other: str, name: str, faults: Mapping[str, Fault], moves: bool
) -> list[Figure]:
    """Cause each of these faults between `one` and `other`, for each duration in `BROKEN_S`.

    The names `leader` and `worker` mean the present leader and the worker of the calls. `moves`: whether rooms are allowed
    to move to another worker; if not, the figures also show how many rooms moved nevertheless.
    """
    harm, moved, late = Harm(), [], []
    async with stage(cluster, calls=CALLS) as here:
        for seconds in BROKEN_S:
            for fault, begin in faults.items():
                await revive(cluster)
                await live_workers(cluster, len(cluster.media))
                await here.all_hear()
                parts = [await _part(cluster, here, each) for each in (one, other)]
                await here.forget()
                epochs, began = [call.epoch for call in here.calls], asyncio.get_running_loop().time()
                async with Writers(here.calls[0]) as writers:
                    with begin(cluster.network, *parts):
                        await asyncio.sleep(seconds)
                    healed = asyncio.get_running_loop().time()
                    await here.all_hear(HEALS_S)
                    await revive(cluster)
                    late.append(asyncio.get_running_loop().time() - healed)
                    await asyncio.sleep(2.0)
                harmed = harm.add(here.gaps(began - 0.5), await writers.lost_lines(here), here.dropped())
                moved.append(float(sum(call.epoch != epoch for call, epoch in zip(here.calls, epochs, strict=True))))
                print(
                    f"  {parts[0]} | {parts[1]} {fault} for {seconds:g} s: {harmed}, moved {moved[-1]:g},"
                    f" whole again after {late[-1]:.1f} s",
                    flush=True,
                )
    rows = [*harm.figures(name), figure(f"{name}_whole_again_s", "s", late)]
    return rows if moves else [*rows, figure(f"{name}_moved_rooms", "rooms", moved)]


async def _part(cluster: ApartCluster, here: Stage, name: str) -> str:
    if name == "leader":
        return cluster.part_of(await leading(cluster))
    if name == "worker":
        address = here.calls[0].user.peers[-1].target[0]
        return next(cluster.part_of(each) for each in cluster.media if each.host == address)
    return name


def _rows(one: str, other: str, name: str, faults: Mapping[str, Fault] = CUT, *, moves: bool = False) -> list[Figure]:
    async def measure(cluster: Cluster) -> list[Figure]:
        assert isinstance(cluster, ApartCluster)
        return await _disturbed(cluster, one, other, name, faults, moves)

    return on_cluster(measure, start=running_apart)


redis_rows = partial(_rows, "leader", "redis", "net_redis")
postgres_rows = partial(_rows, "leader", "postgres", "net_postgres")
worker_rows = partial(_rows, "leader", "worker", "net_worker", moves=True)
users_rows = partial(_rows, TESTER, "worker", "net_users", moves=True)
bad_redis_rows = partial(_rows, "leader", "redis", "bad_redis", BAD)
bad_postgres_rows = partial(_rows, "leader", "postgres", "bad_postgres", BAD)
bad_worker_rows = partial(_rows, "leader", "worker", "bad_worker", BAD, moves=True)
bad_users_rows = partial(_rows, TESTER, "worker", "bad_users", BAD, moves=True)


# --- split brain ---------------------------------------------------------------------------------------------------------

APART_S = 15.0
STRANDED_S = 8.0  # somebody who cannot write for this many seconds counts as stranded
SPLITS = {
    # case 1: the leader reaches PostgreSQL and its own connected people, but neither Redis nor the other server
    "from Redis": lambda leader, other: (*both_ways(leader, "redis"), *both_ways(leader, other)),
    # case 2: the leader reaches only the workers and its own connected people
    "from everything": lambda leader, other: (
        *both_ways(leader, "redis"),
        *both_ways(leader, "postgres"),
        *both_ways(leader, other),
    ),
}


async def _until_it_leads(server: Server) -> None:
    async with asyncio.timeout(APART_S):
        while (await asyncio.to_thread(server.ready)).get("state") != "leading":
            await asyncio.sleep(0.1)


async def _unheard(people: list[Caller]) -> int:
    """Let every person write a chat line. Return the number of people whose lines were not all stored in time."""
    for person in people:
        await person.write(f"is anybody there, {secrets.token_hex(4)}?")
    left = await asyncio.gather(*(person.delivered(STRANDED_S) for person in people))
    return sum(bool(lines) for lines in left)


async def _split(cluster: Cluster) -> list[Figure]:
    """Cut the leader off from the other server, which takes over. All people stay connected to the old leader.

    In three cases, two servers have acted as the leader: a session ends up with two counselors, a counselor ends up with two
    sessions, or an acknowledged chat line is missing. A person is stranded if their server neither stores their chat lines nor
    disconnects them. A disconnected person would go to the other server.
    """
    assert isinstance(cluster, ApartCluster)
    harm, twice, stranded = Harm(), [], []
    async with stage(cluster, calls=CALLS) as here:
        for name, cut in SPLITS.items():
            await revive(cluster)
            await live_workers(cluster, len(cluster.media))
            await here.all_hear()
            former = await leading(cluster)
            other = next(each for each in cluster.servers if each is not former)
            for person in here.people:
                await person.comes_by([former.url, other.url])
            await here.forget()
            began = asyncio.get_running_loop().time()
            async with Writers(here.calls[0], strokes=False) as writers:
                with cluster.network.broken(*cut(cluster.part_of(former), cluster.part_of(other))):
                    await _until_it_leads(other)
                    here.doors[:] = [other.url]
                    counselor = await here.counselor()
                    user = await here.user()
                    await user.until(lambda u=user: u.session["state"] == "active")
                    stranded.append(float(await _unheard([p for p in here.people if p not in (counselor, user)])))
                    await asyncio.sleep(max(0.0, began + APART_S - asyncio.get_running_loop().time()))
                here.doors[:] = [server.url for server in cluster.servers]
                await asyncio.sleep(3.0)
                await revive(cluster)
                await here.all_hear(HEALS_S)
            harmed = harm.add(here.gaps(began - 0.5), await writers.lost_lines(here), here.dropped())
            counselors = [p for p in user.session["participants"] if p["role"] == "counselor"]
            twice.append(float(len(counselors) != 1 or len({ring["session"] for ring in counselor.rings}) != 1))
            print(f"  apart {name}: {harmed}, twice {twice[-1]:g}, stranded {stranded[-1]:g}", flush=True)
            await user.say("leave")
            for person in (user, counselor):
                await person.close()
                here.people.remove(person)
    return [
        *harm.figures("split"),
        figure("split_double_matches", "", twice),
        figure("split_stranded_people", "", stranded),
    ]


def split_rows() -> list[Figure]:
    return on_cluster(_split, start=running_apart)
