"""HTTP connections with deadlines and bounds: aiohttp's own, told to `Connections`, and closed when their time is over.

aiohttp 3.14 leaves a connection open for an hour while its request's headers do not come. Bodies have a deadline where they are
read (`http/bodies.py`), and WebSockets have their own (`websocket.py`).
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from ..access.rate_limits import network_of
from ..cluster.node import TOKEN_HEADER
from .app_keys import NODE
from .connection_limits import Connections, Limits

log = structlog.get_logger(__name__)

SWEEP_S = 1.0
LOOK_S = 5.0  # between two looks at what is sent: they go over every connection
STALLED_S = 30.0  # a client that takes nothing of its answer for so long is cut off
LINGER_S = 2.0  # what still comes of a body that was refused is read and thrown away for so long
RESERVED = 64  # descriptors for records, media workers and files, besides those open at the start
WARN_ABOVE = 0.8  # of all descriptors
WARN_EVERY_S = 60.0
MOST_DESCRIPTORS = 65_536
MOST_SERVERS = 256  # of a cluster, whose addresses are remembered


class Guard:
    """What all listening addresses of a server share. `refused` counts what was closed, by reason."""

    def __init__(self, refused: Counter[str], is_trusted: Callable[[str], bool], limits: Limits | None = None) -> None:
        self.refused = refused
        self.descriptors = raise_descriptors()
        self.connections: Connections[Guarded] = Connections(limits or Limits(most=_place_for(self.descriptors)))
        self.is_trusted = is_trusted
        self._servers: OrderedDict[str, None] = OrderedDict()
        self._stalled: dict[Guarded, tuple[int, float]] = {}
        self._warned_s = -WARN_EVERY_S
        self._looked_s = 0.0

    def opened(self, connection: Guarded, address: str) -> None:
        trusted = address in self._servers or self.is_trusted(address)
        network = "" if trusted else network_of(address)
        surplus = self.connections.opened(connection, network, _now_s())
        if surplus is not None:
            self.close(surplus, "connection_limit")

    def is_server(self, connection: Guarded, address: str) -> None:
        """A server of the cluster has shown its token: it passes on what many people say."""
        self._servers[address] = None
        self._servers.move_to_end(address)
        if len(self._servers) > MOST_SERVERS:
            self._servers.popitem(last=False)
        self.connections.trust(connection)

    def close(self, connection: Guarded, reason: str) -> None:
        self.refused[reason] += 1
        self.connections.closed(connection)
        connection.abort()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = _now_s()
            for connection in self.connections.overdue(now_s):
                asked = self.connections.state_of(connection) == "asking"
                self.close(connection, "request_timeout" if asked else "idle")
            if now_s - self._looked_s >= LOOK_S:
                self._looked_s = now_s
                self._cut_stalled(now_s)
            self._look_at_descriptors(now_s)

    def _cut_stalled(self, now_s: float) -> None:
        """Those that take nothing of what waits for them."""
        stalled: dict[Guarded, tuple[int, float]] = {}
        for connection in self.connections.served():
            unsent = connection.unsent_bytes()
            if not unsent:
                continue
            before, since_s = self._stalled.get(connection, (-1, now_s))
            stalled[connection] = (unsent, since_s if before == unsent else now_s)
        self._stalled = stalled
        for connection, (_, since_s) in stalled.items():
            if now_s - since_s >= STALLED_S:
                self.close(connection, "stalled")

    def _look_at_descriptors(self, now_s: float) -> None:
        if now_s - self._warned_s < WARN_EVERY_S or len(self.connections) < WARN_ABOVE * self.connections.limits.most:
            return
        self._warned_s = now_s
        log.warning(
            "descriptors nearly used up: raise the open-files limit of this service",
            connections=len(self.connections),
            most=self.connections.limits.most,
            descriptors=self.descriptors,
        )


class Guarded(web.RequestHandler):
    """One connection."""

    __slots__ = ("_guard", "_idle", "_socket")

    def __init__(self, guard: Guard, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(server, loop=loop, access_log=None, lingering_time=LINGER_S)  # type: ignore[arg-type]  # None: no log
        self._guard = guard
        self._idle = False
        self._socket: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if isinstance(transport, asyncio.Transport):
            self._socket = transport
        peer = transport.get_extra_info("peername")
        self._guard.opened(self, peer[0] if peer else "")

    def connection_lost(self, exc: BaseException | None) -> None:
        self._guard.connections.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._idle:
            self._idle = False
            self._guard.connections.became(self, "asking", _now_s())
        super().data_received(data)

    def is_server(self, address: str) -> None:
        self._guard.is_server(self, address)

    def being_served(self) -> None:
        self._idle = False
        self._guard.connections.became(self, "served", _now_s())

    def log_access(self, request: web.BaseRequest, response: web.StreamResponse, time: float | None) -> None:
        """aiohttp calls this after each answer."""
        self._idle = True
        self._guard.connections.became(self, "idle", _now_s())
        super().log_access(request, response, time)

    def log_exception(self, *args: Any, **options: Any) -> None:
        """A stranger who breaks off or speaks no HTTP is counted. A traceback is for mistakes of ours."""
        error = options.get("exc_info")
        if isinstance(error, ConnectionError | web.RequestPayloadError):
            self._guard.refused["cut_off"] += 1
        elif isinstance(error, HttpProcessingError):
            self._guard.refused["no_http"] += 1
        else:
            super().log_exception(*args, **options)

    def unsent_bytes(self) -> int:
        return self._socket.get_write_buffer_size() if self._socket is not None else 0

    def abort(self) -> None:
        self.force_close()
        if self._socket is not None:
            self._socket.abort()


class GuardedSite(web.TCPSite):
    def __init__(self, guard: Guard, runner: web.AppRunner, host: str, port: int, backlog: int) -> None:
        super().__init__(runner, host, port, backlog=backlog, reuse_address=True)
        self._guard = guard

    async def start(self) -> None:
        await web.BaseSite.start(self)
        loop, server = asyncio.get_running_loop(), self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")

        def connection() -> Guarded:
            return Guarded(self._guard, server, loop)

        self._server = await loop.create_server(connection, self._host, self._port, backlog=self._backlog, reuse_address=True)


@web.middleware
async def marks_served(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Comes before all others: the headers of a request are complete."""
    if isinstance(request.protocol, Guarded):
        node = request.app.get(NODE)
        if node is not None and node.is_node(request.headers.get(TOKEN_HEADER, "")):
            request.protocol.is_server(request.remote or "")
        request.protocol.being_served()
    return await handler(request)


def raise_descriptors() -> int:
    """How many files and sockets this process may have open, as many as it may allow itself."""
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
