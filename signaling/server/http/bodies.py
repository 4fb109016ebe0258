"""Read HTTP requests: body, query and path as typed values within limits, the client's address, and the time."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Annotated, TypeVar

from aiohttp import web

from signaling.cluster.node import ADDRESS_HEADER, TOKEN_HEADER
from signaling.protocol.reading import QueryReader, Unreadable, by
from signaling.protocol.texts import Exact
from signaling.server.app_keys import CLOCK, NODE, SETTINGS

from .errors import Refused, not_found

T = TypeVar("T")

Key = Annotated[str, by(Exact(256))]  # an id of a site, of a category, or of another object
MOST_JSON_BYTES = 64 * 1024  # a JSON body has at most this many bytes, unless its route has another limit
BODY_WITHIN_S = 10.0  # seconds within which a small body must arrive; a larger body gets more time, by `LEAST_BYTES_A_SECOND`
# the slowest rate at which a client may send a large body; we assume that a phone with bad reception sends twice as fast
LEAST_BYTES_A_SECOND = 16 * 1024
BODY: web.RequestKey[bytes] = web.RequestKey("body", bytes)  # the body of the request, if a middleware has read it already
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


async def read_json(request: web.Request, reader: Callable[[bytes], T], most_bytes: int = MOST_JSON_BYTES) -> T:
    """Return the JSON body as the reader's type.

    Raises Refused with the reason too_large or too_slow, and Refused(bad_request) with the name of the wrong field.
    """
    body = await read_bytes(request, most_bytes)
    try:
        return reader(body)
    except Unreadable as error:
        raise Refused(400, "bad_request", f"The request is not valid: {error}") from None


def read_query(request: web.Request, reader: QueryReader[T]) -> T:
    """Return the query as the reader's type. Raises Refused(bad_request) with the name of the wrong parameter."""
    try:
        return reader(request.query.items())
    except Unreadable as error:
        raise Refused(400, "bad_request", f"The query is not valid: {error}") from None


def path_id(request: web.Request, name: str) -> str:
    """Return the id in the path. Raises Refused(not_found) when the text there does not have the form of an id."""
    given = request.match_info[name]
    if not _ID.fullmatch(given):
        raise not_found()
    return given


def file_inside(folder: Path, request: web.Request) -> Path | None:
    """Return the file in `folder` that the request names, or None when it does not exist or lies outside the folder."""
    try:
        path = (folder / (request.match_info["path"] or "index.html")).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # the file system refuses the name, or links form a cycle
        return None


async def parts_of(request: web.Request, most_bytes: int) -> AsyncIterator[bytes]:
    """Yield the body in parts as it arrives. Raises Refused with the reason too_large or too_slow.

    The body may have at most `most_bytes`, whatever length the client announced. A small body must arrive within `BODY_WITHIN_S`,
    and a large body at a rate of at least `LEAST_BYTES_A_SECOND`.

    """
    too_large = _too_large(most_bytes)
    if (request.content_length or 0) > most_bytes:
        raise too_large
    loop = asyncio.get_running_loop()
    begun_s, count = loop.time(), 0
    while True:
        try:
            async with asyncio.timeout_at(begun_s + BODY_WITHIN_S + count / LEAST_BYTES_A_SECOND) as limit:
                part = await request.content.readany()
        except TimeoutError:
            if not limit.expired():
                raise
            raise Refused(408, "too_slow", "The request arrived too slowly. Try again on a better connection.") from None
        if not part:
            return
        count += len(part)
        if count > most_bytes:
            raise too_large
        yield part


async def read_bytes(request: web.Request, most_bytes: int, took: Callable[[int], None] = lambda count: None) -> bytes:
    """Return the body, within the limits of `parts_of`. Raises Refused with the reason too_large or too_slow.

    `took`: a function that is called with the size of each part that arrives.

    """
    if BODY in request:
        if len(request[BODY]) > most_bytes:
            raise _too_large(most_bytes)
        return request[BODY]
    body = bytearray()
    async for part in parts_of(request, most_bytes):
        body += part
        took(len(part))
    return bytes(body)


def _too_large(most_bytes: int) -> Refused:
    return Refused(413, "too_large", f"The request is too large. The limit is {most_bytes} bytes.")


def now_ms() -> int:
    """Return the time of this computer's clock in Unix ms.

    Use this clock for times that others have signed, such as the time at which an identification code expires.
    """
    return time.time_ns() // 1_000_000


def steady_ms(request: web.Request) -> int:
    """Return the time of the server's steady clock in Unix ms.

    This clock does not jump when the computer's clock is set. Use this clock for rights that this server grants and ends, such as
    sign-ins and links. Setting the computer's clock then neither ends nor lengthens a right. The live sessions check rights by
    the same clock.
    """
    return request.app[CLOCK]()


def address_of(request: web.Request) -> str:
    """Return the client's address.

    If our own proxy or another server of the cluster has forwarded the request, the address comes from a header.
    """
    node = request.app.get(NODE)
    if node is not None and node.is_node(request.headers.get(TOKEN_HEADER, "")):
        return request.headers.get(ADDRESS_HEADER, "")
    proxies, connected = request.app[SETTINGS].trust_proxy, request.remote or ""
    if proxies is None:
        return connected
    headers = request.headers
    return proxies.client(connected, headers.getall("X-Forwarded-For", []), headers.getall("Forwarded", []))


def bearer(request: web.Request) -> str:
    """Return the token of the request's header `Authorization: Bearer …`, or ""."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
