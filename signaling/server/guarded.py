"""HTTP connections with deadlines and limits. A `Guarded` connection tells `Connections` when a request begins, and when it ends.

Without a deadline, aiohttp 3.14 leaves a connection with incomplete headers open for an hour. `http/bodies.py` sets the
deadlines of requests' bodies, and `websocket.py` those of WebSockets.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import sys
import termios
from array import array
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from ..access.rate_limits import network_of
from ..cluster.node import TOKEN_HEADER
from .app_keys import NODE
from .connection_limits import Connections, Limits
from .turns import LOST_A_TURN, RESUMED_A_TURN, Listener, Turns, listening_sockets

log = structlog.get_logger(__name__)

SWEEP_S = 1.0  # seconds between two checks of all connections' deadlines
LOOK_S = 5.0  # seconds between two checks for stalled connections; each check looks at every connection
STALLED_S = 30.0  # seconds after which a client that reads nothing of its response is cut off
LINGER_S = 2.0  # after a refusal, the server reads and discards the rest of the body for at most this many seconds
# If more than twice this many bytes of a request's body wait to be used, the connection stops reading (`Guarded.pause_reading`).
BUFFERED = 64 * 1024
# number of file descriptors kept for the database, media workers and files, in addition to those that are open at the start
RESERVED = 64
WARN_ABOVE = 0.8  # share of the connection limit above which a warning is logged
WARN_EVERY_S = 60.0  # at least this many seconds between two warnings about many connections
MOST_DESCRIPTORS = 65_536  # this process asks the system for at most this many open files
MOST_SERVERS = 256  # at most this many addresses of the cluster's servers are remembered


class Guard:
    """The connections of all listening addresses of a server.

    `refused`: reason → number of connections that were cut because they broke a limit or the protocol.
    """

    def __init__(self, refused: Counter[str], is_trusted: Callable[[str], bool], limits: Limits | None = None) -> None:
        self.refused = refused
        self.descriptors = raise_descriptors()
        self.connections: Connections[Guarded] = Connections(limits or Limits(most=_place_for(self.descriptors)))
        self.is_trusted = is_trusted
        self._servers: OrderedDict[str, None] = OrderedDict()
        self._stalled: dict[Guarded, tuple[int, float]] = {}
        self._warned_s = -WARN_EVERY_S
        self._looked_s = 0.0
        self.lost, self.resumed = Turns(LOST_A_TURN), Turns(RESUMED_A_TURN)

    def opened(self, connection: Guarded, address: str) -> None:
        """Register a connection. If there are too many connections now, close this connection or an older one."""
        trusted = address in self._servers or self.is_trusted(address)
        network = "" if trusted else network_of(address)
        surplus = self.connections.opened(connection, network, _now_s())
        if surplus is not None:
            self.close(surplus, "connection_limit")

    def is_server(self, connection: Guarded, address: str) -> None:
        """Exempt the connections of a server of the cluster from the limits per address, and let them be idle for longer.

        The server has shown the cluster's token, and forwards the requests of many clients.
        """
        self._servers[address] = None
        self._servers.move_to_end(address)
        if len(self._servers) > MOST_SERVERS:
            self._servers.popitem(last=False)
        self.connections.trust(connection)

    def close(self, connection: Guarded, reason: str) -> None:
        """Cut a connection, and count it in `refused` under `reason`."""
        self.refused[reason] += 1
        self.connections.closed(connection)
        connection.abort()

    async def watch(self) -> None:
        """Close connections whose deadline has passed. Runs until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = _now_s()
            for connection in self.connections.overdue(now_s):
                if self.connections.state_of(connection) == "asking":
                    self.close(connection, "request_timeout")
                elif not connection.unsent_bytes():  # with unsent bytes, a response is still being sent (see `_cut_stalled`)
                    self.close(connection, "idle")
            if now_s - self._looked_s >= LOOK_S:
                self._looked_s = now_s
                self._cut_stalled(now_s)
            self._look_at_descriptors(now_s)

    def _cut_stalled(self, now_s: float) -> None:
        """Cut connections whose clients have read none of their buffered data for `STALLED_S` seconds."""
        stalled: dict[Guarded, tuple[int, float]] = {}
        for connection in self.connections.answered():
            if not connection.unsent_bytes():
                continue
            left = connection.unread_bytes()
            before, since_s = self._stalled.get(connection, (-1, now_s))
            stalled[connection] = (left, since_s if before == left else now_s)
        self._stalled = stalled
        for connection, (_, since_s) in stalled.items():
            if now_s - since_s >= STALLED_S:
                self.close(connection, "stalled")

    def _look_at_descriptors(self, now_s: float) -> None:
        if now_s - self._warned_s < WARN_EVERY_S or len(self.connections) < WARN_ABOVE * self.connections.limits.most:
            return
        self._warned_s = now_s
        log.warning(
            "file descriptors nearly used up: raise the open-files limit of this service",
            connections=len(self.connections),
            most=self.connections.limits.most,
            descriptors=self.descriptors,
        )


