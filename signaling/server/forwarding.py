"""Forwarding: a server that is not the leader forwards HTTP requests and WebSockets to the leader."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import unquote

import aiohttp
import structlog
from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from signaling.cluster.lease import Leader
from signaling.cluster.node import ADDRESS_HEADER, LEADING_PATH, TOKEN_HEADER, Node
from signaling.protocol.server_messages import Bye, encode
from signaling.server.garbage_collector import let_go
from signaling.server.http.bodies import LEAST_BYTES_A_SECOND, address_of
from signaling.server.http.errors import refusal

log = structlog.get_logger(__name__)

LEADER_WITHIN_S = 5.0  # while the cluster has no leader, a request waits at most this many seconds for a leader
# The leader's response must begin within this many seconds, and each further part of the response must follow within this many
# seconds. After a large request, the response may begin later.
REQUEST_S = 30.0
CONNECT_S = 2.0  # seconds in which the leader must accept a connection
COME_BACK_MS = 50  # clients that are asked to reconnect do so after this many milliseconds
PING_S = 10.0  # seconds between heartbeats of a forwarded WebSocket
GOODBYE = '{"type":"bye"'
MAX_MESSAGE_BYTES = 450_000
NOT_PASSED_ON = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    "content-length", TOKEN_HEADER.lower(), ADDRESS_HEADER.lower(),
})  # fmt: skip  # hop-by-hop headers (RFC 9110, 7.6.1), the length (aiohttp writes it anew), and headers of servers only
# headers that are sent to the leader when a WebSocket is opened; in lower case, because proxies may change the case of names
PASSED_ON_BY_SOCKETS = frozenset({"origin", "cookie", "host", "user-agent", TOKEN_HEADER.lower(), ADDRESS_HEADER.lower()})

T = TypeVar("T")


class _NotReached(Exception):
    """The leader could not be reached, or no WebSocket to it could be opened.

    The leader has not begun to handle the request, so the request may be tried again.
    """


class Relay:
    """Forwards requests and WebSockets to the leader.

    Only two middlewares run before this object's middleware: one counts the request, and one marks the request's connection as
    being served.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.sockets: set[web.WebSocketResponse] = set()
        self._http = aiohttp.ClientSession(
            auto_decompress=False, connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(connect=CONNECT_S)
        )
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop watching which server leads, and close all connections to the leader."""
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)
        await self._http.close()

    async def goodbye(self) -> None:
        """Ask the client of every forwarded WebSocket to reconnect."""
        await asyncio.gather(*(_come_back(socket) for socket in list(self.sockets)), return_exceptions=True)

    async def _follow(self) -> None:
        """Whenever the leader changes, ask the forwarded clients to reconnect."""
        while True:
            await self._changes_from(self.node.leader)
            await self.goodbye()

    def middleware(self) -> Middleware:
        """Return the middleware that handles a request on this server or forwards the request to the leader.

        Without a leader, the middleware refuses the request.
        """

        @web.middleware
        async def relay(request: web.Request, handler: Handler) -> web.StreamResponse:
            node = self.node
            if not _is_plain(request.raw_path):
                return refusal(400, "bad_request", "This address is not written as it is meant.")
            if request.path == LEADING_PATH:
                return self._who(request)
            decided_here = not (request.path.startswith("/api/") or request.path == "/ws")
            if decided_here or (node.leads and node.leader == node.me):
                return await handler(request)
            if node.is_node(request.headers.get(TOKEN_HEADER, "")):
                # another server has forwarded this request, and does not know yet that this server no longer leads
                return _unavailable()
            try:
                return await self._to_leader(request, handler)
            except _NotReached as error:
                log.warning("not forwarded", error=str(error))
                return _unavailable()

        return relay

    async def _to_leader(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Forward a request to the leader.

        If the leader has died or hangs, wait up to `LEADER_WITHIN_S` seconds for another leader.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + LEADER_WITHIN_S
        while await self.node.someone_leads(until - loop.time()):
            leader = self.node.leader
            if leader == self.node.me:
                return await handler(request)
            try:
                return await (self._socket(request, leader) if request.path == "/ws" else self._request(request, leader))
            except _NotReached:
                if not await self._changed_from(leader, until - loop.time()):
                    raise
        raise _NotReached("no server leads")

    async def _changed_from(self, leader: Leader, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._changes_from(leader)
        except TimeoutError:
            return False
        return True

    def _who(self, request: web.Request) -> web.Response:
        if not self.node.is_node(request.headers.get(TOKEN_HEADER, "")):
            raise web.HTTPNotFound
        return web.Response(text=self.node.me.id if self.node.leads and not self.node.draining else "")

    def _headers(self, request: web.Request) -> list[tuple[str, str]]:
        kept = [(name, value) for name, value in request.headers.items() if name.lower() not in NOT_PASSED_ON]
        return [*kept, (TOKEN_HEADER, self.node.token), (ADDRESS_HEADER, address_of(request))]

    async def _while_it_leads(self, leader: Leader, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of `work`.

        Raises TimeoutError when the leader changes before `work` is done, because the old leader might hang and never answer.
        """
        task, change = asyncio.create_task(work), asyncio.create_task(self._changes_from(leader))
        try:
            await asyncio.wait((task, change), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise TimeoutError
            return task.result()
        finally:
            for each in (task, change):
                each.cancel()
            await asyncio.gather(task, change, return_exceptions=True)

    async def _changes_from(self, leader: Leader) -> None:
        async with self.node.changed:
            await self.node.changed.wait_for(lambda: self.node.leader != leader)

    async def _request(self, request: web.Request, leader: Leader) -> web.StreamResponse:
        """Forward one HTTP request. Raises _NotReached if no connection to the leader was made; then nothing was sent."""
        try:
            return await self._while_it_leads(leader, self._pass_on(request, leader))
        except aiohttp.ClientConnectorError as error:
            raise _NotReached(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("request not forwarded", error=type(error).__name__)
            return _unavailable()

    async def _pass_on(self, request: web.Request, leader: Leader) -> web.StreamResponse:
        """Stream the leader's response to the client. If the leader's response breaks off, cut the client's connection, too."""
        headers, loop = self._headers(request), asyncio.get_running_loop()
        longest_s = REQUEST_S + (request.content_length or 0) / LEAST_BYTES_A_SECOND
        async with (
            asyncio.timeout(longest_s) as limit,
            self._http.request(
                request.method,
                URL(
                    leader.url + request.raw_path, encoded=True
                ),  # `encoded`: aiohttp must not change the path, because `_is_plain` has checked it exactly as it was sent
                headers=headers,
                data=request.content if request.body_exists else None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(connect=CONNECT_S, total=None),
            ) as answered,
        ):
            response = web.StreamResponse(status=answered.status)
            for name, value in answered.headers.items():
                if name.lower() not in NOT_PASSED_ON:
                    response.headers.add(name, value)
            response.content_length = answered.content_length
            await response.prepare(request)
            try:
                async for chunk in answered.content.iter_any():
                    await response.write(chunk)
                    limit.reschedule(loop.time() + REQUEST_S)
            except BaseException:
                if request.transport is not None:
                    request.transport.abort()
                raise
            await response.write_eof()
            return response

    async def _socket(self, request: web.Request, leader: Leader) -> web.StreamResponse:
        headers = [(name, value) for name, value in self._headers(request) if name.lower() in PASSED_ON_BY_SOCKETS]
        connecting = self._http.ws_connect(leader.url + "/ws", headers=headers, max_msg_size=0, heartbeat=PING_S)
        try:
            upstream = await self._while_it_leads(leader, connecting)
        except aiohttp.WSServerHandshakeError as error:
            return _refused_handshake(error.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _NotReached(type(error).__name__) from error
        async with upstream:
            socket = web.WebSocketResponse(heartbeat=PING_S, max_msg_size=MAX_MESSAGE_BYTES, compress=False)
            await socket.prepare(request)
            self.sockets.add(socket)
            said: list[str] = [""]

            async def down(text: str) -> None:
                said[0] = text
                await socket.send_str(text)

            try:
                # perhaps the leader changed while the WebSocket to the old leader was being opened: then `self.goodbye` ran
                # before this client was in `self.sockets`, and the client must reconnect now
                if self.node.leader == leader:
                    await _first_of(_pump(socket, upstream.send_str), _pump(upstream, down))
            finally:
                self.sockets.discard(socket)
            if said[0].startswith(GOODBYE):  # the leader has already asked this client to reconnect
                await socket.close()
            else:
                await _come_back(socket)
        let_go(request, socket)
        return socket


RELAY: web.AppKey[Relay] = web.AppKey("relay", Relay)


def _is_plain(target: str) -> bool:
    """Return whether `target` is a plain local path.

    Such a path has no segment `.` or `..`, even percent-encoded, and names no host.
    """
    path = unquote(target.partition("?")[0])
    return path.startswith("/") and not path.startswith("//") and not {".", ".."} & set(re.split(r"[/\\]", path))


async def _pump(source: Any, send: Callable[[str], Awaitable[None]]) -> None:
    """Copy text frames from `source` to `send` until the source ends.

    Each frame is read only after `send` has returned for the frame before, so a slow receiver slows the sender down.
    """
    try:
        async for frame in source:
            if frame.type is WSMsgType.TEXT:
                await send(frame.data)
            elif frame.type is WSMsgType.BINARY:
                # send an empty text message in place of the binary frame: the leader refuses an empty message, as it would refuse
                # the binary frame
                await send("")
    except (ConnectionError, RuntimeError, aiohttp.ClientError):
        return


async def _first_of(*works: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _come_back(socket: web.WebSocketResponse) -> None:
    if socket.closed:
        return
    try:
        async with asyncio.timeout(CONNECT_S):
            await socket.send_str(encode(Bye(reason="restart", retry_ms=COME_BACK_MS)).decode())
            await socket.close()
    except (ConnectionError, RuntimeError, TimeoutError):
        return


def _refused_handshake(status: int) -> web.Response:
    """Return the leader's refusal of a WebSocket. aiohttp gives only the status, so the status decides the reason.

    The leader refuses a page of another origin with 403, and an address that has too many connections with 429. Raises
    _NotReached for other statuses, such as the 503 of a server that no longer leads.
    """
    if status == 403:
        return refusal(403, "wrong_origin", "This page may not connect here.")
    if status == 429:
        return refusal(429, "too_many_sockets", "Too many connections at once; try again.")
    raise _NotReached(f"refused with status {status}")


def _unavailable() -> web.Response:
    return refusal(503, "unavailable", "The service is moving to another server. Try again in a second.", retry_s=1)
