"""A part of the cluster has no descriptors left, or no disk space for recordings, while calls go on."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from media.recording.segment import KEEP_FREE_BYTES
from tests.cluster import Cluster, running_stores
from tests.faults.figures import Figure, figure
from tests.faults.stage import Stage, leading, on_cluster, stage, until, worker_at
from tests.faults.workers import Writers

CALLS = 2
USED_UP_S = 10.0
BACK_S = 20.0
DISK_MIB = KEEP_FREE_BYTES // 2**20 + 16


@contextmanager
def no_descriptors(pid: int) -> Iterator[None]:
    """Limit this process of the cluster to the descriptors that it has open now."""
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
    gaps, lost, dropped, back = [], [], [], []
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
            now = asyncio.get_running_loop().time()
            found = [person.ear.gap(began - 0.5, now) for call in here.calls for person in call.people]
            gaps += found
            lost.append(float(await writers.lost_lines(here) + await writers.lost_strokes()))
            moved = sum(call.epoch != epoch for call, epoch in zip(here.calls, epochs, strict=True))
            dropped.append(float(moved + sum(not call.goes_on for call in here.calls)))
            print(f"  {part} without descriptors: gap {max(found):.2f} s, lost {lost[-1]:g}, harm {dropped[-1]:g}", flush=True)
    return [
        figure("descriptors_audio_gap_s", "s", gaps),
        figure("descriptors_lost_lines", "lines", lost),
        figure("descriptors_dropped_calls", "calls", dropped),
        figure("descriptors_new_call_after_s", "s", back),
    ]


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


# --- disk space ----------------------------------------------------------------------------------------------------------


@contextmanager
def _with_small_disk(servers: int, media: int) -> Iterator[Cluster]:
    """Start a cluster whose recordings are on a disk of their own, with room for some minutes of sound."""
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
    """Record a call until another program fills the disk.

    The call goes on, the people in the call are told, and the room stays on its worker.
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


def _fill(folder: Path) -> None:
    with (folder / "fill").open("wb") as file, suppress(OSError):
        while True:
            file.write(b"\0" * 2**20)
            file.flush()


def disk_rows() -> list[Figure]:
    return on_cluster(_full, start=_with_small_disk)
