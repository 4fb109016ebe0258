"""The life of peers and rooms: peers that are replaced, fail, return or roam, outdated commands, and the end of a worker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from media.api import client, wire
from signaling.mediaworkers.embedded import START_TIMEOUT_S
from tests import PATIENCE_S
from tests.peers.conftest import ROOT, Service, eventually, start_worker
from tests.ports import free_port


async def refusal(doing: object) -> str:
    with pytest.raises(client.WorkerRefused) as refused:
        await doing
    return refused.value.reason


async def test_peer_is_connecting_then_live_then_gone(service: Service) -> None:
    user = await service.join("user")
    await service.until_state(user, "live")
    await user.close()
    await service.until_state(user, "gone")
    assert service.states(user) == ["connecting", "live", "gone"]
    numbers = [event.n for event in service.events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_newer_tab_replaces_the_older(service: Service) -> None:
    await service.everyone_hears_everyone("user", "counselor")
    counselor = await service.join("counselor")
    counselor.speak(620)
    older = await service.join("user")
    newer = await service.join("user")
    await service.until_state(older, "replaced")
    await asyncio.wait_for(older.gone.wait(), PATIENCE_S)
    assert (await newer.listen()).tones(620) == {620}
    silent = len(older.heard)
    await asyncio.sleep(0.2)
    assert len(older.heard) == silent
    state = await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
    assert {peer.peer for peer in state.peers} == {newer.name, counselor.name}


async def test_former_peer_stays_if_heard_before_the_newer_one_is_up(service: Service) -> None:
    await service.everyone_hears_everyone("user", "counselor")
    user, counselor = await service.join("user"), await service.join("counselor")
    user.speak(440)
    counselor.speak(620)
    await eventually(lambda: user.heard and counselor.heard)
    user.silenced = True
    offered = {"secure": False, "former": user.name}  # UDP is blocked, so the user's page sends WebRTC offers over the WebSocket
    newer = [await service.join("user", **offered) for _ in range(3)]
    for each in newer[:2]:
        await service.until_state(each, "replaced")
    state = await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
    assert {peer.peer for peer in state.peers} == {user.name, newer[2].name, counselor.name}
    user.silenced = False
    assert (await counselor.listen()).tones(440) == {440}
    assert (await user.listen()).tones(620) == {620}
    await service.worker.close_peer(service.room, newer[2].name, 1)
    await service.until_state(newer[2], "gone")
    assert (await counselor.listen()).tones(440) == {440}
    assert service.states(user) == ["connecting", "live"]


async def test_newer_live_peer_replaces_a_silent_one(service: Service) -> None:
    await service.matrix(
        hears={"user": {"counselor": 1.0}, "counselor": {"user": 1.0}},
        sees={"user": {0: ("counselor", "camera")}, "counselor": {0: ("user", "camera")}},
        writers=["user", "counselor"],
    )
    silent, counselor = await service.join("user"), await service.join("counselor")
    counselor.speak(620)
    counselor.show()
    await eventually(lambda: silent.pictures.get(0) and silent.documents)
    silent.silenced = True
    asked = counselor.keyframes_asked
    user = await service.join("user", former=silent.name)
    user.speak(440)
    user.show()
    await service.until_state(silent, "replaced")
    assert (await counselor.listen()).tones(440) == {440}
    assert (await user.listen()).tones(620) == {620}
    await eventually(lambda: user.pictures.get(0) and counselor.pictures.get(0) and user.documents)
    assert counselor.keyframes_asked > asked
    assert service.states(user) == ["connecting", "live"]


async def test_offer_ends_peers_that_signaling_does_not_name(service: Service) -> None:
    """The signaling server can pass on a page's WebRTC offer before it knows the newest peers of the room.

    So the worker must also end those peers of this person that the server does not name. Otherwise, these peers would remain when
    the person leaves.
    """
    first = await service.join("user")
    second = await service.join("user", former=first.name)
    await service.until_state(first, "replaced")
    third = await service.join("user", secure=False, former=first.name)
    await service.until_state(second, "replaced")
    state = await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
    assert [peer.peer for peer in state.peers] == [third.name]


async def test_newer_peer_takes_the_place_if_the_former_ends_first(service: Service) -> None:
    former = await service.join("user")
    newer = await service.join("user", secure=False, former=former.name)
    await former.close()
    await service.until_state(former, "gone")
    newest = await service.join("user")
    await service.until_state(newer, "replaced")
    await service.until_state(newest, "live")
    state = await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
    assert [peer.peer for peer in state.peers] == [newest.name]


async def test_silent_peer_fails_and_a_packet_revives_it(service: Service) -> None:
    user = await service.join("user")
    await service.until_state(user, "live")
    user.silenced = True
    await service.until_state(user, "lost", 6.0)
    user.silenced = False
    await service.until_state(user, "live")


async def test_media_follows_a_client_that_changes_networks(service: Service) -> None:
    await service.everyone_hears_everyone("user", "counselor")
    user, counselor = await service.join("user"), await service.join("counselor")
    counselor.speak(620)
    await eventually(lambda: user.heard)
    user.socket.close()
    await user.open_socket("127.0.0.2")
    heard = len(user.heard)
    began = time.perf_counter()
    await eventually(lambda: len(user.heard) > heard + 5, 4)
    assert time.perf_counter() - began < 2.5
    assert (await user.listen()).tones(620) == {620}


async def test_closing_a_peer_or_room_ends_it_at_once(service: Service) -> None:
    user, counselor = await service.join("user"), await service.join("counselor")
    await service.worker.close_peer(service.room, user.name, 1)
    await asyncio.wait_for(user.gone.wait(), PATIENCE_S)
    assert await refusal(service.worker.close_peer(service.room, user.name, 1)) == "no_peer"
    await service.worker.close_room(service.room, 1)
    await asyncio.wait_for(counselor.gone.wait(), PATIENCE_S)
    assert await refusal(service.matrix()) == "no_room"


async def test_older_epoch_is_refused(service: Service) -> None:
    user = await service.join("user")
    worker, room = service.worker, service.room
    await worker.open_room(room, wire.OpenRoom(epoch=5))
    await asyncio.wait_for(user.gone.wait(), PATIENCE_S)  # a higher epoch restarts the room, which ends its peers
    for stale in (
        worker.open_room(room, wire.OpenRoom(epoch=4)),
        worker.set_matrix(room, wire.SetMatrix(epoch=4)),
        worker.admit(room, wire.AdmitPeer(epoch=4, peer="p", participant="user", sdp="")),
        worker.board_in(room, wire.BoardIn(epoch=4, participant="user", data=b"")),
        worker.close_peer(room, "p", 4),
        worker.close_room(room, 4),
    ):
        assert await refusal(stale) == "stale_epoch"
    await worker.close_room(room, 5)
    assert await refusal(worker.open_room(room, wire.OpenRoom(epoch=4))) == "stale_epoch", "nor after it was closed"
    assert (await worker.open_room(room, wire.OpenRoom(epoch=5))).epoch == 5
    await worker.close_room(room, 5)


async def test_opening_a_room_twice_changes_nothing(service: Service) -> None:
    user = await service.join("user")
    state = await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
    assert [(peer.peer, peer.state) for peer in state.peers] == [(user.name, "live")]


async def test_subscriber_gets_rooms_and_four_heartbeats_a_second(service: Service) -> None:
    user = await service.join("user")
    beats = []
    snapshot = None
    async with asyncio.timeout(PATIENCE_S):
        async with contextlib.aclosing(service.worker.events()) as events:
            async for event in events:
                if isinstance(event, wire.Snapshot):
                    snapshot = event
                if isinstance(event, wire.Heartbeat):
                    beats.append(time.perf_counter())
                if len(beats) == 5:
                    break
    assert snapshot is not None
    rooms = {room.room: room.peers for room in snapshot.rooms}
    assert [(peer.peer, peer.state) for peer in rooms[service.room]] == [(user.name, "live")]
    assert 0.7 < beats[-1] - beats[0] < 1.5


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x93\x01\x02\x03", b"\xff" * 1000])
@pytest.mark.parametrize(("method", "path"), [("PUT", "/rooms/x"), ("POST", "/rooms/x/peers"), ("PUT", "/rooms/x/matrix")])
async def test_bad_commands_are_refused(worker_socket: Path, method: str, path: str, body: bytes) -> None:
    connector = aiohttp.UnixConnector(path=str(worker_socket))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, "http://worker" + path, data=body) as response,
    ):
        assert response.status == 400
        assert b"Traceback" not in await response.read()


async def test_interrupt_closes_everything_within_two_seconds(tmp_path: Path) -> None:
    path = tmp_path / "worker.sock"
    process = start_worker(path)
    service = Service(client.WorkerClient(str(path)))
    await service.worker.open_room(service.room, wire.OpenRoom(epoch=1))
    users = [await service.join(f"p{number}") for number in range(3)]
    began = time.perf_counter()
    process.send_signal(signal.SIGINT)
    assert await asyncio.to_thread(process.wait, 5) == 0
    assert time.perf_counter() - began < 2
    await asyncio.gather(*(asyncio.wait_for(user.gone.wait(), PATIENCE_S) for user in users))
    assert not path.exists()
    with pytest.raises(client.WorkerUnreachable):
        await service.worker.health()
    await service.close()


def test_worker_dies_with_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "worker.sock"
    program = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-m', 'media', '--socket', {str(path)!r}, '--address', '127.0.0.1',"
        " '--parent', str(os.getpid())])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    deadline = time.monotonic() + 10
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline and alive(child):
        time.sleep(0.05)
    assert not alive(child)


def alive(pid: int) -> bool:
    """Return whether the process is alive. A zombie counts as dead, because its parent can reap it late."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_worker_over_tcp_needs_its_secret() -> None:
    port = free_port()
    environment = {**os.environ, "SANGDAM_TEST_SECRET": "s3cret"}
    command = [sys.executable, "-m", "media", "--listen", f"127.0.0.1:{port}", "--address", "127.0.0.1"]
    refused = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True)
    assert refused.returncode == 2
    command += ["--secret-env", "SANGDAM_TEST_SECRET"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    try:
        base = f"http://127.0.0.1:{port}"
        async with client.WorkerClient(base, "s3cret") as friend, client.WorkerClient(base, "guess") as stranger:
            await reachable(friend)
            assert await refusal(stranger.open_room("r", wire.OpenRoom(epoch=1))) == "bad_request"
            assert (await friend.open_room("r", wire.OpenRoom(epoch=1))).room == "r"
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 0


async def reachable(worker: client.WorkerClient) -> None:
    async with asyncio.timeout(START_TIMEOUT_S):
        while True:
            with contextlib.suppress(client.WorkerUnreachable):
                return await worker.health()
            await asyncio.sleep(0.05)
