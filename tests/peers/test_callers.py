"""Two simulated callers (`loadtest.peer`) in a relayed room of a worker in this process.

They hear each other, and measure the delay of the sound.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import cache
from itertools import count
from types import coroutine
from typing import Any

import pytest

from loadtest import voice
from loadtest.peer import Choir, NotConnected, Peer
from media.api import wire
from media.worker.worker import Where, Worker
from tests import PATIENCE_S

WAIT_S = PATIENCE_S


@cache
def speech() -> voice.Voice:
    return voice.encoded(voice.made())


async def test_two_peers_hear_each_other_and_identify_each_packet() -> None:
    worker = Worker("w", Where(["127.0.0.1"]))
    await worker.open()
    async with Choir(speech()) as choir:
        worker.open_room("r", wire.OpenRoom(epoch=1))
        peers = {name: Peer(choir) for name in ("user", "counselor")}
        peers["user"].other, peers["counselor"].other = peers["counselor"], peers["user"]
        hears = {"user": {"counselor": 1.0}, "counselor": {"user": 1.0}}
        worker.room("r", 1).set_matrix(wire.SetMatrix(epoch=1, hears=hears))
        for name, peer in peers.items():
            admitted = worker.admit("r", wire.AdmitPeer(epoch=1, peer=name, participant=name, sdp=peer.offer()))
            await peer.connect(admitted.sdp)
        async with asyncio.timeout(WAIT_S):
            await asyncio.gather(*(peer.hears.wait() for peer in peers.values()))
            while min(peer.figures().packets for peer in peers.values()) < 20:
                await asyncio.sleep(0.02)
        for peer in peers.values():
            found = peer.figures()
            assert found.network_ms is not None
            assert found.network_ms >= 0
            assert found.mos is not None
            await peer.close()
    await worker.close()


async def test_caller_without_an_answer_reports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtest.peer.CONNECT_S", 0.3)
    worker = Worker("w", Where(["127.0.0.1"]))
    await worker.open()
    worker.open_room("r", wire.OpenRoom(epoch=1))
    async with Choir(speech()) as choir:
        peer = Peer(choir)
        admitted = worker.admit("r", wire.AdmitPeer(epoch=1, peer="a", participant="a", sdp=peer.offer()))
        await worker.close()
        with pytest.raises(NotConnected, match="no_udp"):
            await peer.connect(admitted.sdp)
        await peer.close()


@coroutine
def interrupted(work: Coroutine[Any, Any, None], turn: int, interrupt: Callable[[Any], None]) -> Generator[Any, Any, None]:
    """Run `work`. Call `interrupt` at the moment when the `turn`-th result that `work` awaits has arrived."""
    thrown = None
    for number in count(1):
        try:
            awaited = work.send(None) if thrown is None else work.throw(thrown)
        except StopIteration:
            return
        if number == turn:
            awaited.add_done_callback(interrupt)
        try:
            yield awaited
            thrown = None
        except BaseException as error:
            thrown = error


async def test_call_ends_when_cancelled_at_any_wait() -> None:
    """A call can be cancelled in the very moment in which the result that it awaits arrives."""
    worker = Worker("w", Where(["127.0.0.1"]))
    await worker.open()
    worker.open_room("r", wire.OpenRoom(epoch=1))
    async with Choir(speech()) as choir:
        connected = asyncio.get_running_loop().create_future()

        async def call(name: str) -> None:
            peer = Peer(choir)
            try:
                admitted = worker.admit("r", wire.AdmitPeer(epoch=1, peer=name, participant=name, sdp=peer.offer()))
                await peer.connect(admitted.sdp)
                connected.set_result(None)
                await asyncio.Event().wait()
            finally:
                await peer.close()

        async def told_to_leave(turn: int) -> bool:
            """Cancel a call at its `turn`-th `await`. Return False if the call awaits less often. A cancelled call must end."""
            told = False

            def tell(_: object) -> None:
                nonlocal told
                told = task.cancel()

            async def interrupted_call() -> None:
                await interrupted(call(f"p{turn}"), turn, tell)

            task = asyncio.create_task(interrupted_call())
            await asyncio.wait({task, connected}, timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
            assert task.cancelled() == told, f"told to leave at its {turn}. wait, it went on"
            task.cancel()
            await asyncio.wait({task}, timeout=WAIT_S)
            assert task.cancelled()
            return told

        turn = 1
        while await told_to_leave(turn):
            turn += 1
        assert connected.done()
    await worker.close()
