"""A client of clamd, ClamAV's daemon (clamd(8), command INSTREAM).

clamd gets the bytes of a file over its socket, so clamd can run as another user or on another machine. A file passes only if
clamd answers that the file is clean. Without an answer in time, the file is refused.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import structlog

from .refusal import FileRefused

log = structlog.get_logger(__name__)

# A scan of one file takes at most this many seconds, including the file's wait until other files are scanned. clamd scans 25 MB
# in about a second.
WITHIN_S = 30.0
AT_ONCE = 4  # At most this many files are scanned at the same time; clamd has ten threads by default.
PIECE_BYTES = 256 * 1024
MOST_ANSWER_BYTES = 4096
_FOUND = re.compile(r"stream: (.{1,200}) FOUND")


class Scanner:
    """Lets clamd scan files.

    `address`: the path of clamd's Unix socket, or clamd's host and port. If `address` is None, every file passes.
    """

    def __init__(self, address: Path | tuple[str, int] | None, within_s: float = WITHIN_S) -> None:
        self._address = address
        self._within_s = within_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def check_file(self, path: Path) -> None:
        """Let clamd scan a file. Raises FileRefused with the reason file_infected or scan_failed."""
        if self._address is not None:
            await self._check(_of_file(path))

    async def check_bytes(self, data: bytes) -> None:
        """Let clamd scan the bytes of a file or picture. Raises FileRefused with the reason file_infected or scan_failed."""
        if self._address is not None:
            await self._check(_of_bytes(data))

    async def _check(self, pieces: AsyncIterator[bytes]) -> None:
        try:
            async with asyncio.timeout(self._within_s), self._turns:
                said = await self._ask(pieces)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            log.warning("virus scanner failed", error=type(error).__name__)
            raise FileRefused("scan_failed") from error
        if said == "stream: OK":
            return
        if found := _FOUND.fullmatch(said):
            raise FileRefused("file_infected", found[1])
        log.warning("virus scanner failed", said=said[:100])  # one possible reason: the file is larger than clamd's own limit
        raise FileRefused("scan_failed")

    async def _ask(self, pieces: AsyncIterator[bytes]) -> str:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            # clamd answers early and closes the connection if the file is larger than clamd's limit
            with suppress(ConnectionError):
                async for piece in pieces:
                    writer.write(len(piece).to_bytes(4, "big") + piece)
                    await writer.drain()
                writer.write(bytes(4))
                await writer.drain()
            answer = await reader.readuntil(b"\0")
        finally:
            writer.transport.abort()
        return answer.rstrip(b"\0").decode("ascii", "replace")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._address, Path):
            return await asyncio.open_unix_connection(str(self._address), limit=MOST_ANSWER_BYTES)
        host, port = self._address or ("", 0)
        return await asyncio.open_connection(host, port, limit=MOST_ANSWER_BYTES)


async def _of_file(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece
    finally:
        await asyncio.to_thread(file.close)


async def _of_bytes(data: bytes) -> AsyncIterator[bytes]:
    for piece in _cut(data):
        yield piece


def _cut(data: bytes) -> Iterator[bytes]:
    for begin in range(0, len(data), PIECE_BYTES):
        yield data[begin : begin + PIECE_BYTES]
