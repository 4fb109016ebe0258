"""The tests check which worker of a cluster gets a room, and which keys are derived from the cluster's secret."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from itertools import count
from pathlib import Path

import pytest

from media.api.announcement import Announcement
from media.api.client import WorkerClient
from media.api.wire import Heartbeat, Snapshot, WorkerEvent
from signaling.config.secret import BadSecret, derived, media_token, read_secret
from signaling.mediaworkers.remote import Fleet, Leased
from tests import PATIENCE_S


async def fleet_of(regions: Mapping[str, str] | None = None, /, **loads: float) -> Fleet:
    """Return a fleet of workers. `regions`: worker → its region. `loads`: worker → its load."""
    fleet = Fleet("redis://127.0.0.1:1", "secret")
    for name, load in loads.items():
        said = Announcement(id=name, url="http://127.0.0.1:1", rooms=0, peers=0, load=load)
        region = (regions or {}).get(name, "")
        fleet._workers[name] = Leased(said, WorkerClient(said.url), state="live", region=region)
    return fleet


async def test_less_loaded_worker_gets_and_keeps_the_room() -> None:
    fleet = await fleet_of(busy=0.9, idle=0.1)
    placed = fleet.place("s-1")
    assert placed is not None
    assert placed.id == "idle"
    assert all(fleet.place("s-1") is placed for _ in range(20))
    await fleet.close()


async def test_burst_between_heartbeats_is_spread() -> None:
    """Many rooms are opened at once. The workers reported their loads before that.

    So rooms that a worker has got since its report must count as load, too.
    """
    fleet = await fleet_of(a=0.10, b=0.11, c=0.12)
    rooms = Counter(worker.id for number in range(90) if (worker := fleet.place(f"s-{number}")))
    assert min(rooms.values()) >= 20
    await fleet.close()


REGIONS = {"seoul": "kr", "busan": "kr", "paris": "eu"}


async def test_room_opens_on_the_less_loaded_worker_of_its_users_region() -> None:
    fleet = await fleet_of(REGIONS, seoul=0.7, busan=0.1, paris=0.0)
    assert placed_for(fleet, "kr", 10) == {"busan": 10}
    assert placed_for(fleet, "eu", 10) == {"paris": 10}
    await fleet.close()


async def test_room_opens_far_away_if_no_worker_near_its_user_is_free() -> None:
    fleet = await fleet_of(REGIONS, seoul=0.1, busan=0.95, paris=0.5)
    assert placed_for(fleet, "kr", 5) == {"seoul": 5}
    fleet._workers["seoul"].state = "draining"
    assert placed_for(fleet, "kr", 5) == {"paris": 5}
    del fleet._workers["seoul"], fleet._workers["busan"]
    assert placed_for(fleet, "kr", 5) == {"paris": 5}
    await fleet.close()


async def test_room_of_an_unknown_region_opens_by_load() -> None:
    fleet = await fleet_of(REGIONS, seoul=0.5, busan=0.9, paris=0.1)
    for region in ("", "moon"):
        assert "paris" in placed_for(fleet, region, 10)
        assert "busan" not in placed_for(fleet, region, 10)
    await fleet.close()


def placed_for(fleet: Fleet, region: str, rooms: int) -> Counter[str]:
    """Place this many new rooms for users of a region. Return how many of these rooms each worker has got."""
    names = [f"s-{region}-{next(_numbers)}" for _ in range(rooms)]
    return Counter(worker.id for name in names if (worker := fleet.place(name, region)))


_numbers = count()


async def test_draining_worker_keeps_its_rooms_and_gets_no_new_one() -> None:
    fleet = await fleet_of(a=0.1, b=0.9)
    first = fleet.place("s-1")
    assert first is not None
    first.state = "draining"
    assert fleet.place("s-1") is first
    second = fleet.place("s-2")
    assert second is not None
    assert second.id == "b"
    second.state = "dead"
    assert fleet.place("s-3") is None
    await fleet.close()


class Heir(WorkerClient):
    """The server's connection to a new worker at the address of a dead worker."""

    async def events(self, silence_s: float = 0.0) -> AsyncIterator[WorkerEvent]:
        yield Snapshot(n=1, worker="heir", pid=2, udp=[], rooms=[])
        for number in range(2, 1000):
            yield Heartbeat(n=number, rooms=0, peers=0, lateness_ms=0.0)
            await asyncio.sleep(0.001)


async def test_worker_at_a_dead_workers_address_does_not_revive_it() -> None:
    fleet = await fleet_of(a=0.1)
    worker = fleet._workers["a"]
    worker.client = Heir("http://127.0.0.1:1")
    async with asyncio.timeout(PATIENCE_S):
        await fleet._read(worker)
    assert worker.silence.is_long
    watching = asyncio.create_task(fleet._watch(worker))
    async with asyncio.timeout(PATIENCE_S):
        while worker.state != "dead":
            await asyncio.sleep(0.01)
    watching.cancel()
    await fleet.close()


async def test_rooms_keep_moving_after_the_dead_workers_lease_ends() -> None:
    fleet = await fleet_of(a=0.1)
    worker = fleet.place("s-1")
    assert worker is not None
    saved, moved = asyncio.Event(), []

    async def on_dead(rooms: list[str]) -> None:
        await saved.wait()
        moved.extend(rooms)

    fleet._on_dead = on_dead
    worker.task = asyncio.create_task(fleet._dead(worker))
    await asyncio.sleep(0)
    await fleet._dismiss(worker)
    saved.set()
    async with asyncio.timeout(PATIENCE_S):
        while not moved:
            await asyncio.sleep(0)
    assert moved == ["s-1"]
    await fleet.close()


def test_secret_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANGDAM_SECRET", raising=False)
    with pytest.raises(BadSecret, match="needs a secret"):
        read_secret(None)
    (tmp_path / "secret").write_text("f" * 64 + "\n")
    assert read_secret(tmp_path / "secret") == b"f" * 64
    monkeypatch.setenv("SANGDAM_SECRET", "short")
    with pytest.raises(BadSecret, match="too short") as error:
        read_secret(None)
    assert "short" not in str(error.value).replace("too short", "")


def test_derived_keys_differ_by_purpose() -> None:
    secret = b"x" * 32
    assert media_token(secret) != derived(secret, "codes").hex()
    assert secret.hex() not in media_token(secret)
