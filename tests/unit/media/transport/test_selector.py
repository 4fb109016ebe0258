"""While a worker's event loop waits for events, it forwards offloaded voices. Timers, threads and other sockets still run."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

from media.transport.selector import new_event_loop
from tests import PATIENCE_S
from tests.unit.media.peer.test_lent import PAYLOAD_TYPE, Packet, Twins, pytestmark  # noqa: F401  # skips without a C compiler


class Scene:
    """A sending client, a worker's socket in an event loop with the fast path, and two listening clients.

    Python handles the client's first packet, and then offloads the voice.
    """

    def __init__(self, twins: Twins) -> None:
        self.twins = twins
        self.by_python: list[tuple[str, bytes]] = []
        self.client, self.ours = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for each in (self.client, self.ours):
            each.bind(("127.0.0.1", 0))
        self.ours.setblocking(False)
        twins.fastpath.use([self.ours.fileno()])
        self.loop = new_event_loop(twins.fastpath)
        self.loop.add_reader(self.ours.fileno(), self._read)
        self.sequence = 0

    def _read(self) -> None:
        for kind, data, path, _ in self.twins.fastpath.receive(0, time.monotonic()):
            self.by_python.append((kind, data))
            if kind == "rtp":
                fast, now = self.twins.fast, time.monotonic()
                fast.take(self.twins.ours.unprotect(data), now)
                assert fast.lent is not None
                fast.lent.recall()
                fast.lent.lend(fast.incoming, path, PAYLOAD_TYPE, fast.voice, [ear.lent for ear in fast.ears if ear.lent])

    def say(self) -> None:
        self.sequence += 1
        self.send(self.twins.client.protect(Packet(self.sequence, 960 * self.sequence).plain()))

    def send(self, data: bytes) -> None:
        self.client.sendto(data, self.ours.getsockname())

    async def until_lent(self) -> None:
        self.say()
        while not self.by_python:
            await asyncio.sleep(0.001)

    def run(self, story: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(asyncio.wait_for(story, PATIENCE_S))

    def close(self) -> None:
        self.loop.close()
        self.client.close()
        self.ours.close()


@pytest.fixture
def scene(twins: Twins) -> Iterator[Scene]:
    scene = Scene(twins)
    yield scene
    scene.close()


@pytest.fixture
def twins() -> Iterator[Twins]:
    twins = Twins()
    yield twins
    twins.close()


def test_offloaded_voice_passes_while_the_loop_waits(scene: Scene) -> None:
    async def story() -> None:
        await scene.until_lent()

        def talk() -> None:
            for _ in range(40):
                scene.say()
                time.sleep(0.001)

        await asyncio.get_running_loop().run_in_executor(None, talk)

    scene.run(story())
    for ear in scene.twins.fast.ears:
        assert len(ear.heard()) == 41
    assert len(scene.by_python) == 1, "the first packet alone woke Python"


def test_endless_stream_does_not_starve_timers_sockets_or_threads(scene: Scene) -> None:
    reader, writer = os.pipe()
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            scene.say()

    async def story() -> None:
        loop = asyncio.get_running_loop()
        await scene.until_lent()
        flooding = loop.run_in_executor(None, flood)
        try:
            for _ in range(3):
                await asyncio.sleep(0.01)
                told = asyncio.Event()
                loop.add_reader(reader, told.set)
                os.write(writer, b"x")
                await told.wait()
                assert os.read(reader, 1) == b"x"
                assert await loop.run_in_executor(None, lambda: 7) == 7
        finally:
            stop.set()
            await flooding

    try:
        scene.run(story())
    finally:
        stop.set()
        os.close(reader)
        os.close(writer)
    assert scene.sequence > 3


def test_other_packets_reach_the_reader_of_their_socket(scene: Scene) -> None:
    async def story() -> None:
        await scene.until_lent()
        scene.by_python.clear()
        check = b"\0\1" + bytes(18)
        scene.say()
        scene.send(check)
        scene.say()
        scene.send(b"\x80\xc8" + bytes(40))
        while len(scene.by_python) < 2:
            await asyncio.sleep(0.001)
        assert scene.by_python == [("stun", check), ("rtcp", b"\x80\xc8" + bytes(40))]

    scene.run(story())
    assert all(len(ear.heard()) == 3 for ear in scene.twins.fast.ears)


def test_event_loop_runs_on_after_the_fast_path_ends() -> None:
    twins = Twins()
    loop = new_event_loop(twins.fastpath)
    twins.close()
    ours, client = socket.socketpair()
    ours.setblocking(False)
    client.send(b"hello")
    assert loop.run_until_complete(loop.sock_recv(ours, 10)) == b"hello"
    loop.close()
    ours.close()
    client.close()
