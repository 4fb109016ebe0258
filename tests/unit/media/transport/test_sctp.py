from __future__ import annotations

import struct

import pytest
from aiortc.rtcsctptransport import HeartbeatChunk, InitChunk, SackChunk

from media.transport import sctp

HEAD = bytes(12)


def chunk(kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", kind, 0, 4 + len(body)) + body + b"\0" * (-len(body) % 4)


def test_client_chunks_are_valid() -> None:
    init = InitChunk()
    init.params.append((0x8008, b"\x82\xc0"))
    beat = HeartbeatChunk()
    beat.params.append((1, b"when"))
    for each in (init, beat, SackChunk()):
        assert sctp.has_sound_parameters(HEAD + bytes(each))
    assert sctp.has_sound_parameters(HEAD + bytes(beat) + bytes(SackChunk()))


@pytest.mark.parametrize("length", range(4))
@pytest.mark.parametrize("kind", [1, 2, 4, 5, 6, 9, 130])
def test_parameter_with_a_bad_length_is_detected(kind: int, length: int) -> None:
    fields = bytes(16) if kind in (1, 2) else b""
    sound = struct.pack("!HHL", 7, 8, 1)
    endless = struct.pack("!HHL", 7, length, 1)
    assert sctp.has_sound_parameters(HEAD + chunk(kind, fields + sound))
    assert not sctp.has_sound_parameters(HEAD + chunk(kind, fields + sound + endless))
    assert not sctp.has_sound_parameters(HEAD + chunk(3, bytes(12)) + chunk(kind, fields + endless))


def test_sack_gaps_are_ordered_and_within_sent_data() -> None:
    assert sctp.are_sound_gaps([], 0)
    assert sctp.are_sound_gaps([(2, 3), (5, 5)], 5)
    for gaps in ([(2, 6)], [(0, 1)], [(3, 2)], [(1, 4), (2, 5)], [(1, 5), (1, 5)]):
        assert not sctp.are_sound_gaps(gaps, 5)
