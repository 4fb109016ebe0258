"""Keep writes of sessions in memory while the database is unavailable, and carry them out later, in order.

A write of a session's state contains the whole state, so only the newest such write of each session is kept. Events, and chat
lines that the service itself writes, are kept one by one, up to a limit. Writes above the limit are lost and counted. At half of
the limit, `crowded` becomes true, and no new users enter a queue. The other half of the limit is left to running conversations.
If a write is carried out twice, the result is the same as if it had been carried out once. If another server has become the
leader before a write is carried out, `Records` refuses the write. Chat lines that people write are not kept here. The server
acknowledges such a line only after storing it. The client keeps the line until it gets this acknowledgement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from signaling.records import Overtaken, Records, RecordsAway, UnknownSession

log = structlog.get_logger(__name__)

MOST = 50_000  # largest number of pending writes; they take about 25 MB
CROWDED = MOST // 2

Write = Callable[[bool], Awaitable[object]]
"""A function that carries out one write.

The argument says whether an earlier try of the same write may have succeeded already.
"""


class Owed:
    def __init__(self, records: Records, count: Callable[[str], None]) -> None:
        """`count(reason)` is called for every lost write.

        The reason is "owed_full" if there are already `MOST` pending writes, and "erased" if the session was erased.
        """
        self._records = records
        self._count = count
        self._writes: dict[tuple[str, str | int], Write] = {}
        self._number = 0
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    def __len__(self) -> int:
        return len(self._writes)

    @property
    def crowded(self) -> bool:
        return len(self._writes) >= CROWDED

    async def now_or_later(self, session: str, write: Write, whole: str = "") -> None:
        """Write at once, or keep the write while the database is unavailable.

        `whole`: a key if the write contains a whole state, else "". A write with a key replaces the session's pending write
        with the same key. A write without a key replaces no other write.
        """
        if not self._writes:
            try:
                await write(False)
            except RecordsAway:
                pass
            else:
                return
        self._keep(session, write, whole)

    def _keep(self, session: str, write: Write, whole: str) -> None:
        if not whole and len(self._writes) >= MOST:
            self._count("owed_full")
            return
        self._number += 1
        self._writes[session, whole or self._number] = write
        self._settled.clear()
        self._wake.set()

    async def settled(self, timeout_s: float) -> None:
        """Wait until no write is pending, for at most `timeout_s` seconds."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        except TimeoutError:
            log.error("pending writes were not stored", writes=len(self._writes))  # noqa: TRY400  # no trace needed

    async def run(self) -> None:
        while True:
            self._wake.clear()
            if not self._writes:
                self._settled.set()
                await self._wake.wait()
            try:
                await self._write_first()
            except Overtaken:
                log.error("pending writes dropped: another server leads now", writes=len(self._writes))  # noqa: TRY400  # no trace needed
                self._writes.clear()

    async def _write_first(self) -> None:
        key, write = next(iter(self._writes.items()))
        try:
            await self._records.insist(partial(write, True))
        except UnknownSession:
            self._count("erased")
        except Overtaken:
            raise
        except Exception:
            log.exception("owed to the records and not taken by them", session=key[0])
        # if the key now has another write, that newer write has replaced this one and must stay pending
        if self._writes.get(key) is write:
            del self._writes[key]
