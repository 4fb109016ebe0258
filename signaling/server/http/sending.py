"""Send a large response. Until its last byte is sent, the server repeatedly checks whether the client may still read it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from signaling.records import RecordsAway

from .errors import Refused

LOOK_S = 0.4  # seconds between two checks whether the client may still read the file
T = TypeVar("T")
_DROP = struct.pack("ii", 1, 0)  # SO_LINGER with 0 s, so that closing the socket resets the connection


class WatchedFile(web.FileResponse):
    """A response with a file, or with the requested range of a file.

    While the file is sent, `may_read` is called at intervals. When `may_read` raises Refused, the server cuts the connection.
    """

    def __init__(self, path: Path, headers: dict[str, str], may_read: Callable[[], Awaitable[object]]) -> None:
        super().__init__(path, headers=headers)
        self._may_read = may_read

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the file. Raises ConnectionResetError when the client's right to read the file has ended."""
        return await while_standing(request, super().prepare(request), self._may_read)


async def while_standing(request: web.BaseRequest, sends: Coroutine[Any, Any, T], may_read: Callable[[], Awaitable[object]]) -> T:
    """Run `sends`, which sends a body, and call `may_read` at intervals. Return the result of `sends`.

    When `may_read` raises Refused, cut the connection and raise ConnectionResetError.
    """
    sending = asyncio.create_task(sends)
    stands = True
    try:
        while stands and not (await asyncio.wait({sending}, timeout=LOOK_S))[0]:
            stands = await _stands(may_read)
        if stands:
            return sending.result()
    finally:
        sending.cancel()  # stop sending before the socket is closed: asyncio's sendfile does not notice a closed socket
        await asyncio.wait({sending})
    _cut(request)
    raise ConnectionResetError("the right to read it has ended")


async def _stands(may_read: Callable[[], Awaitable[object]]) -> bool:
    try:
        await may_read()
    except Refused:
        return False
    except RecordsAway:  # without the database, the client's right to read cannot be checked, so it counts as unchanged
        return True
    return True


def _cut(request: web.BaseRequest) -> None:
    """Close the connection and drop the data that the kernel has not sent yet."""
    if request.transport is not None:
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DROP)
        request.transport.abort()
