"""HTTP server of a worker: takes the commands of `media.api.client`, and sends replies and the event stream."""

from __future__ import annotations

import asyncio
import hmac
from typing import TypeVar

import msgspec
import structlog
from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware

from media.api import wire
from media.worker.event_stream import Subscriber
from media.worker.room import Refused
from media.worker.worker import Worker

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Largest body of a command. `OpenRoom` carries a room's whole board journal."""
ROOMS_AT_ONCE = 10
"""The answer to `GET /quality` is computed from at most this many rooms at a time. In between, the worker handles packets and
ticks."""
STATUS = {"stale_epoch": 409, "no_room": 404, "no_peer": 404, "full": 429, "draining": 429}
"""Reason of a refusal → HTTP status; 400 for other reasons. Always 4xx, because `WorkerClient` treats 5xx as a broken worker."""

WORKER = web.AppKey("worker", Worker)
Command = TypeVar("Command", bound=msgspec.Struct)


def build(worker: Worker, secret: str) -> web.Application:
    """Return the application. `secret`: bearer token of every request; "" for a Unix socket that only its owner can open."""
    application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_guard(secret), _refusals])
    application[WORKER] = worker
    application.add_routes(
        [
            web.put("/rooms/{room}", _open_room),
            web.delete("/rooms/{room}", _close_room),
            web.post("/rooms/{room}/peers", _admit),
            web.delete("/rooms/{room}/peers/{peer}", _close_peer),
            web.put("/rooms/{room}/matrix", _set_matrix),
            web.post("/rooms/{room}/board", _board_in),
            web.get("/healthz", _health),
            web.get("/stats", _stats),
            web.get("/quality", _quality),
            web.get("/events", _events),
        ]
    )
    return application


def _guard(secret: str) -> Middleware:
    expected = f"Bearer {secret}".encode()

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if secret and not hmac.compare_digest(given, expected):
            return _refuse(401, "bad_request", "wrong secret")
        return await handler(request)

    return guard


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return _refuse(STATUS.get(refused.reason, 400), refused.reason, refused.message)
    except web.HTTPException as error:
        return _refuse(error.status, "bad_request", error.reason)
    except Exception:
        log.exception("command_failed", method=request.method, path=request.match_info.route.name)
        return _refuse(500, "bad_request", "internal")


def _refuse(status: int, reason: wire.RefusalReason, message: str) -> web.Response:
    return _reply(wire.Refusal(reason=reason, message=message), status)


def _reply(value: msgspec.Struct, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.msgpack.encode(value), content_type=wire.MSGPACK)


async def _command(request: web.Request, kind: type[Command]) -> Command:
    """Return the request's body as `kind`. Raise `Refused` for anything else.

    The body must equal the encoding of the decoded value. Otherwise a body could name a field twice, and two programs that read
    it might take different values for this field.
    """
    body = await request.read()
    try:
        if msgspec.msgpack.encode(msgspec.msgpack.decode(body)) == body:
            return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):  # a list as a map key raises TypeError
        pass
    raise Refused("bad_request", f"not a {kind.__name__}")


def _epoch(request: web.Request) -> int:
    text = request.query.get("epoch", "")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Refused("bad_request", "epoch is missing")
    return int(text)


async def _open_room(request: web.Request) -> web.Response:
    command = await _command(request, wire.OpenRoom)
    return _reply(request.app[WORKER].open_room(request.match_info["room"], command))


async def _close_room(request: web.Request) -> web.Response:
    request.app[WORKER].close_room(request.match_info["room"], _epoch(request))
    return web.Response(status=204)


async def _admit(request: web.Request) -> web.Response:
    command = await _command(request, wire.AdmitPeer)
    return _reply(request.app[WORKER].admit(request.match_info["room"], command))


async def _close_peer(request: web.Request) -> web.Response:
    request.app[WORKER].room(request.match_info["room"], _epoch(request)).close_peer(request.match_info["peer"])
    return web.Response(status=204)


async def _set_matrix(request: web.Request) -> web.Response:
    command = await _command(request, wire.SetMatrix)
    request.app[WORKER].room(request.match_info["room"], command.epoch).set_matrix(command)
    return web.Response(status=204)


async def _board_in(request: web.Request) -> web.Response:
    command = await _command(request, wire.BoardIn)
    request.app[WORKER].room(request.match_info["room"], command.epoch).board_in(command.participant, command.data)
    return web.Response(status=204)


async def _health(request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _stats(request: web.Request) -> web.Response:
    return web.Response(body=msgspec.json.encode(request.app[WORKER].stats()), content_type="application/json")


async def _quality(request: web.Request) -> web.Response:
    worker = request.app[WORKER]
    found: dict[str, list[wire.PeerQuality]] = {}
    for number, (name, room) in enumerate(list(worker.rooms.items()), start=1):
        found[name] = room.quality(worker.now())
        if number % ROOMS_AT_ONCE == 0:
            await asyncio.sleep(0)
    return web.Response(body=msgspec.msgpack.encode(found), content_type=wire.MSGPACK)


async def _events(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse(max_msg_size=1024)
    await socket.prepare(request)
    hub = request.app[WORKER].hub
    subscriber = hub.subscribe()
    reader = asyncio.create_task(_drain(socket, subscriber))
    try:
        while (frame := await subscriber.get()) is not None:
            await socket.send_bytes(frame)
    except (ConnectionError, RuntimeError):
        pass  # the subscriber disconnected
    finally:
        hub.unsubscribe(subscriber)
        reader.cancel()
        await socket.close()
    return socket


async def _drain(socket: web.WebSocketResponse, subscriber: Subscriber) -> None:
    """Read from the subscriber's WebSocket, only to notice when the connection closes. Subscribers send nothing."""
    async for frame in socket:
        if frame.type is WSMsgType.ERROR:
            break
    subscriber.end()
