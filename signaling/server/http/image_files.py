"""Pictures from outside: looked at by content, never by name, and written anew in processes of their own.

What anybody may cost is bounded before it is paid for: places to send from, bytes held, work in line, and seconds of work.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from signaling.images.fair_line import FairLine, Full, Ledger, Who
from signaling.images.header import LONGEST_SIDE, MOST_MEMORY, Header, look
from signaling.images.reencode import Picture, reencode
from signaling.images.refusal import MOST_BYTES, PictureRefused
from signaling.images.workshop import Workshop

__all__ = ["LONGEST_SIDE", "MOST_BYTES", "Checker", "Full", "Picture", "PictureRefused", "Upload", "Who", "reencode"]

SENDING = 32  # uploads at once
SENDING_EACH_ADDRESS = 12
MOST_WAITING = 96  # to send, and for their picture to be written anew
MOST_HELD_BYTES = 32 * 1024 * 1024  # of bodies, in this process
LONGEST_WAIT_S = 10.0  # for a turn
LIGHT_MEMORY = 64 * 1024 * 1024  # bytes; the photo of a phone (12 megapixels) takes 48 million
LIGHT_WORK = 150_000_000  # pixels times passes
MOST_SPENT_SESSION_S = 12.0  # of work, lately
MOST_SPENT_ADDRESS_S = 40.0


@dataclass(slots=True, eq=False)
class Upload:
    """A body on its way, or waiting to be written anew."""

    who: Who
    alarm: asyncio.Timeout
    held_bytes: int = 0
    evicted: bool = False


@dataclass(slots=True)
class Held:
    """The bytes of all bodies. The address that holds most gives way when there are too many."""

    most_bytes: int = MOST_HELD_BYTES
    uploads: list[Upload] = field(default_factory=list)

    def take(self, upload: Upload, count: int) -> None:
        upload.held_bytes += count
        while self.total() > self.most_bytes:
            self._evict()

    def release(self, upload: Upload) -> None:
        """It is being written anew: nothing ends it early now, and the lanes bound how many there are."""
        if upload in self.uploads:
            self.uploads.remove(upload)

    def total(self) -> int:
        return sum(each.held_bytes for each in self.uploads)

    def _evict(self) -> None:
        """The largest body of the address with the most bytes; of equals the newest."""
        of_address: dict[str, int] = {}
        for each in self.uploads:
            of_address[each.who.address] = of_address.get(each.who.address, 0) + each.held_bytes
        number = max(
            range(len(self.uploads)),
            key=lambda at: (of_address[self.uploads[at].who.address], self.uploads[at].held_bytes, at),
        )
        evicted = self.uploads.pop(number)
        evicted.evicted = True
        evicted.held_bytes = 0
        evicted.alarm.reschedule(0)


class Checker:
    """Pictures up: `sending` around all that is done for one, then `check`.

    Light pictures and heavy ones have a line and a process each, so that no photo waits for what takes seconds.
    """

    def __init__(self) -> None:
        self._spent = Ledger()
        self._sending = self._line(SENDING, SENDING_EACH_ADDRESS)
        self._lanes = {heavy: (self._line(1, 1), Workshop(MOST_MEMORY if heavy else LIGHT_MEMORY)) for heavy in (False, True)}
        self.held = Held()

    def _line(self, at_once: int, each_address: int) -> FairLine:
        return FairLine(at_once, each_address=each_address, most_waiting=MOST_WAITING, ledger=self._spent)

    def has_spent_too_much(self, who: Who) -> bool:
        """Whether this session or address has to wait until its work of late counts less."""
        return self._spent.of(who.session) > MOST_SPENT_SESSION_S or self._spent.of(who.address) > MOST_SPENT_ADDRESS_S

    @asynccontextmanager
    async def sending(self, who: Who) -> AsyncIterator[Upload]:
        """A place to send from, before anything of the body is read. Full."""
        async with self._sending.turn(who, LONGEST_WAIT_S):
            upload: Upload | None = None
            try:
                async with asyncio.timeout(None) as alarm:
                    upload = Upload(who, alarm)
                    self.held.uploads.append(upload)
                    yield upload
            except TimeoutError:
                if upload is None or not upload.evicted:
                    raise
                raise Full from None
            finally:
                if upload is not None:
                    self.held.release(upload)

    async def check(self, data: bytes, upload: Upload) -> Picture:
        """PictureRefused; Full."""
        who = upload.who
        line, workshop = self._lanes[_is_heavy(look(data))]
        async with line.turn(who, LONGEST_WAIT_S):
            self.held.release(upload)
            begun_s = asyncio.get_running_loop().time()
            spent_s = 0.0
            try:
                picture, spent_s = await workshop.reencode(data)
            except PictureRefused:
                spent_s = asyncio.get_running_loop().time() - begun_s
                raise
            finally:
                for key in who:
                    self._spent.charge(key, spent_s)
        return picture

    async def close(self) -> None:
        for _, workshop in self._lanes.values():
            await workshop.close()


def _is_heavy(header: Header) -> bool:
    return header.memory_bytes > LIGHT_MEMORY or header.work > LIGHT_WORK
