"""Messages from a worker to its recorder, and the replies, on one stream socket. Each message has its length before it.

There are many messages with packets and clocks, so these are packed by hand. All other messages are msgpack.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec
from msgspec import Struct

from media.api.recording_files import Kind

PREFIX = struct.Struct("<I")
PACKET = struct.Struct("<BId")
"""Beginning of a message with a packet: kind of message, number of the track, arrival (Unix time, s). The RTP packet follows."""
CLOCK = struct.Struct("<BIdI")
"""A message with a sender's clock: kind of message, number of the track, capture time (Unix time, s), and the RTP timestamp of
the same moment."""
IS_PACKET, IS_CLOCK, IS_COMMAND = 0, 1, 2  # kinds of messages
MAX_MESSAGE_BYTES = 256 * 1024  # a message has at most this many bytes, not counting its length prefix


class Begin(Struct, tag="begin", kw_only=True):
    """Begin a segment of a recording. `at`: when the segment begins (Unix time, s)."""

    segment: int
    room: str
    epoch: int
    period: int
    at: float


class Track(Struct, tag="track", kw_only=True):
    """Announce a stream that belongs to a segment of a recording. Each packet of the stream carries the number `track`.

    `after`: number of the track that this track continues with another layer of the same video. -1: this track continues none.
    """

    segment: int
    track: int
    participant: str
    kind: Kind
    after: int = -1


class Reach(Struct, tag="reach", kw_only=True):
    """Tell who hears and sees whom from now on, as in `recording_files.Reached`. `at`: Unix time in s."""

    segment: int
    at: float
    hears: dict[str, list[str]]
    sees: dict[str, list[tuple[str, Kind]]]


class End(Struct, tag="end", kw_only=True):
    """End a segment of a recording. `at`: Unix time in s."""

    segment: int
    at: float


Ending = Literal["", "disk_full", "write_failed", "worker_lost"]


class Over(Struct, kw_only=True):
    """Reply of the recorder: this segment is closed. `reason`: as in `recording_files.Ended`."""

    segment: int
    reason: Ending = ""


Command = Begin | Track | Reach | End
_encode = msgspec.msgpack.Encoder().encode
decode_command = msgspec.msgpack.Decoder(Command).decode
decode_over = msgspec.msgpack.Decoder(Over).decode


def framed(body: bytes) -> bytes:
    """Return the length of `body`, followed by `body`."""
    return PREFIX.pack(len(body)) + body


def command(value: Command) -> bytes:
    """Return a command for the recorder as a framed message."""
    return framed(bytes([IS_COMMAND]) + _encode(value))


def over(value: Over) -> bytes:
    """Return the recorder's reply `Over` as a framed message."""
    return framed(_encode(value))


def packet(track: int, at: float, data: bytes) -> bytes:
    """Return an RTP packet of a track as a framed message for the recorder. `at`: its arrival (Unix time, s)."""
    return PREFIX.pack(PACKET.size + len(data)) + PACKET.pack(IS_PACKET, track, at) + data


def clock(track: int, captured: float, timestamp: int) -> bytes:
    """Return a framed message that relates a sender's RTP timestamps to time.

    The sound or picture with the RTP timestamp `timestamp` in this track was captured at `captured` (Unix time, s).
    """
    return framed(CLOCK.pack(IS_CLOCK, track, captured, timestamp))


class Frames:
    """Cuts the bytes from the stream socket into messages.

    A message of more than `MAX_MESSAGE_BYTES` shows a fault of its sender.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Add received bytes. Return the messages that are now complete. Raise ValueError for a message that is too long."""
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
