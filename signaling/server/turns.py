"""Spread bursts of connections and uploads over several turns of the event loop, so that no chat line waits for a whole burst.

When a load balancer dies, thousands of connections break at the same moment, and thousands of new connections arrive. Without
this module, the event loop would handle them all in one turn, which would take seconds. A hundred uploads at full speed would
read 25 MB in each turn.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)

# in one turn of the event loop, each listening socket accepts at most this many connections; accepting one takes about 1 ms
ACCEPTED_A_TURN: Final = 4
LOST_A_TURN: Final = 8  # at most this many closed connections are handled in one turn of the event loop
# In one turn of the event loop, at most this many connections start to read again after a full buffer. Each of them then reads up
# to 256 KiB (the size of uvloop's buffer). So all together read about 1 MiB, which takes 1 to 3 ms.
RESUMED_A_TURN: Final = 4
PAUSE_S: Final = 1.0  # seconds for which a socket accepts no connection after the system had no file descriptor or memory left
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Turns:
    """Calls functions in the order in which they were added: at most `most` functions in one iteration of the event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: deque[Callable[[], None]] = deque()
        self._scheduled = False

    def add(self, call: Callable[[], None]) -> None:
        """Call this function in one of the next turns of the event loop, after the functions that were added earlier."""
        self._waiting.append(call)
        self._schedule()

    def _schedule(self) -> None:
        if self._waiting and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._take)

    def _take(self) -> None:
        self._scheduled = False
        for _ in range(min(self._most, len(self._waiting))):
            call = self._waiting.popleft()
            try:
                call()
            except Exception:
                log.exception("connection not handled")
        self._schedule()


class Listener:
    """Listening sockets.

    In each turn of the event loop, they accept a few new connections; further connections wait in the kernel.
    """

    def __init__(self, sockets: list[socket.socket], connection: Callable[[], asyncio.Protocol]) -> None:
        """Start to accept. `connection` makes the protocol of a new connection."""
        self.sockets = sockets
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._paused: dict[socket.socket, asyncio.TimerHandle] = {}
        for each in sockets:
            self._loop.add_reader(each, self._accept, each)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTED_A_TURN):
            try:
                opened, _ = listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._pause(listening, error)
                    return
                # accept(2) reports that the client has closed the waiting connection, or that the connection has failed
                continue
            opened.setblocking(False)
            task = self._loop.create_task(self._open(opened))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, opened: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._connection, opened)
        except OSError:
            opened.close()  # the client has closed the accepted connection already

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        log.warning("no connection can be accepted", error=errno.errorcode.get(error.errno or 0, ""))
        self._loop.remove_reader(listening)
        self._paused[listening] = self._loop.call_later(PAUSE_S, self._go_on, listening)

    def _go_on(self, listening: socket.socket) -> None:
        del self._paused[listening]
        self._loop.add_reader(listening, self._accept, listening)

    def close(self) -> None:
        """Stop accepting connections, and close the listening sockets."""
        for each in self.sockets:
            if timer := self._paused.pop(each, None):
                timer.cancel()
            self._loop.remove_reader(each)
            each.close()
        self.sockets = []


async def listening_sockets(host: str, port: int, backlog: int) -> list[socket.socket]:
    """Return a listening socket for each address of `host`.

    Raises OSError when an address is taken, or when this computer does not have it.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            made = socket.socket(family, kind, protocol)
            sockets.append(made)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.setblocking(False)
            made.bind(address)
            made.listen(backlog)
    except OSError as error:
        for each in sockets:
            each.close()
        raise OSError(error.errno, f"error while attempting to bind on address {host} port {port}: {error.strerror}") from None
    return sockets
