"""A rolling upgrade during calls.

The processes of a cluster of the former version are replaced by processes of this version, one by one.

The former version is the last tag or, without tags, the commit before the newest migration. So the former version's tables differ
from this version's. The media machines are replaced first, then the standby server, and then the leader. For some seconds,
servers of both versions run at the same time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

from signaling.records import database, schema
from tests.cluster import Cluster, Server
from tests.faults.figures import Figure, figure
from tests.faults.stage import Stage, leading, live_workers, on_cluster, stage, until
from tests.faults.workers import Writers
from tests.ports import free_port
from tests.postgres_server import running_postgres
from tests.redis_server import running_redis

ROOT = Path(__file__).parents[2]
CALLS = 6
SIDE_BY_SIDE_S = 5.0
SETTLES_S = 3.0
NAME = "SANGDAM_UPGRADE_FROM"  # environment variable: the commit or tag of the former version, if it is not the last tag


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def former_version() -> str:
    """Return the commit of the version from which the test upgrades.

    This is the version that the environment variable `NAME` names, or else the newest tag "v…", or else the commit before the
    newest migration.
    """
    if named := os.environ.get(NAME) or _git("tag", "--list", "v*", "--sort=-version:refname").partition("\n")[0]:
        return _git("rev-parse", named)
    folder = Path(schema.__file__).parent / "migrations/versions"
    [newest] = folder.glob(f"{schema.newest_revision()}_*.py")
    # perhaps the newest migration was added under another number and was renumbered when it was merged; its name stayed the same
    any_number = folder.relative_to(ROOT) / f"*_{newest.name.partition('_')[2]}"
    added = _git("log", "--diff-filter=A", "--format=%H", "--", str(any_number)).split()
    return _git("rev-parse", f"{added[-1]}^" if added else "HEAD")


@contextmanager
def former_code(folder: Path) -> Iterator[tuple[Path, str]]:
    """Check out the former version.

    Return the folder of that version, and a Python with that version's code and this environment's packages.
    """
    code, commit = folder / "former", former_version()
    _git("worktree", "add", "--detach", str(code), commit)
    try:
        subprocess.run([sys.executable, "media/transport/compile.py"], cwd=code, check=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "environment"], check=True)
        [own] = (folder / "environment").glob("lib/python3*/site-packages")
        (own / "former.pth").write_text(f"{code}\n{sysconfig.get_path('purelib')}\n")
        print(f"  from {commit[:12]}, tables {schema_of(code)}, to tables {schema.newest_revision()}", flush=True)
        yield code, str(folder / "environment/bin/python")
    finally:
        _git("worktree", "remove", "--force", str(code))


def schema_of(code: Path) -> str:
    """Return the number of the newest migration in these sources."""
    return max(path.name[:4] for path in (code / "signaling/records/migrations/versions").glob("[0-9]*.py"))


@contextmanager
def _former_cluster(servers: int, media: int) -> Iterator[Cluster]:
    with ExitStack() as stack:
        redis, postgres = stack.enter_context(running_redis()), stack.enter_context(running_postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-upgrade-")))
        code, python = stack.enter_context(former_code(folder))
        cluster = Cluster(redis, postgres, folder, free_port(), python=python, code=code)
        stack.callback(cluster.close)
        seed = f"import asyncio; from tests.cluster import Cluster, seed; from signaling.config.settings import Settings; \
asyncio.run(seed({postgres.url!r}, Settings(public_url={cluster.settings.url!r}, port={cluster.public_port}, shop_port=8081)))"
        subprocess.run([python, "-c", seed], cwd=code, check=True)
        for _ in range(media):
            cluster.add_media()
        for _ in range(servers):
            cluster.add_server()
        cluster.until_ready()
        # this process writes staff and sign-ins into the tables of the former version, and must not upgrade them
        with patch.object(database, "bring_up_to_date", lambda _connection: ""):
            yield cluster


def _now_new(part: Server) -> None:
    """Start this server or media machine again, with the code of the present version."""
    part.command[part.command.index("-m") - 1] = sys.executable
    part.code = None
    part.start()


async def _changed(here: Stage, cluster: Cluster, server: Server) -> None:
    """Replace a server by a server of the present version, and wait until people get answers to their pings."""
    assert await asyncio.to_thread(server.end, signal.SIGTERM) == 0, "it ends"
    _now_new(server)
    await asyncio.to_thread(cluster.until_ready)
    now = asyncio.get_running_loop().time()
    # only people with `watched` send pings
    watched = [person for person in here.people if person.watched]
    await until(lambda: all(person.served_since(now) for person in watched), 20.0, "everybody is served")


async def upgraded(cluster: Cluster) -> list[Figure]:
    new_calls = 0
    async with stage(cluster, calls=CALLS) as here:
        await live_workers(cluster, 2)
        for person in here.people:
            person.watched, person.ping_s = True, 0.25
        await asyncio.sleep(1.0)
        await here.forget()
        began = asyncio.get_running_loop().time()
        people = list(here.people)
        async with Writers(here.calls[0]) as writers:
            for machine in cluster.media:
                assert await asyncio.to_thread(machine.end, signal.SIGTERM) == 0, "it drains and ends"
                _now_new(machine)
                await live_workers(cluster, 2)
                await here.all_hear()
                await asyncio.sleep(SETTLES_S)
            leader = await leading(cluster)
            [other] = [server for server in cluster.servers if server is not leader]
            await _changed(here, cluster, other)  # this server upgrades the tables while the former version still leads
            assert await leading(cluster) is leader, "the former version leads, and this one forwards to it"
            await here.call()
            await asyncio.sleep(SIDE_BY_SIDE_S)
            await here.all_hear()
            await _changed(here, cluster, leader)
            await here.call()
            new_calls = len(here.calls) - CALLS
            await asyncio.sleep(SETTLES_S)
        await here.all_hear()
        dropped = sum(not (call.goes_on and call.hears()) for call in here.calls)
        now = asyncio.get_running_loop().time()
        gaps = [person.ear.gap(began, now) for person in people]
        served = [person.served_gap(began, now) for person in people]
        lost = await writers.lost_lines(here)
    return [
        figure("upgrade_calls", "calls", [float(CALLS)]),
        figure("upgrade_new_calls", "calls", [float(new_calls)]),
        figure("upgrade_dropped_calls", "calls", [float(dropped)]),
        figure("upgrade_audio_gap_s", "s", gaps),
        figure("upgrade_console_gap_s", "s", served),
        figure("upgrade_lost_lines", "lines", [float(lost)]),
    ]


def rows() -> list[Figure]:
    return on_cluster(upgraded, start=_former_cluster)
