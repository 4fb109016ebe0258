from __future__ import annotations

import pytest

from media.board.channel import MAX_KEPT, MAX_KEPT_BYTES, DocChannel
from media.board.room import FRAGMENT_BYTES, MAX_MESSAGE_BYTES, Fragmenter, FragmentError


def test_what_comes_early_is_kept_in_order() -> None:
    channel, got = DocChannel(), []
    for message in (b"one", b"two" * FRAGMENT_BYTES):
        for fragment in Fragmenter().cut(message):
            channel.feed(fragment, None)
    channel.feed(b"\0three", got.append)
    assert channel.take() == [b"one", b"two" * FRAGMENT_BYTES]
    assert channel.take() == []
    assert got == [b"three"]


def test_no_more_is_kept_than_there_is_room_for() -> None:
    channel = DocChannel()
    for _ in range(MAX_KEPT):
        channel.feed(b"\0x", None)
    with pytest.raises(FragmentError, match="early"):
        channel.feed(b"\0x", None)
    assert len(channel.take()) == MAX_KEPT
    large = Fragmenter().cut(b"x" * MAX_MESSAGE_BYTES)
    for fragment in large * (MAX_KEPT_BYTES // MAX_MESSAGE_BYTES):
        channel.feed(fragment, None)
    with pytest.raises(FragmentError, match="early"):
        channel.feed(b"\0x", None)


def test_a_message_that_began_early_ends_when_the_board_has_gone_over() -> None:
    channel, got = DocChannel(), []
    channel.feed(b"\1be", None)
    assert channel.take() == []
    channel.feed(b"\0gun", got.append)
    assert got == [b"begun"]
