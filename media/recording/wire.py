"""What a worker tells its recorder: length-prefixed messages on one stream socket; and the answers, the other way.

Packets and clocks are packed by hand, because they are many; all else is msgpack.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec
from msgspec import Struct

from media.api.recording_files import Kind

PREFIX = struct.Struct("<I")
PACKET = struct.Struct("<BId")
"""Kind of message, track, arrival (Unix time, s); the RTP packet follows."""
CLOCK = struct.Struct("<BIdI")
"""Kind of message, track, when (Unix time, s) what carries this RTP timestamp was captured."""
IS_PACKET, IS_CLOCK, IS_COMMAND = 0, 1, 2
MAX_MESSAGE_BYTES = 256 * 1024


class Begin(Struct, tag="begin", kw_only=True):
    segment: int
    room: str
    epoch: int
    period: int
    at: float


class Track(Struct, tag="track", kw_only=True):
    """A stream of a segment; its packets name it by `track`. `after`: the same picture in another layer, which this one takes
    over from; -1: none."""

    segment: int
    track: int
    participant: str
    kind: Kind
    after: int = -1


class Reach(Struct, tag="reach", kw_only=True):
    segment: int
    at: float
    hears: dict[str, list[str]]
    sees: dict[str, list[tuple[str, Kind]]]


class End(Struct, tag="end", kw_only=True):
    segment: int
    at: float


class Over(Struct, kw_only=True):
    """The recorder's answer: this segment is closed. reason as in `segments.Ended`."""

    segment: int
    reason: Literal["", "disk_full", "write_failed"] = ""


Command = Begin | Track | Reach | End
_encode = msgspec.msgpack.Encoder().encode
decode_command = msgspec.msgpack.Decoder(Command).decode
decode_over = msgspec.msgpack.Decoder(Over).decode


def framed(body: bytes) -> bytes:
    return PREFIX.pack(len(body)) + body


def command(value: Command) -> bytes:
    return framed(bytes([IS_COMMAND]) + _encode(value))


def over(value: Over) -> bytes:
    return framed(_encode(value))


def packet(track: int, at: float, data: bytes) -> bytes:
    return PREFIX.pack(PACKET.size + len(data)) + PACKET.pack(IS_PACKET, track, at) + data


def clock(track: int, captured: float, timestamp: int) -> bytes:
    return framed(CLOCK.pack(IS_CLOCK, track, captured, timestamp))


class Frames:
    """Cuts a stream into messages. ValueError: over `MAX_MESSAGE_BYTES` (only a fault of ours sends such)."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._rest += data
        found: list[bytes] = []
        at = 0
        while len(self._rest) - at >= PREFIX.size:
            (size,) = PREFIX.unpack_from(self._rest, at)
            if size > MAX_MESSAGE_BYTES:
                raise ValueError("message too large")
            end = at + PREFIX.size + size
            if end > len(self._rest):
                break
            found.append(bytes(self._rest[at + PREFIX.size : end]))
            at = end
        del self._rest[:at]
        return found
