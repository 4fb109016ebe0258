"""The server disconnects a client that sends requests and never reads the replies. Nobody else notices."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp

from tests.cluster import Cluster
from tests.faults.callers import Caller
from tests.faults.figures import Figure, figure
from tests.faults.stage import Stage, leading, on_cluster, stage, until

RUNS = 3
LONG_LINES, LONG = 60, "가" * 3000
REQUESTS = 300
CLOSED_WITHIN_S = 40.0
NARROW_BYTES = 8192


def _narrow(info: Any) -> socket.socket:
    made = socket.socket(info[0], info[1])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
    return made


async def _one(here: Stage, door: str) -> tuple[float, float]:
    """Let a user's client send requests without reading the replies. Return two durations in s.

    The first is how long it takes until the server disconnects this client. The second is the longest time for
    which anybody else waited for an answer to a ping.
    """
    counselor = await here.counselor()
    counselor.watched = True
    _, token = await here.door().user_session("text")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=_narrow)) as http:
        deaf = await http.ws_connect(door + "/ws", headers={"Origin": here.settings.url}, autoclose=False, autoping=False)

        async def say(**message: Any) -> None:
            await deaf.send_str(json.dumps(message))

        await say(type="hello", tab=secrets.token_hex(4), token=token)
        session = json.loads((await _message(deaf, "session")).data)["session"]["id"]
        await say(type="enter", id=1, session=session)
        await until(lambda: counselor.session.get("state") == "active", 20.0, "the call begins")
        for number in range(LONG_LINES):
            await counselor.write(f"{number} {LONG}")
            await asyncio.sleep(0.02)
        assert not await counselor.delivered()
        await here.forget()
        began = asyncio.get_running_loop().time()
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(5):
                for number in range(REQUESTS):
                    await say(type="lines", id=10 + number, session=session, after=0)
        await until(_gone(counselor), CLOSED_WITHIN_S, "it is closed")
        closed = asyncio.get_running_loop().time()
        waits = [person.served_gap(began, closed) for person in here.people if person.watched]
    await counselor.close()
    here.people.remove(counselor)
    return closed - began, max(waits)


def _gone(counselor: Caller) -> Callable[[], bool]:
    return lambda: any(p["role"] == "user" and p["presence"] != "here" for p in counselor.session["participants"])


async def _message(ws: aiohttp.ClientWebSocketResponse, kind: str) -> aiohttp.WSMessage:
    while True:
        frame = await ws.receive(timeout=10)
        if json.loads(frame.data)["type"] == kind:
            return frame


async def never_reads(cluster: Cluster) -> list[Figure]:
    closed, waits, gaps = [], [], []
    async with stage(cluster, calls=2) as here:
        for person in here.people:
            person.watched = True
        leader = await leading(cluster)
        for number in range(2 * RUNS):
            server = leader if number % 2 else next(each for each in cluster.servers if each is not leader)
            began = asyncio.get_running_loop().time()
            took, waited = await _one(here, f"http://127.0.0.1:{server.port}")
            closed.append(took)
            waits.append(waited)
            gaps += [call.gap(began, asyncio.get_running_loop().time()) for call in here.calls]
    return [
        figure("slow_client_closed_after_s", "s", closed),
        figure("slow_client_others_wait_s", "s", waits),
        figure("slow_client_others_audio_gap_s", "s", gaps),
    ]


def rows() -> list[Figure]:
    return on_cluster(never_reads)
