"""Request bodies: bounded, then decoded once into typed values; and who sent them, and when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from signaling.cluster.node import ADDRESS_HEADER, TOKEN_HEADER
from signaling.server.app_keys import NODE, SETTINGS

from .errors import Refused

T = TypeVar("T")

MOST_JSON_BYTES = 64 * 1024
BODY_WITHIN_S = 10.0  # for a small body, and more by its size:
LEAST_BYTES_A_SECOND = 16 * 1024  # a phone at the edge of its network sends twice as fast


async def read_json(request: web.Request, kind: type[T], most_bytes: int = MOST_JSON_BYTES) -> T:
    """Refused: too_large, bad_request (which names the field)."""
    body = await read_bytes(request, most_bytes)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Refused(400, "bad_request", f"The request does not fit: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "bad_request", "The request is not JSON.") from error


async def read_bytes(request: web.Request, most_bytes: int, took: Callable[[int], None] = lambda count: None) -> bytes:
    """Return the body. Reads at most `most_bytes`, whatever length was announced, and no longer than a slow connection takes.
    `took` is told the size of each part as it comes. Refused: too_large, too_slow."""
    too_large = Refused(413, "too_large", f"At most {most_bytes} bytes are taken here.")
    if (request.content_length or 0) > most_bytes:
        raise too_large
    body = bytearray()
    begun_s = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(BODY_WITHIN_S) as limit:
            async for chunk in request.content.iter_any():
                body += chunk
                took(len(chunk))
                if len(body) > most_bytes:
                    raise too_large
                limit.reschedule(begun_s + BODY_WITHIN_S + len(body) / LEAST_BYTES_A_SECOND)
    except TimeoutError:
        if not limit.expired():
            raise
        raise Refused(408, "too_slow", "The request came too slowly; try again on a better connection.") from None
    return bytes(body)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def address_of(request: web.Request) -> str:
    """Return the client's address; behind a proxy of ours, or another server of the cluster, the one that it saw."""
    node = request.app.get(NODE)
    if node is not None and node.is_node(request.headers.get(TOKEN_HEADER, "")):
        return request.headers.get(ADDRESS_HEADER, "")
    proxies, connected = request.app[SETTINGS].trust_proxy, request.remote or ""
    if proxies is None:
        return connected
    headers = request.headers
    return proxies.client(connected, headers.getall("X-Forwarded-For", []), headers.getall("Forwarded", []))


def bearer(request: web.Request) -> str:
    """The token of `Authorization: Bearer …`, or ""."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
