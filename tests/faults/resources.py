"""While calls go on, a part of the cluster runs out of file descriptors, memory, or disk space for recordings."""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import asyncpg
from msgspec.structs import replace

from media.api.client import WorkerClient, WorkerError
from media.api.wire import OpenRoom
from media.recording.segment import KEEP_FREE_BYTES
from signaling.config.secret import media_token
from tests.cluster import SECRET, Cluster, running_stores
from tests.faults.figures import Figure, Harm, figure
from tests.faults.stage import Stage, answering, leading, live_workers, on_cluster, stage, until, worker_at
from tests.faults.stores import untouched
from tests.faults.workers import Writers
from tests.ports import free_port
from tests.postgres_server import PostgresServer
from tests.redis_server import running_redis

CALLS = 2
USED_UP_S = 10.0
BACK_S = 20.0
DISK_MIB = KEEP_FREE_BYTES // 2**20 + 16


@contextmanager
def no_descriptors(pid: int) -> Iterator[None]:
    """Let this process of the cluster open no more file descriptors until the context ends."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(each) for each in os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


async def _serves(here: Stage) -> bool:
    """Return whether a new user and a new counselor get a call in which both hear each other."""
    call = await here.call()
    await until(call.hears, BACK_S, "the new call is heard")
    await call.user.say("leave")
    here.calls.remove(call)
    for person in call.people:
        await person.close()
        here.people.remove(person)
    return True


async def _used_up(cluster: Cluster) -> list[Figure]:
    harm, back = Harm(), []
    async with stage(cluster, calls=CALLS) as here:
        for part in ("leader", "worker"):
            leader = await leading(cluster)
            assert leader.process is not None
            pid = leader.process.pid if part == "leader" else worker_at(here.calls[0].user.worker_port())
            await here.forget()
            epochs, began = [call.epoch for call in here.calls], asyncio.get_running_loop().time()
            async with Writers(here.calls[0]) as writers:
                with no_descriptors(pid):
                    trying = asyncio.create_task(_keep_trying(leader.url, here))
                    await asyncio.sleep(USED_UP_S)
                    trying.cancel()
                    await asyncio.gather(trying, return_exceptions=True)
                again = asyncio.get_running_loop().time()
                await _serves(here)
                back.append(asyncio.get_running_loop().time() - again)
            gaps, lost = here.gaps(began - 0.5), await writers.lost_lines(here) + await writers.lost_strokes()
            moved = sum(call.epoch != epoch for call, epoch in zip(here.calls, epochs, strict=True))
            print(f"  {part} without descriptors: {harm.add(gaps, lost, moved + here.dropped())}", flush=True)
    return [*harm.figures("descriptors"), figure("descriptors_new_call_after_s", "s", back)]


async def _keep_trying(url: str, here: Stage) -> None:
    """Open connections to the server. Keep open those connections that the server accepts."""
    kept = []
    while True:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(0.5):
                kept.append(await asyncio.open_connection(*url.removeprefix("http://").split(":")))
        await asyncio.sleep(0.05)


def descriptor_rows() -> list[Figure]:
    return on_cluster(_used_up)


# --- memory --------------------------------------------------------------------------------------------------------------

CGROUPS = Path("/sys/fs/cgroup")
MORE_BYTES = 4 * 2**20  # memory that the worker is allowed to take in addition to its present memory
BOARD_BYTES = 1 << 20
ROOMS = 4


@contextmanager
def memory_limit(pid: int, more_bytes: int) -> Iterator[None]:
    """Let the kernel kill this process when its memory grows by more than `more_bytes`. The machine must have no swap."""
    second = (CGROUPS / "cgroup.controllers").exists()  # whether this machine has version 2 of cgroups
    group = (CGROUPS if second else CGROUPS / "memory") / f"sangdam-faults-{pid}"
    group.mkdir()
    try:
        # this control group counts only new memory: what the process already has still counts in the process's former control
        # group
        (group / ("memory.max" if second else "memory.limit_in_bytes")).write_text(str(more_bytes))
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        with suppress(OSError):  # a process that was not killed is still in the control group, which then cannot be removed
            group.rmdir()


async def _out_of_memory(cluster: Cluster) -> list[Figure]:
    """Make one of two workers exceed its memory limit with large boards. The other worker's rooms must not move."""
    async with stage(cluster, calls=ROOMS) as here:
        await live_workers(cluster, 2)
        await here.all_hear()
        await here.forget()
        port = here.calls[0].user.worker_port()
        hit = [call for call in here.calls if call.user.worker_port() == port]
        spared = [call for call in here.calls if call not in hit]
        epochs = [call.epoch for call in here.calls]
        pid, began = worker_at(port), asyncio.get_running_loop().time()
        async with Writers(here.calls[0]) as writers:
            with memory_limit(pid, MORE_BYTES):
                filling = asyncio.create_task(_fill_memory(cluster, pid))
                await until(lambda: not Path(f"/proc/{pid}").exists(), BACK_S, "the kernel kills the worker")
                filling.cancel()
                await asyncio.gather(filling, return_exceptions=True)
            before = dict(zip((call.id for call in here.calls), epochs, strict=True))
            await until(lambda: all(call.epoch > before[call.id] for call in hit), BACK_S, "its rooms have moved")
            await here.all_hear(BACK_S)
            await asyncio.sleep(2.0)
        now = asyncio.get_running_loop().time()
        gaps = [person.ear.gap(began - 0.5, now) for call in hit for person in call.people]
        spared_gaps = [person.ear.gap(began - 0.5, now) for call in spared for person in call.people]
        moved = sum(call.epoch != epoch for call, epoch in zip(here.calls, epochs, strict=True) if call in spared)
        print(f"  {len(hit)} rooms on the worker, {len(spared)} beside it", flush=True)
        return [
            figure("memory_audio_gap_s", "s", gaps),
            figure("memory_others_audio_gap_s", "s", spared_gaps or [0.0]),
            figure("memory_other_rooms_moved", "rooms", [float(moved)]),
            figure("memory_lost_lines", "lines", [float(await writers.lost_lines(here))]),
            figure("memory_dropped_calls", "calls", [float(sum(not call.goes_on for call in here.calls))]),
        ]


