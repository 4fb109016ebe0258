"""Media workers that are not the server's children.

They announce themselves in a real Redis, and are then killed, frozen, drained or left without a server.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from redis import Redis

from media.api.announcement import WORKERS_KEY
from media.api.client import WorkerClient, WorkerRefused
from media.api.wire import OpenRoom
from signaling.config.secret import media_token
from signaling.mediaworkers import forgotten
from signaling.mediaworkers.forgotten import SWEEP_S
from signaling.mediaworkers.remote import Fleet
from signaling.server.metrics import metrics_app
from tests import PATIENCE_S
from tests.peers.client import Peer
from tests.peers.live_house import Person, Service, in_conversation, running, settings_for
from tests.ports import free_ports
from tests.redis_server import RedisServer, running_redis

SECRET = b"a secret of these tests, long enough"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@contextmanager
def media_machine(
    redis: RedisServer, workers: int, *, udp_port: int = 0, log: Path | None = None, region: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "signaling.cli.main", "media", "--redis", redis.url, "--workers", str(workers)]
    command += ["--port", str(free_ports(workers)), "--udp-port", str(udp_port or free_ports(workers)), "--address", "127.0.0.1"]
    command += ["--region", region]
    with ExitStack() as stack:
        out = stack.enter_context(log.open("wb")) if log else None
        process = subprocess.Popen(command, env=os.environ | {"SANGDAM_SECRET": SECRET.decode()}, stderr=out)
    try:
        yield process
    finally:
        process.kill()  # the killed process is the media machine of the test; its workers end with it
        process.wait()


def child_with(host: subprocess.Popen[bytes], words: str) -> int:
    """Return the process id of the media machine's worker whose command contains these words."""
    children = Path(f"/proc/{host.pid}/task/{host.pid}/children").read_text().split()
    return next(int(pid) for pid in children if words.encode() in Path(f"/proc/{pid}/cmdline").read_bytes())


def bound(port: int) -> socket.socket:
    """Bind a socket to this UDP port as soon as a dying process has freed the port. Return the socket."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    give_up = time.monotonic() + 5
    while True:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            assert time.monotonic() < give_up, "its port stays taken"
            time.sleep(0.01)
        else:
            return one


def fleet(redis: RedisServer) -> Fleet:
    return Fleet(redis.url, media_token(SECRET))


@asynccontextmanager
async def served(redis: RedisServer, folder: Path, workers: int) -> AsyncIterator[Service]:
    async with running(settings_for(folder), workers=fleet(redis)) as service:
        await until_live(service, workers)
        yield service


async def until_live(service: Service, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while sum(worker.state == "live" for worker in service.live.workers.items()) != count:
            await asyncio.sleep(0.05)


async def talking(service: Service) -> tuple[Person, Person]:
    user, counselor = await in_conversation(service, "voice")
    await user.until(lambda s: s["room"]["media"])
    await asyncio.gather(user.join_room(), counselor.join_room())
    counselor.peer.speak(620)
    user.peer.speak(440)
    await user.until(lambda s: all(p["peer"] == "live" for p in s["participants"]))
    await until_hears(user, 620)
    await until_hears(counselor, 440)
    return user, counselor


async def until_hears(person: Person, hz: int, seconds: float = PATIENCE_S) -> None:
    async with asyncio.timeout(seconds):
        while (await person.peer.listen(0.2)).tones(440, 620, 880) != {hz}:
            pass


async def in_a_new_room(user: Person, counselor: Person, epoch: int) -> None:
    async def back(person: Person, hz: int) -> None:
        await person.until(lambda s: s["room"]["epoch"] > epoch)
        await person.join_room()
        person.peer.speak(hz)

    await asyncio.gather(back(user, 440), back(counselor, 620))
    await asyncio.gather(until_hears(user, 620), until_hears(counselor, 440))


def pid_of(service: Service, room: str) -> int:
    """Return the id of the process that serves this room. This process listens on the port in the worker's announcement."""
    port = service.live.index.entries[room].room.worker.said.url.rpartition(":")[2]
    found = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=True).stdout
    return int(found.partition("pid=")[2].partition(",")[0])


