"""`make bench ARGS=load`: ten thousand queued people and a thousand consoles on one server.

The bench has three scenes. First nothing special happens ("quiet"). Then all connections break at once ("cut"). Finally, more
people arrive than the server admits ("storm"). Three monitored calls last through all scenes. The server runs on one core.
Load generator and calls share a second core. A scene's figures are left out if the load generator used over 70 % of its core.
LOAD_USERS and LOAD_CONSOLES set smaller numbers of users and consoles. LOAD_CLUSTER=1 uses PostgreSQL and Redis instead of SQLite
and memory.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

from tests.bench.load.house import House
from tests.bench.rows import Row, row

USERS = int(os.environ.get("LOAD_USERS", "10000"))
CONSOLES = int(os.environ.get("LOAD_CONSOLES", "1000"))
CLUSTER = bool(os.environ.get("LOAD_CLUSTER"))
WORKING = 50
CALLS = 3
QUIET_S = 20.0
STORM_S = 15.0
MOST_LOAD = 70.0
SECRET = "a secret of a bench that lives for minutes"


class Taken:
    """Figures of one scene. `cpu`: the share of its core that the server used, in percent."""

    def __init__(self, name: str, answer: dict[str, Any], crowd: dict[str, Any], calls: dict[str, Any], cpu: float) -> None:
        self.name, self.answer, self.crowd, self.calls, self.cpu = name, answer, crowd, calls, cpu

    @property
    def void(self) -> bool:
        return float(self.crowd["cpu_percent"]) > MOST_LOAD

    def say(self) -> None:
        print(f"{self.name}: {self.answer}\n  server {self.cpu:.0f} %, crowd {self.crowd['cpu_percent']:.0f} % of a core")
        print(f"  crowd: {self.crowd}\n  calls: {self.calls}", flush=True)
        if self.void:
            print("  VOID: the crowd used over 70 % of its core", flush=True)


class Stage:
    def __init__(self, house: House) -> None:
        self.house = house
        self.taken: dict[str, Taken] = {}

    async def scene(self, name: str, work: Coroutine[Any, Any, dict[str, Any]]) -> Taken:
        await self.house.crowd.do("look")
        await self.house.calls.do("look")
        cpu_s, began = self.house.cpu_s(), monotonic()
        answer = await work
        cpu = 100 * (self.house.cpu_s() - cpu_s) / (monotonic() - began)
        seen = await self.house.crowd.do("look"), await self.house.calls.do("look")
        taken = self.taken[name] = Taken(name, answer, *seen, cpu)
        taken.say()
        return taken

    def rows(self) -> list[Row]:
        """Return the rows (measured figures) of the scenes in which the load generator kept up.

        Scene "quiet": delays of pings and chat lines, updates of queue places per second, KiB per second, and the server's CPU.
        Scene "cut": time until everybody has reconnected, and the delay of chat lines in this time. Scene "storm": new users
        admitted and refused, and the delay of chat lines in this time. `load_call_gap_ms`: the longest gap between two sound
        packets of a call, in any of these scenes. `load_listener_lag_ms`: the largest delay with which the process that
        measures these gaps woke up.
        """
        quiet, back, storm = (self.taken[name] for name in ("quiet", "cut", "storm"))
        found: list[Row] = []
        if not quiet.void:
            seconds = quiet.crowd["seconds"]
            found += [
                row("load_message_p99_ms", "ms", [quiet.crowd["ping_ms"]["p99"]]),
                row("load_line_p99_ms", "ms", [quiet.calls["line_ms"]["p99"]]),
                row("load_place_updates_per_s", "1/s", [quiet.crowd["places"] / seconds]),
                row("load_kib_per_s", "KiB/s", [quiet.crowd["kib"] / seconds]),
                row("load_server_cpu_percent", "%", [quiet.cpu]),
            ]
        if not back.void:
            found.append(row("load_reconnect_all_s", "s", [back.answer["all_s"]]))
            found.append(row("load_reconnect_line_p99_ms", "ms", [back.calls["line_ms"]["p99"]]))
        if not storm.void:
            found += [
                row("load_storm_taken_per_s", "1/s", [storm.answer["taken"] / storm.answer["seconds"]]),
                row("load_storm_refused_percent", "%", [100 * (1 - storm.answer["taken"] / storm.answer["asked"])]),
                row("load_storm_line_p99_ms", "ms", [storm.calls["line_ms"]["p99"]]),
            ]
        gaps = [gap for taken in self.taken.values() if not taken.void for gap in taken.calls["gap_ms"]]
        if gaps:
            lag = max(taken.calls["own_lag_ms"] for taken in self.taken.values() if not taken.void)
            found += [row("load_call_gap_ms", "ms", [max(gaps)]), row("load_listener_lag_ms", "ms", [lag])]
        return [each.renamed(each.name.replace("load_", "load_cluster_")) if CLUSTER else each for each in found]


async def measure() -> list[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-load-")))
        shared, database = _shared(stack, folder) if CLUSTER else ((), "")
        bound = ("--most-waiting", str(USERS + 500))
        house = House(folder, counselors=CONSOLES, calls=CALLS, options=bound, shared=shared, database=database)
        async with house:
            try:
                return await _play(Stage(house))
            except BaseException:
                print(house.log()[-4000:])
                raise


def _shared(stack: ExitStack, folder: Path) -> tuple[tuple[str, ...], str]:
    from tests.postgres_server import running_postgres
    from tests.redis_server import running_redis

    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    redis = stack.enter_context(running_redis())
    return ("--redis", redis.url, "--secret-file", str(secret)), stack.enter_context(running_postgres()).url


async def _play(stage: Stage) -> list[Row]:
    house = stage.house
    empty_kib = house.memory_kib()
    await house.calls.do("begin")
    await stage.scene("consoles", house.crowd.do("consoles_come", consoles=CONSOLES, working=WORKING))
    await stage.scene("arrive", house.crowd.do("arrive", users=USERS))
    memory = (house.memory_kib() - empty_kib) / (USERS + CONSOLES)
    await stage.scene("quiet", _quiet())
    await stage.scene("cut", house.crowd.do("cut"))
    arrived = stage.taken["arrive"]
    carries = USERS / arrived.answer["seconds"]
    await stage.scene("storm", house.crowd.do("storm", per_s=2 * carries, seconds=STORM_S))
    return [row("load_memory_kib_per_connection", "KiB", [memory]), *stage.rows()]


async def _quiet() -> dict[str, Any]:
    await asyncio.sleep(QUIET_S)
    return {}


def rows() -> list[Row]:
    return asyncio.run(measure())