async def _fill_memory(cluster: Cluster, pid: int) -> None:
    """Open rooms with large boards on the worker with this process id, until the worker is gone."""
    url = next(each for each in await answering(cluster) if listens(pid, each))
    async with WorkerClient(url, media_token(SECRET.encode())) as worker:
        for number in range(100):
            with suppress(WorkerError):
                await worker.open_room(f"large-{number}", OpenRoom(epoch=1, board=[secrets.token_bytes(BOARD_BYTES)]))


def listens(pid: int, url: str) -> bool:
    """Return whether the process with this id accepts connections at this address."""
    port = url.rpartition(":")[2]
    found = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=True).stdout
    return f"pid={pid}," in found


def memory_rows() -> list[Figure]:
    return on_cluster(_out_of_memory)


# --- disk space ----------------------------------------------------------------------------------------------------------


@contextmanager
def _with_small_disk(servers: int, media: int) -> Iterator[Cluster]:
    """Start a cluster whose recordings are on a separate disk with room for some minutes of sound."""
    with running_stores() as cluster:
        folder = cluster.folder / "recordings"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=0700", "tmpfs", folder], check=True)
        try:
            cluster.start(servers, media)
            cluster.until_ready()
            yield cluster
        finally:
            cluster.close()
            subprocess.run(["umount", "--lazy", folder], check=True)


async def _full(cluster: Cluster) -> list[Figure]:
    """Record a call. While it is recorded, another program fills the disk.

    The call goes on, the people in the call are told that the recording has failed, and the room stays on its worker.
    """
    async with stage(cluster, calls=0) as here:
        site = await here.records.site("demo-shop")
        assert site is not None
        await here.records.save_site(replace(site, recording="ask"))
        call = await here.call()
        await here.all_hear()
        for person in call.people:
            await person.say("recording", agree=True)
        await call.user.until(lambda: call.user.session["recording"]["state"] == "on")
        await asyncio.sleep(2.0)
        await here.forget()
        epoch, began = call.epoch, asyncio.get_running_loop().time()
        async with Writers(call) as writers:
            await asyncio.to_thread(_fill, cluster.folder / "recordings")
            await call.user.until(lambda: call.user.session["recording"].get("failed") == "disk_full")
            told = asyncio.get_running_loop().time() - began
            await asyncio.sleep(3.0)
        now = asyncio.get_running_loop().time()
        gap = max(person.ear.gap(began - 0.5, now) for person in call.people)
        lost = await writers.lost_lines(here) + await writers.lost_strokes()
        harmed = float(call.epoch != epoch or not call.goes_on)
        (cluster.folder / "recordings" / "fill").unlink()
        for person in call.people:
            await person.say("recording", agree=True)
        await call.user.until(lambda: call.user.session["recording"]["state"] == "on")
    return [
        figure("disk_full_audio_gap_s", "s", [gap]),
        figure("disk_full_lost_lines", "lines", [float(lost)]),
        figure("disk_full_dropped_calls", "calls", [harmed]),
        figure("disk_full_told_after_s", "s", [told]),
    ]


