"""Limit how many files and how many bytes clients send: from one address, in one session, and in total.

A file is written to disk while it arrives, so even large files need little memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from signaling.files import Files
from signaling.images.fair_line import FairLine, Ledger, Who

SENDING = 48  # at most this many files may arrive at the same time
SENDING_EACH_ADDRESS = 6  # at most this many files of one address may arrive at the same time
MOST_WAITING = 96  # at most this many clients may wait for their turn to send a file
LONGEST_WAIT_S = 10.0  # a client waits at most this many seconds for its turn to send a file
MOST_A_SESSION = 100  # one session has at most this many files
MOST_SESSION_BYTES = 500 * 1000 * 1000  # the files of one session have at most this many bytes together
KEEP_FREE_BYTES = 512 * 1024 * 1024  # an uploaded file must leave at least this many bytes of the disk free
# the fair queue serves the client with the fewest used seconds first; each sent MB counts as this many used seconds
_SECONDS_A_MB = 1.0


class Arriving(NamedTuple):
    """The number and the total size of a session's files that are arriving now, including the file that has just begun."""

    files: int
    size_bytes: int


class Intake:
    """Limits the files that clients send. `arriving`: session → total size in bytes of its files that are still arriving."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._spent = Ledger()
        self._line = FairLine(SENDING, each_address=SENDING_EACH_ADDRESS, most_waiting=MOST_WAITING, ledger=self._spent)
        self.arriving: Counter[str] = Counter()
        self._number: Counter[str] = Counter()

    @asynccontextmanager
    async def place(self, who: Who, session: str, size_bytes: int) -> AsyncIterator[Arriving]:
        """Wait until a client may send a file of at most this size. The client keeps its turn until the `async with` block ends.

        Yield the number and the bytes of the session's files that are arriving now. A file counts until it is stored in the
        database, so that the limits for a later file always include it. Raises fair_line.Full.
        """
        async with self._line.turn(who, LONGEST_WAIT_S):
            self.arriving[session] += size_bytes
            self._number[session] += 1
            try:
                yield Arriving(self._number[session], self.arriving[session])
            finally:
                self.arriving[session] -= size_bytes
                self._number[session] -= 1
                for counted in (self.arriving, self._number):
                    counted += Counter()  # adding a Counter removes the sessions for which no file is arriving any more
                for key in who:
                    self._spent.charge(key, size_bytes / 1e6 * _SECONDS_A_MB)

    def has_disk_for(self, size_bytes: int) -> bool:
        """Return whether the disk has room for a file of this size, in addition to the files that are arriving now.

        This call blocks while the file system answers.
        """
        return self._files.free_bytes() - self.arriving.total() >= KEEP_FREE_BYTES + size_bytes
