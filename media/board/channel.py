"""`doc` data channel of one participant: reassembles board messages.

While the room still takes the participant's board messages from the signaling server, this module holds back the messages that
arrive on the channel.
"""

from __future__ import annotations

from collections.abc import Callable

from media.board.room import MAX_MESSAGE_BYTES, FragmentError, Reassembler

MAX_KEPT = 64
MAX_KEPT_BYTES = 2 * MAX_MESSAGE_BYTES


class DocChannel:
    """One `doc` channel, from its opening to its end.

    While the room still takes the participant's board messages from signaling, messages on the channel are kept. `take` returns
    them later.
    """

    def __init__(self) -> None:
        self._reassembler = Reassembler()
        self._kept: list[bytes] = []
        self._kept_bytes = 0

    def feed(self, fragment: bytes, receive: Callable[[bytes], None] | None) -> None:
        """When `fragment` completes a message, pass the message to `receive`, or hold it while `receive` is None.

        Raise `FragmentError` as `Reassembler.feed` does, and with the reason "early" if too many messages are held. No change is
        lost then: when the board's traffic moves to this channel, the board asks the browser for every change that the board
        lacks.
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
        """Return the board messages that were held back, in order, and forget them."""
        kept, self._kept, self._kept_bytes = self._kept, [], 0
        return kept
