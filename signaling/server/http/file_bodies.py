"""Files that arrive: how many at once, and how many bytes, for an address, a session and this process.

A file goes to disk while it arrives, so that memory stays small whatever people send.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from signaling.files import Files
from signaling.images.fair_line import FairLine, Ledger, Who

SENDING = 48  # files at the same time
SENDING_EACH_ADDRESS = 6
MOST_WAITING = 96  # clients that wait to send
LONGEST_WAIT_S = 10.0  # for a place
MOST_A_SESSION = 100  # files
MOST_SESSION_BYTES = 500 * 1000 * 1000
KEEP_FREE_BYTES = 512 * 1024 * 1024  # disk space that files must leave free
_SECONDS_A_MB = 1.0  # what a sent MB counts in the queue's order


class Intake:
    """Bounds the files that arrive. `arriving`: bytes that each session has announced and that are not stored yet."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._spent = Ledger()
        self._line = FairLine(SENDING, each_address=SENDING_EACH_ADDRESS, most_waiting=MOST_WAITING, ledger=self._spent)
        self.arriving: Counter[str] = Counter()

    @asynccontextmanager
    async def place(self, who: Who, session: str, size_bytes: int) -> AsyncIterator[None]:
        """Wait for a place to send a file of at most this size, and hold it. Raises fair_line.Full."""
        async with self._line.turn(who, LONGEST_WAIT_S):
            self.arriving[session] += size_bytes
            try:
                yield
            finally:
                self.arriving[session] -= size_bytes
                self.arriving += Counter()  # drops sessions whose sum is zero
                for key in who:
                    self._spent.charge(key, size_bytes / 1e6 * _SECONDS_A_MB)

    def has_disk_for(self, size_bytes: int) -> bool:
        """Return whether the disk has room for one more file of this size beside those that arrive. Blocks."""
        return self._files.free_bytes() - self.arriving.total() >= KEEP_FREE_BYTES + size_bytes
