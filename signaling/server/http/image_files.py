"""Uploaded pictures. The server finds a picture's format from its content, never from its name.

Separate processes re-encode pictures.

Before a picture is decoded, the server checks the client's limits: concurrent uploads, bytes in memory, queued pictures, and CPU
time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from signaling.images.fair_line import FairLine, Full, Ledger, Who
from signaling.images.header import LONGEST_SIDE, MOST_MEMORY, Header, look
from signaling.images.picture import Picture
from signaling.images.refusal import MOST_BYTES, PictureRefused
from signaling.images.workshop import Workshop

__all__ = ["LONGEST_SIDE", "MOST_BYTES", "Checker", "Full", "Picture", "PictureRefused", "Upload", "Who"]

SENDING = 32  # at most this many uploads of all clients together arrive at the same time
SENDING_EACH_ADDRESS = 12  # at most this many uploads of one IP address arrive at the same time
# at most this many clients wait to upload, and at most this many pictures wait in each of the two queues for re-encoding
MOST_WAITING = 96
MOST_HELD_BYTES = 32 * 1024 * 1024  # at most this many bytes of uploaded pictures in this process's memory
LONGEST_WAIT_S = 10.0  # a client waits at most this many seconds for its turn to upload
# a light picture has at most this many bytes when decoded; a phone's photo of 12 megapixels has 48 million bytes
LIGHT_MEMORY = 64 * 1024 * 1024
# in a light picture, the number of pixels times the number of the decoder's passes is at most this
LIGHT_WORK = 150_000_000

# A session or an address whose pictures took more than this many seconds of CPU time must wait before it sends another picture.
# `Ledger` sums these seconds. Past work counts half as much after each minute.
MOST_SPENT_SESSION_S = 12.0
MOST_SPENT_ADDRESS_S = 40.0


@dataclass(slots=True, eq=False)
class Upload:
    """The body of a request with a picture. The body is arriving, or waits to be re-encoded."""

    who: Who
    alarm: asyncio.Timeout
    held_bytes: int = 0
    evicted: bool = False


@dataclass(slots=True)
class Held:
    """The bodies of uploads in memory.

    When all bodies together have more than `most_bytes`, the largest upload of the address with the most bytes is ended.
    """

    most_bytes: int = MOST_HELD_BYTES
    uploads: list[Upload] = field(default_factory=list)

    def take(self, upload: Upload, count: int) -> None:
        """Count `count` more bytes of an upload.

        While all bodies together have more than `most_bytes`, end one upload after the other, as this class's docstring says.
        """
        upload.held_bytes += count
        while self.total() > self.most_bytes:
            self._evict()

    def release(self, upload: Upload) -> None:
        """Stop counting the bytes of an upload that is finished, or that is being re-encoded now.

        Pictures that are being re-encoded need not be counted, because the queues limit their number.
        """
        if upload in self.uploads:
            self.uploads.remove(upload)

    def total(self) -> int:
        return sum(each.held_bytes for each in self.uploads)

    def _evict(self) -> None:
        """End the largest upload of the address with the most bytes.

        If several uploads of this address are equally large, end the newest.
        """
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
    """Checks uploaded pictures. Enter the context `sending` for the whole upload, and call `check` inside it.

    Light and heavy pictures have separate queues and processes, so that a phone's photo never waits for a picture that takes
    seconds.
    """

    def __init__(self) -> None:
        self._spent = Ledger()
        self._sending = self._line(SENDING, SENDING_EACH_ADDRESS)
        self._lanes = {heavy: (self._line(1, 1), Workshop(MOST_MEMORY if heavy else LIGHT_MEMORY)) for heavy in (False, True)}
        self.held = Held()

    def _line(self, at_once: int, each_address: int) -> FairLine:
        return FairLine(at_once, each_address=each_address, most_waiting=MOST_WAITING, ledger=self._spent)

    def has_spent_too_much(self, who: Who) -> bool:
        """Return whether pictures of this session or address took so much CPU time lately that the client must wait."""
        return self._spent.of(who.session) > MOST_SPENT_SESSION_S or self._spent.of(who.address) > MOST_SPENT_ADDRESS_S

    @asynccontextmanager
    async def sending(self, who: Who) -> AsyncIterator[Upload]:
        """Wait until this client may upload a picture.

        The client keeps its turn until the `async with` block ends. Call this before the body is read. Raises Full.
        """
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
        """Return the re-encoded picture. Raises PictureRefused, Full."""
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
        """End the processes that re-encode pictures."""
        for _, workshop in self._lanes.values():
            await workshop.close()


def _is_heavy(header: Header) -> bool:
    return header.memory_bytes > LIGHT_MEMORY or header.work > LIGHT_WORK
