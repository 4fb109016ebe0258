from __future__ import annotations

import contextlib
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.packets import rtp


def packet(
    sequence: int, timestamp: int = 0, *, ssrc: int = 7, payload: bytes = b"x", extensions: dict[int, bytes] | None = None
) -> bytes:
    block = b""
    if extensions:
        body = b"".join(bytes([number << 4 | len(value) - 1]) + value for number, value in extensions.items())
        body += b"\0" * (-len(body) % 4)
        block = struct.pack("!HH", 0xBEDE, len(body) // 4) + body
    return struct.pack("!BBHII", 0x90 if extensions else 0x80, 111, sequence, timestamp, ssrc) + block + payload


def vp8_payload(picture: int, tl0: int = 0, *, key: bool = False) -> bytes:
    return bytes([0x90, 0xC0, 0x80 | picture >> 8, picture & 0xFF, tl0, 0x00 if key else 0x01]) + b"data"


class Stream:
    """A rewriter of RTP headers. `last`: the newest packet that it has made for a receiver."""

    def __init__(self, sequence: int = 100) -> None:
        self.rewriter = rtp.Rewriter(ssrc=99, payload_type=96, clock=90000, sequence=sequence, timestamp=5000)

    def relay(self, source: str, data: bytes, now: float) -> rtp.Header | None:
        header = rtp.parse(data)
        payload = data[header.payload : header.end]
        picture = rtp.vp8(payload) if payload[:1] == b"\x90" else None
        found = self.rewriter.relay(source, data, header, now, picture)
        if found is None:
            return None
        self.last = found[1]
        return rtp.parse(found[1])


def test_header_is_read_with_extensions_and_without_padding() -> None:
    data = packet(5, 960, extensions={1: b"\x9e", 4: b"mid7"}, payload=b"voice")
    header = rtp.parse(data)
    assert (header.sequence, header.timestamp, header.ssrc, header.payload_type) == (5, 960, 7, 111)
    assert rtp.extension(data, header, 1) == b"\x9e"
    assert rtp.extension(data, header, 4) == b"mid7"
    assert rtp.extension(data, header, 3) is None
    assert data[header.payload : header.end] == b"voice"
    padded = bytes([data[0] | 0x20]) + data[1:] + b"\0\0\x03"
    header = rtp.parse(padded)
    assert padded[header.payload : header.end] == b"voice"


def test_two_byte_extensions_are_read() -> None:
    body = bytes([1, 1, 0x85, 20, 3]) + b"abc"
    data = struct.pack("!BBHIIHH", 0x90, 111, 1, 2, 3, 0x1000, len(body) // 4) + body + b"p"
    header = rtp.parse(data)
    assert rtp.extension(data, header, 1) == b"\x85"
    assert rtp.extension(data, header, 20) == b"abc"


@pytest.mark.parametrize("data", [b"", b"\x80" * 11, b"\x9f" + b"\xff" * 30, b"\xa0" + b"\0" * 12, b"\x40" + b"\0" * 20])
def test_non_rtp_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(rtp.RtpError):
        rtp.parse(data)


@given(st.binary(max_size=200), st.integers(1, 255))
def test_random_bytes_raise_only_rtp_error(data: bytes, number: int) -> None:
    with contextlib.suppress(rtp.RtpError):
        rtp.extension(data, rtp.parse(b"\x90" + data), number)
    with contextlib.suppress(rtp.RtpError):
        rtp.vp8(data)


def test_keyframes_are_recognized() -> None:
    assert rtp.vp8(vp8_payload(1, key=True)).keyframe
    assert not rtp.vp8(vp8_payload(1)).keyframe
    assert rtp.vp8(b"\x10\x00rest").keyframe
    assert not rtp.vp8(b"\x00\x00rest").keyframe  # a later packet of a frame: its payload begins no VP8 partition
    assert rtp.vp8(vp8_payload(300)).picture == 300


def test_stream_continues_without_a_gap_when_its_source_changes() -> None:
    stream = Stream()
    first = [stream.relay("a", packet(50 + n, 1000 + 3000 * n), n / 30) for n in range(3)]
    second = [stream.relay("b", packet(60000 + n, 7 + 3000 * n), (3 + n) / 30) for n in range(3)]
    headers = [header for header in first + second if header is not None]
    assert [header.sequence for header in headers] == [101, 102, 103, 104, 105, 106]
    assert {header.ssrc for header in headers} == {99}
    steps = [later.timestamp - earlier.timestamp for earlier, later in pairwise(headers)]
    assert all(abs(step - 3000) <= 1 for step in steps)


def test_loss_and_reordering_stay_visible_to_receivers() -> None:
    stream = Stream()
    seen = [stream.relay("a", packet(sequence), 0.0) for sequence in (10, 12, 11, 15)]
    assert [header.sequence for header in seen if header] == [101, 103, 102, 106]


def test_packets_older_than_the_source_change_are_dropped() -> None:
    stream = Stream()
    stream.relay("a", packet(10), 0.0)
    stream.relay("b", packet(500), 0.1)
    assert stream.relay("b", packet(499), 0.1) is None


def test_sequence_numbers_wrap() -> None:
    stream = Stream(sequence=65534)
    seen = [stream.relay("a", packet(sequence), 0.0) for sequence in (65534, 65535, 0, 1)]
    assert [header.sequence for header in seen if header] == [65535, 0, 1, 2]


def test_picture_ids_continue_across_sources() -> None:
    stream = Stream()
    pictures = []
    for source, picture, tl0 in (("a", 70, 3), ("a", 71, 4), ("b", 9000, 200), ("b", 9001, 201)):
        stream.relay(source, packet(picture, payload=vp8_payload(picture, tl0, key=True)), 0.0)
        header = rtp.parse(stream.last)
        found = rtp.vp8(stream.last[header.payload :])
        pictures.append((found.picture, found.tl0))
    assert pictures == [(1, 1), (2, 2), (3, 3), (4, 4)]


@pytest.mark.slow
def test_long_stream_survives_many_wraps() -> None:
    stream = Stream()
    before = 100
    for number in range(200_000):
        header = stream.relay("a", packet(number & 0xFFFF, number * 960 & 0xFFFFFFFF), number * 0.02)
        assert header is not None
        assert header.sequence == (before + 1) & 0xFFFF
        before = header.sequence


def test_same_source_resumes_without_a_gap_after_a_cut() -> None:
    stream = Stream()
    stream.relay("a", packet(10, 0), 0.0)
    stream.rewriter.cut()
    header = stream.relay("a", packet(400, 90000 * 4), 4.0)
    assert header is not None
    assert header.sequence == 102


def test_mix_takes_over_and_hands_back() -> None:
    stream = Stream()
    relayed = stream.relay("a", packet(10, 0), 0.0)
    sequence, data = stream.rewriter.append(b"mix", 960, False, 0.5)
    mixed = rtp.parse(data)
    again = stream.relay("a", packet(60, 0), 0.6)
    assert relayed is not None
    assert again is not None
    assert (relayed.sequence, sequence, again.sequence) == (101, 102, 103)
    assert mixed.timestamp - relayed.timestamp == 45000  # the mixed packet follows half a second after the relayed one
    assert abs(again.timestamp - mixed.timestamp - 9000) <= 1


def test_mix_of_one_voice_switches_to_it_and_back_without_a_gap() -> None:
    stream = Stream()
    headers = [rtp.parse(stream.rewriter.append(b"mix", 960, False, 0.0)[1])]
    stream.rewriter.follow("a", rtp.parse(packet(65_535, 0xFFFFFFF0)))
    for number in (1, 2, 4, 3):
        changed = stream.relay("a", packet((65_535 + number) & 0xFFFF, (0xFFFFFFF0 + number * 960) & 0xFFFFFFFF), 7.0)
        assert changed is not None
        headers.append(changed)
    assert stream.relay("a", packet(65_535, 0xFFFFFFF0), 7.0) is None, "sent already"
    stream.rewriter.mix_again()
    headers.append(rtp.parse(stream.rewriter.append(b"mix", 960, False, 9.0)[1]))
    numbers = [0, 1, 2, 4, 3, 5]
    assert [rtp.ahead(each.sequence, headers[0].sequence) for each in headers] == numbers
    assert [rtp.ticks_ahead(each.timestamp, headers[0].timestamp) for each in headers] == [960 * number for number in numbers]


def test_timestamps_cover_time_that_the_mix_skipped() -> None:
    stream = Stream()
    first = rtp.parse(stream.rewriter.append(b"mix", 960, False, 0.0)[1])
    stream.rewriter.skip(3 * 960)
    second = rtp.parse(stream.rewriter.append(b"mix", 960, False, 0.1)[1])
    assert second.timestamp - first.timestamp == 4 * 960


def test_unsent_silence_keeps_its_length() -> None:
    """With DTX, the packet after a pause has the next sequence number but a far later timestamp.

    The rewriter must keep the difference of the sequence numbers and the difference of the timestamps.
    """
    out = rtp.Rewriter(1, 111, 48000, 500, 0xFFFFF000)
    headers = []
    for sequence, timestamp in (
        (65_534, 0xFFFFFE00),
        (65_535, 0xFFFFFE00 + 960),
        (0, 0xFFFFFE00 + 960 * 21),
        (1, 0xFFFFFE00 + 960 * 22),
    ):
        data = packet(sequence, timestamp & 0xFFFFFFFF)
        changed = out.relay("a", data, rtp.parse(data), sequence * 0.02)
        assert changed is not None
        headers.append(rtp.parse(changed[1]))
    assert [rtp.ahead(each.sequence, headers[0].sequence) for each in headers] == [0, 1, 2, 3]
    assert [rtp.ticks_ahead(each.timestamp, headers[0].timestamp) for each in headers] == [0, 960, 960 * 21, 960 * 22]


@pytest.mark.parametrize("milliseconds", [10, 20, 40, 60])
def test_timestamps_survive_reordering_repeats_and_wraps(milliseconds: int) -> None:
    ticks = 48 * milliseconds
    out = rtp.Rewriter(1, 111, 48000, 500, 77)
    order = [0, 1, 3, 2, 2, 4, 6, 5, 7]
    found = {}
    for number in order:
        data = packet(65_533 + number & 0xFFFF, 0xFFFFFF00 + number * ticks & 0xFFFFFFFF)
        changed = out.relay("a", data, rtp.parse(data), 1.0)
        assert changed is not None
        header = rtp.parse(changed[1])
        found[number] = (header.sequence, header.timestamp)
    first_sequence, first_timestamp = found[0]
    assert found == {
        number: ((first_sequence + number) & 0xFFFF, (first_timestamp + number * ticks) & 0xFFFFFFFF) for number in range(8)
    }