async def test_room_of_a_killed_worker_moves_to_another(redis: RedisServer, tmp_path: Path) -> None:
    with media_machine(redis, 2):
        async with served(redis, tmp_path, 2) as service:
            user, counselor = await talking(service)
            epoch = user.session["room"]["epoch"]
            began = asyncio.get_running_loop().time()
            os.kill(pid_of(service, user.session_id), signal.SIGKILL)
            await in_a_new_room(user, counselor, epoch)
            assert asyncio.get_running_loop().time() - began < 4.0
            await until_live(service, 2)  # the media machine has also started another worker in place of the killed one


async def test_room_opens_in_its_users_region_or_elsewhere_if_none_is_left_there(redis: RedisServer, tmp_path: Path) -> None:
    with ExitStack() as near, media_machine(redis, 1, region="eu-west"):
        near.enter_context(media_machine(redis, 1, region="KR"))
        async with served(redis, tmp_path, 2) as service:
            user, _ = await in_conversation(service, region="kr")
            await until_opened_in(service, user.session_id, "kr")
            async with TestClient(TestServer(metrics_app(service.app))) as http, http.get("/metrics") as answer:
                told = await answer.text()
            assert {'region="kr"', 'region="eu-west"'} <= set(re.findall(r'region="[^"]*"', told))
            assert 'sangdam_rooms_opened_total{where="near"} 1.0' in told
            near.close()
            await until_opened_in(service, user.session_id, "eu-west")


async def until_opened_in(service: Service, session: str, region: str) -> None:
    entry = service.live.index.entries[session]
    async with asyncio.timeout(PATIENCE_S):
        while entry.room.opened != entry.session.epoch or entry.room.worker.region != region:
            await asyncio.sleep(0.05)


async def test_frozen_worker_does_no_harm_when_it_wakes(redis: RedisServer, tmp_path: Path) -> None:
    with media_machine(redis, 2):
        async with served(redis, tmp_path, 2) as service:
            user, counselor = await talking(service)
            epoch, pid = user.session["room"]["epoch"], pid_of(service, user.session_id)
            url = service.live.index.entries[user.session_id].room.worker.said.url
            os.kill(pid, signal.SIGSTOP)
            await in_a_new_room(user, counselor, epoch)
            os.kill(pid, signal.SIGCONT)
            async with asyncio.timeout(PATIENCE_S), WorkerClient(url, media_token(SECRET)) as former:
                while await former.rooms():  # wait until the woken worker has closed the room
                    await asyncio.sleep(0.05)
            await asyncio.gather(until_hears(user, 620), until_hears(counselor, 440))
            assert user.session["room"]["epoch"] == epoch + 1


