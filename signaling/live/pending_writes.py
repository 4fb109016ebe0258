"""Writes that sessions owe while the records are unavailable: kept in memory, in order, and written later.

A session's state is whole in each write, so that only its newest is kept; what happened (events, lines of the service) is kept
one by one, up to a bound. From `crowded` on nobody new is let into a queue, and what is left of the bound is for conversations
that go on. Everything may be written twice without being there twice, and the records refuse it all when another server decides
by then. What people write themselves is not kept here: it is acknowledged when it is stored, and they keep it until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from signaling.records import Overtaken, Records, RecordsAway, UnknownSession

log = structlog.get_logger(__name__)

MOST = 50_000  # about 25 MB
CROWDED = MOST // 2

Write = Callable[[bool], Awaitable[object]]
"""Given whether it may have been carried out already."""


class Owed:
    def __init__(self, records: Records, count: Callable[[str], None]) -> None:
        """`count`: of what is refused, by reason."""
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
        """Written before this returns, unless the records are away. `whole`: what this write replaces, if it is still owed."""
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
        """Waits until nothing is owed, or time is up."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        except TimeoutError:
            log.error("the records were not told", writes=len(self._writes))  # noqa: TRY400  # no trace needed

    async def run(self) -> None:
        while True:
            self._wake.clear()
            if not self._writes:
                self._settled.set()
                await self._wake.wait()
            try:
                await self._write_first()
            except Overtaken:
                log.error("what was owed is another server's by now", writes=len(self._writes))  # noqa: TRY400  # no trace needed
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
        if self._writes.get(key) is write:  # else it was replaced meanwhile, and the newer one is owed still
            del self._writes[key]