POSTGRES_MIB = 256
FULL_S = 15.0


@contextmanager
def _with_small_postgres(servers: int, media: int, found: list[Path]) -> Iterator[Cluster]:
    """Start a cluster whose PostgreSQL has a small disk of its own. Append the folder of this disk to `found`."""
    with ExitStack() as stack:
        disk = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-small-", ignore_cleanup_errors=True)))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={POSTGRES_MIB}m,mode=0755", "tmpfs", disk], check=True)
        stack.callback(subprocess.run, ["umount", "-l", disk], check=True)
        found.append(disk)
        redis, postgres = stack.enter_context(running_redis()), PostgresServer(disk)
        postgres.start()
        stack.callback(_stop_if_it_runs, postgres)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sangdam-cluster-")))
        cluster = Cluster(redis, postgres, folder, free_port())
        stack.callback(cluster.close)
        cluster.start(servers, media)
        cluster.until_ready()
        yield cluster


def _stop_if_it_runs(postgres: PostgresServer) -> None:
    with suppress(subprocess.CalledProcessError):
        postgres.stop()


def _start_unless_it_runs(postgres: PostgresServer) -> None:
    with suppress(subprocess.CalledProcessError):
        postgres.start()


async def _until_it_fails(postgres: PostgresServer) -> None:
    """Make PostgreSQL begin new files of its write-ahead log, until there is no room for another one, and its writes fail."""
    async with asyncio.timeout(BACK_S):
        while await _begins_a_file(postgres.url.replace("+asyncpg", "")):
            # during this time, PostgreSQL writes the chat lines of the calls into the new file
            await asyncio.sleep(0.5)


async def _begins_a_file(address: str) -> bool:
    try:
        connection = await asyncpg.connect(address)
        try:
            await connection.execute("SELECT pg_switch_wal()")
        finally:
            await connection.close()
    except (asyncpg.PostgresError, OSError):
        return False
    return True


async def _postgres_full(cluster: Cluster, disk: Path) -> list[Figure]:
    """Fill PostgreSQL's disk during calls. Then make room, and start PostgreSQL again if the full disk has ended it."""
    async with stage(cluster, calls=CALLS) as here:
        await here.all_hear()
        await here.forget()
        epochs, began = [call.epoch for call in here.calls], asyncio.get_running_loop().time()
        async with Writers(here.calls[0]) as writers:
            await asyncio.to_thread(_fill, disk)
            await _until_it_fails(cluster.postgres)
            await asyncio.sleep(FULL_S)
            (disk / "fill").unlink()
            again = asyncio.get_running_loop().time()
            await asyncio.to_thread(_start_unless_it_runs, cluster.postgres)
            for person in here.calls[0].people:
                assert await person.delivered() == 0, "lines are stored again"
            back = asyncio.get_running_loop().time() - again
        await here.reach_records(BACK_S)
        gaps, moved = await untouched(here, here.calls, began, epochs)
        lost = await writers.lost_lines(here) + await writers.lost_strokes()
    return [
        figure("postgres_full_audio_gap_s", "s", gaps),
        figure("postgres_full_lost_lines", "lines", [float(lost)]),
        figure("postgres_full_dropped_calls", "calls", [float(moved)]),
        figure("postgres_full_lines_stored_after_s", "s", [back]),
    ]


def postgres_disk_rows() -> list[Figure]:
    found: list[Path] = []

    async def measure(cluster: Cluster) -> list[Figure]:
        return await _postgres_full(cluster, found[0])

    return on_cluster(measure, start=lambda servers, media: _with_small_postgres(servers, media, found))


def _fill(folder: Path) -> None:
    with (folder / "fill").open("wb") as file, suppress(OSError):
        while True:
            file.write(b"\0" * 2**20)
            file.flush()


def disk_rows() -> list[Figure]:
    return on_cluster(_full, start=_with_small_disk)
