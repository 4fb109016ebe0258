"""When many connections come at once, the server accepts them in several turns of the event loop, and forgets none."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest
from structlog.testing import capture_logs

from signaling.server import turns
from signaling.server.turns import ACCEPTED_A_TURN, LOST_A_TURN, Listener, Turns, listening_sockets
from tests import PATIENCE_S

CLIENTS = 40


class Counting(asyncio.Protocol):
    made = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Counting.made += 1
        self.transport = transport


class Exhausted(socket.socket):
    """A listening socket. While `left` is false, `accept` fails as if the process had used up its file descriptors."""

    left = False

    def accept(self) -> tuple[socket.socket, object]:
        if not self.left:
            raise OSError(errno.EMFILE, "too many open files")
        return super().accept()


@pytest.fixture(autouse=True)
def _count() -> None:
    Counting.made = 0


async def until_made(count: int) -> list[int]:
    """Wait until this many connections have been made. Return how many connections were made in each turn of the event loop."""
    found, before = [], Counting.made
    async with asyncio.timeout(PATIENCE_S):
        while Counting.made < count:
            await asyncio.sleep(0)
            found.append(Counting.made - before)
            before = Counting.made
    return found


async def test_others_run_between_the_parts_of_a_burst() -> None:
    done, seen = [], []
    burst = Turns(LOST_A_TURN)
    for number in range(3 * LOST_A_TURN + 1):
        burst.add(lambda n=number: done.append(n))
    while len(done) <= 3 * LOST_A_TURN:
        await asyncio.sleep(0)
        seen.append(len(done))
    assert done == list(range(3 * LOST_A_TURN + 1)), "all, in order"
    assert max(after - before for before, after in zip([0, *seen], seen, strict=False)) <= LOST_A_TURN


async def test_calls_that_a_call_adds_are_spread_too() -> None:
    done: list[int] = []
    burst = Turns(1)
    burst.add(lambda: [burst.add(lambda n=number: done.append(n)) for number in range(6)] and None)
    for turn in range(1, 8):
        await asyncio.sleep(0)
        assert len(done) <= turn
    assert done == list(range(6))


async def test_call_that_fails_stops_no_other_call() -> None:
    done: list[str] = []
    burst = Turns(2)
    burst.add(lambda: done.append(str(1 / 0)))
    burst.add(lambda: done.append("second"))
    with capture_logs() as logs:
        await asyncio.sleep(0)
    assert done == ["second"]
    assert [each["event"] for each in logs] == ["connection not handled"]


async def test_many_connections_are_accepted_a_few_in_a_turn() -> None:
    [listening] = await listening_sockets("127.0.0.1", 0, 128)
    listener = Listener([listening], Counting)
    clients = [socket.create_connection(listening.getsockname()) for _ in range(CLIENTS)]
    assert max(await until_made(CLIENTS)) <= 2 * ACCEPTED_A_TURN
    listener.close()
    for client in clients:
        client.close()


async def test_listener_goes_on_when_descriptors_are_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PAUSE_S", 0.02)
    listening = Exhausted()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    listening.setblocking(False)
    listener = Listener([listening], Counting)
    client = socket.create_connection(listening.getsockname())
    with capture_logs() as logs:
        await asyncio.sleep(0.01)
    assert [each["error"] for each in logs] == ["EMFILE"], "it does not try again at once, for ever"
    listening.left = True
    await until_made(1)
    listener.close()
    client.close()


async def test_address_that_is_taken_is_named() -> None:
    [taken] = await listening_sockets("127.0.0.1", 0, 1)
    host, port = taken.getsockname()
    with pytest.raises(OSError, match=f"{host} port {port}"):
        await listening_sockets(host, port, 1)
    taken.close()