class Guarded(web.RequestHandler):
    """One HTTP connection, which reports its state to its guard."""

    __slots__ = ("_guard", "_held", "_idle", "_resuming", "_socket")

    def __init__(self, guard: Guard, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None turns aiohttp's access log off
            lingering_time=LINGER_S,
            read_bufsize=BUFFERED,
        )
        self._guard = guard
        self._idle = False
        self._held = False  # True: this connection reads nothing, because its buffer was full
        # None: this connection does not wait in the queue of connections that will read again. Otherwise: the value to pass as
        # `resume_parser` to `resume_reading` when this connection's turn has come.
        self._resuming: bool | None = None
        self._socket: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register this new connection at the guard."""
        super().connection_made(transport)
        self._socket = cast(asyncio.Transport, transport)  # uvloop's transports are no subclasses of asyncio's
        peer = transport.get_extra_info("peername")
        self._guard.opened(self, peer[0] if peer else "")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell the guard that this connection is closed. Queue aiohttp's work for a closed connection (`turns.py`)."""
        self._guard.connections.closed(self)
        self._guard.lost.add(partial(super().connection_lost, exc))

    def data_received(self, data: bytes) -> None:
        """Mark an idle connection as "asking": a new request begins to arrive, and its headers are not complete yet."""
        if self._idle:
            self._idle = False
            self._guard.connections.became(self, "asking", _now_s())
        super().data_received(data)

    def pause_reading(self) -> None:
        """Read nothing more until `resume_reading`, because the buffer of this connection is full."""
        self._held = True
        super().pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Read again, in one of the next turns of the event loop.

        If every connection read again at once, a hundred large uploads would read in the same turn, and all other requests would
        wait for them.
        """
        if not self._held:
            super().resume_reading(resume_parser)
            return
        if self._resuming is None:
            self._guard.resumed.add(self._resume)
        self._resuming = self._resuming or resume_parser

    def _resume(self) -> None:
        resume_parser, self._held, self._resuming = bool(self._resuming), False, None
        if self._socket is not None and not self._socket.is_closing():
            super().resume_reading(resume_parser)

    def is_server(self, address: str) -> None:
        """Exempt this connection from the limits per address, because the client is a server of the cluster."""
        self._guard.is_server(self, address)

    def being_served(self) -> None:
        """Mark the connection as being served."""
        self._idle = False
        self._guard.connections.became(self, "served", _now_s())

    def log_access(self, request: web.BaseRequest, response: web.StreamResponse, time: float | None) -> None:
        """Mark this connection as idle. aiohttp calls this method after each response."""
        self._idle = True
        self._guard.connections.became(self, "idle", _now_s())
        super().log_access(request, response, time)

    def log_exception(self, *args: Any, **options: Any) -> None:
        """Count the error if the client broke off or does not speak HTTP.

        Any other error is a fault of this server: log it with a traceback.
        """
        error = options.get("exc_info")
        if isinstance(error, ConnectionError | web.RequestPayloadError):
            self._guard.refused["cut_off"] += 1
        elif isinstance(error, HttpProcessingError):
            self._guard.refused["no_http"] += 1
        else:
            super().log_exception(*args, **options)

    def unsent_bytes(self) -> int:
        """Return how many bytes are buffered for the client. Return 0 when there is no socket."""
        return self._socket.get_write_buffer_size() if self._socket is not None else 0

    def unread_bytes(self) -> int:
        """Return how many bytes the client has not received yet: those in this buffer and, on Linux, in the socket's send buffer.

        On a slow connection, a minute can pass before a full send buffer has room for more bytes of this buffer.
        """
        in_socket = array("i", [0])
        if self._socket is not None and sys.platform == "linux":
            with suppress(OSError, ValueError, AttributeError):  # the socket is closed
                fcntl.ioctl(self._socket.get_extra_info("socket").fileno(), termios.TIOCOUTQ, in_socket)
        return self.unsent_bytes() + in_socket[0]

    def abort(self) -> None:
        """Cut this connection at once, without sending what is buffered."""
        self.force_close()
        if self._socket is not None:
            self._socket.abort()


class GuardedSite(web.TCPSite):
    """A listening address whose connections are guarded."""

    def __init__(self, guard: Guard, runner: web.AppRunner, host: str, port: int, backlog: int) -> None:
        super().__init__(runner, host, port, backlog=backlog, reuse_address=True)
        self._guard = guard

    async def start(self) -> None:
        """Start to listen at this address. Raises OSError when the address is taken, or when this computer does not have it."""
        await web.BaseSite.start(self)
        loop, server = asyncio.get_running_loop(), self._runner.server
        if server is None or self._host is None:
            raise RuntimeError("the runner is not set up, or the site has no address")

        def connection() -> Guarded:
            return Guarded(self._guard, server, loop)

        listener = Listener(await listening_sockets(self._host, self._port, self._backlog), connection)
        self._server = cast(asyncio.AbstractServer, listener)  # aiohttp uses only `close` and `sockets` of this object


@web.middleware
async def marks_served(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Mark a request's connection as being served, and as a connection of another server if the request has the cluster's token.

    Only the middleware `measured` runs before this middleware. So this middleware runs as soon as a request's headers are
    complete.
    """
    if isinstance(request.protocol, Guarded):
        node = request.app.get(NODE)
        if node is not None and node.is_node(request.headers.get(TOKEN_HEADER, "")):
            request.protocol.is_server(request.remote or "")
        request.protocol.being_served()
    return await handler(request)


def raise_descriptors() -> int:
    """Raise this process's limit of open files as far as the system allows, up to `MOST_DESCRIPTORS`. Return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return soft if soft != resource.RLIM_INFINITY else MOST_DESCRIPTORS


def _place_for(descriptors: int) -> int:
    return max(16, descriptors - _open_now() - RESERVED)


def _open_now() -> int:
    folder = Path("/dev/fd")
    return len(os.listdir(folder)) if folder.exists() else RESERVED


def _now_s() -> float:
    return asyncio.get_running_loop().time()