async def test_forgotten_room_ends_and_the_call_beside_it_goes_on(
    redis: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker still has a room that belongs to no session, because the command to close the room was lost.

    One peer is still in the room.
    """
    monkeypatch.setattr(forgotten, "SWEEP_S", 0.7)
    assert 2 * SWEEP_S < 60, "within a minute"
    with media_machine(redis, 1):
        async with served(redis, tmp_path, 1) as service:
            user, counselor = await talking(service)
            epoch = user.session["room"]["epoch"]
            url = service.live.index.entries[user.session_id].room.worker.said.url
            async with WorkerClient(url, media_token(SECRET)) as worker:
                await worker.open_room("forgotten", OpenRoom(epoch=1, board=[]))
                left = await Peer.join(worker, "forgotten", "somebody")
                async with asyncio.timeout(PATIENCE_S):
                    await left.gone.wait()
                assert [room.room for room in await worker.rooms()] == [user.session_id]
            await left.close()
            await asyncio.gather(until_hears(user, 620), until_hears(counselor, 440))
            assert user.session["room"]["epoch"] == epoch


async def test_worker_host_reports_a_port_in_use_once_and_waits(redis: RedisServer, tmp_path: Path) -> None:
    first_port = free_ports(2)
    with media_machine(redis, 2, udp_port=first_port, log=tmp_path / "media.log") as host:
        async with served(redis, tmp_path, 2) as service:
            worker = child_with(host, f"--udp-port\0{first_port}\0")
            os.kill(host.pid, signal.SIGSTOP)  # a stopped media machine cannot start a new worker that binds the port first
            os.kill(worker, signal.SIGKILL)
            stranger = await asyncio.to_thread(bound, first_port)
            os.kill(host.pid, signal.SIGCONT)
            await until_live(service, 1)
            await asyncio.sleep(3)  # during this time the media machine checks the port three times
            lines = (tmp_path / "media.log").read_text().splitlines()
            said = [line for line in lines if f"UDP port {first_port} is taken" in line]
            assert len(said) == 1
            assert "--udp-port" in said[0]
            stranger.close()
            await until_live(service, 2)


async def test_ending_worker_lets_its_rooms_move_first(redis: RedisServer, tmp_path: Path) -> None:
    with media_machine(redis, 1) as first:
        async with served(redis, tmp_path, 1) as service:
            user, counselor = await talking(service)
            with media_machine(redis, 1):
                await until_live(service, 2)
                epoch, old = user.session["room"]["epoch"], user.peer
                first.terminate()
                await user.until(lambda s: s["room"]["epoch"] > epoch)
                assert (await old.listen(0.5)).tones(440, 620, 880) == {620}, "the old room sounds until the new one does"
                await in_a_new_room(user, counselor, epoch)
                assert await asyncio.to_thread(first.wait, 10) == 0
                assert await asyncio.to_thread(lambda: Redis.from_url(redis.url).scard(WORKERS_KEY)) == 1


async def test_calls_continue_while_the_server_restarts(redis: RedisServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with media_machine(redis, 1):
        async with running(settings, workers=fleet(redis)) as service:
            await until_live(service, 1)
            user, counselor = await talking(service)
            epoch, cookie, token, session = user.session["room"]["epoch"], counselor.cookie, user.token, user.session_id
            user_peer, counselor_peer = user.peer, counselor.peer
        assert (await user_peer.listen(0.4)).tones(440, 620, 880) == {620}, "nobody serves, and they talk on"
        async with running(settings, workers=fleet(redis)) as service:
            again = await service.user_tab(session, token)
            await service.staff("jimin", available=False, cookie=cookie)
            await again.until(lambda s: all(p["peer"] == "live" and p["presence"] == "here" for p in s["participants"]))
            assert again.session["room"]["epoch"] == epoch, "the room is the same"
            assert (await user_peer.listen(0.4)).tones(440, 620, 880) == {620}
            assert (await counselor_peer.listen(0.4)).tones(440, 620, 880) == {440}
            assert (await again.say("leave"))["type"] == "ok"
            url = next(iter(service.live.workers._workers.values())).said.url
            async with asyncio.timeout(PATIENCE_S), WorkerClient(url, media_token(SECRET)) as worker:
                while await worker.rooms():
                    await asyncio.sleep(0.05)


async def test_redis_outage_or_empty_restart_moves_no_room(redis: RedisServer, tmp_path: Path) -> None:
    with media_machine(redis, 2):
        async with served(redis, tmp_path, 2) as service:
            user, _ = await talking(service)
            epoch = user.session["room"]["epoch"]
            with redis.down():
                for _ in range(6):
                    assert (await user.peer.listen(0.5)).tones(440, 620, 880) == {620}
            for _ in range(4):
                assert (await user.peer.listen(0.5)).tones(440, 620, 880) == {620}
            await until_live(service, 2)
            assert user.session["room"]["epoch"] == epoch


async def test_command_without_the_secret_is_refused(redis: RedisServer, tmp_path: Path) -> None:
    with media_machine(redis, 1):
        async with served(redis, tmp_path, 1) as service:
            url = next(iter(service.live.workers._workers.values())).said.url
            for secret in ("", "guess"):
                async with WorkerClient(url, secret) as stranger:
                    with pytest.raises(WorkerRefused):
                        await stranger.health()
