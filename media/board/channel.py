"""What comes by one participant's `doc` channel: fragments put together, and kept until the board is theirs to change by it."""

from __future__ import annotations

from collections.abc import Callable

from media.board.room import MAX_MESSAGE_BYTES, FragmentError, Reassembler

MAX_KEPT = 64
MAX_KEPT_BYTES = 2 * MAX_MESSAGE_BYTES


class DocChannel:
    """One channel from its opening to its end. Messages that come before the board goes by it wait for `take`."""

    def __init__(self) -> None:
        self._reassembler = Reassembler()
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    def feed(self, fragment: bytes, receive: Callable[[bytes], None] | None) -> None:
        """Give a whole message to `receive`; keep it while that is None.

        Raises `FragmentError` as `Reassembler.feed` does, and "early" for a message that finds no place: a client is asked for
        all that it has when the board goes over.
        """
        message = self._reassembler.feed(fragment)
        if message is None:
            return
        if receive is not None:
            receive(message)
            return
        if len(self._kept) >= MAX_KEPT or self._kept_bytes + len(message) > MAX_KEPT_BYTES:
            raise FragmentError("early")
        self._kept.append(message)
        self._kept_bytes += len(message)

    def take(self) -> list[bytes]:
        """Return what was kept, in order; it is kept no longer."""
        kept, self._kept, self._kept_bytes = self._kept, [], 0
        return kept
