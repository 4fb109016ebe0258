"""RTP packets (RFC 3550), header extensions (RFC 8285) and VP8's descriptor (RFC 7741): pure functions on bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

HEADER = struct.Struct("!BBHII")
SEQUENCES = 1 << 16
TIMESTAMPS = 1 << 32
ONE_BYTE = 0xBEDE  # profile of one-byte header extensions (RFC 8285)
RESTART = 3000
"""A jump in sequence numbers by more than this means that the sender has restarted. A smaller jump is loss or reordering."""
MIX = "mix"
"""The mixer's name as a source: packets that the mixer makes have this source."""


class RtpError(Exception):
    """The data is not an RTP packet that can be relayed."""


class Header(NamedTuple):
    """RTP header. `payload` and `end` are offsets: the payload is `data[payload:end]`, without padding.

    `extension`: offset of the body of the header extensions. `profile`: their profile; 0 if the packet has no header extensions.
    """

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    extension: int
    profile: int
    payload: int
    end: int


def parse(data: bytes) -> Header:
    """Return the header of an RTP packet. Raise only `RtpError`."""
    size = len(data)
    if size < 12 or data[0] >> 6 != 2:
        raise RtpError("not RTP")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    offset = 12 + 4 * (first & 0x0F)
    extension = offset
    profile = 0
    if first & 0x10:
        if size < offset + 4:
            raise RtpError("extension beyond the end")
        profile = data[offset] << 8 | data[offset + 1]
        extension = offset + 4
        offset = extension + 4 * (data[offset + 2] << 8 | data[offset + 3])
    end = size
    if first & 0x20:
        end -= data[-1]
        if data[-1] == 0:
            raise RtpError("bad padding")
    if offset > end:
        raise RtpError("header beyond the end")
    return Header(second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, extension, profile, offset, end)


def extension(data: bytes, header: Header, identifier: int) -> bytes | None:
    """Return the value of one header extension, in one- or two-byte form. None: the extension is missing or malformed."""
    if header.profile == ONE_BYTE:
        long = 1
    elif header.profile & 0xFFF0 == 0x1000:
        long = 2
    else:
        return None
    at = header.extension
    end = header.payload
    while at < end:
        if data[at] == 0:  # a padding byte between two extensions
            at += 1
            continue
        if long == 1:
            found, size = data[at] >> 4, (data[at] & 0x0F) + 1
            if found == 15:
                return None
        else:
            if at + 1 >= end:
                return None
            found, size = data[at], data[at + 1]
        at += long
        if at + size > end:
            return None
        if found == identifier:
            return data[at : at + size]
        at += size
    return None


def build(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """Return a packet without CSRCs, extensions or padding."""
    return HEADER.pack(0x80, payload_type | (0x80 if marker else 0), sequence, timestamp, ssrc) + payload


def ahead(new: int, old: int) -> int:
    """Return how many sequence numbers `new` is after `old` (negative: before), across the wrap."""
    return ((new - old + 0x8000) & 0xFFFF) - 0x8000


def ticks_ahead(new: int, old: int) -> int:
    """Return how many timestamp ticks `new` is after `old` (negative: before), across the wrap."""
    return ((new - old + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@dataclass(slots=True)
class Vp8:
    """VP8 payload descriptor. `…_at` are offsets into the payload; -1: missing. `picture_bits` is 7 or 15."""

    keyframe: bool
    starts_frame: bool
    picture_at: int = -1
    picture_bits: int = 0
    picture: int = 0
    tl0_at: int = -1
    tl0: int = 0
    payload_at: int = 0


def vp8(payload: bytes) -> Vp8:
    """Return the descriptor of RFC 7741 section 4.2. Raise only `RtpError`."""
    try:
        return _vp8(payload)
    except IndexError:
        raise RtpError("short VP8 descriptor") from None


def _vp8(payload: bytes) -> Vp8:
    first = payload[0]
    starts = bool(first & 0x10) and first & 0x07 == 0
    found = Vp8(False, starts)
    at = 1
    if first & 0x80:
        bits = payload[1]
        at = 2
        if bits & 0x80:
            found.picture_at = at
            found.picture_bits = 15 if payload[at] & 0x80 else 7
            found.picture = payload[at] & 0x7F
            if found.picture_bits == 15:
                found.picture = found.picture << 8 | payload[at + 1]
            at += 2 if found.picture_bits == 15 else 1
        if bits & 0x40:
            found.tl0_at = at
            found.tl0 = payload[at]
            at += 1
        if bits & 0x30:
            at += 1
    found.payload_at = at
    # The payload header's P bit (section 4.3) is 0 in a keyframe.
    found.keyframe = starts and payload[at] & 0x01 == 0
    return found


class Rewriter:
    """Rewriter of one outgoing stream, which stays continuous while its source changes.

    Sequence numbers, timestamps and VP8 picture ids continue as if one sender had sent all packets. `clock`: timestamp ticks per
    second. `sequence`, `timestamp`: the first packet continues from these numbers. `packets`, `octets`: how many packets and
    payload bytes were sent so far. `source`: the stream whose packets are relayed now, or `MIX` while the mixer makes the
    packets. None: nothing was sent yet.
    """

    def __init__(self, ssrc: int, payload_type: int, clock: int, sequence: int, timestamp: int) -> None:
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.packets = 0
        self.octets = 0
        self.source: object = None
        self._clock = clock
        self._sequence = sequence
        self._timestamp = timestamp
        self._at: float | None = None
        self._advanced = 0
        self._sequence_offset = 0
        self._timestamp_offset = 0
        self._picture = self._tl0 = 0
        self._picture_offset = self._tl0_offset = 0

    def starts(self, source: object, header: Header) -> bool:
        """Return whether this packet comes from a new source, or follows a restart of the source.

        If so, video must wait for a keyframe.
        """
        return source is not self.source or not -RESTART < self._step(header) < RESTART

    def relay(
        self, source: object, data: bytes, header: Header, now: float, picture: Vp8 | None = None
    ) -> tuple[int, bytes] | None:
        """Return the outgoing sequence number and packet. Return None for a packet from before this stream's change to `source`.

        `picture`: the descriptor of a VP8 packet; None: this is no VP8 packet.
        """
        step = self._step(header)
        if source is not self.source or not -RESTART < step < RESTART:
            self._switch(source, header, now, picture)
            step = 1
        elif -step >= self._advanced:
            return None
        sequence = (header.sequence + self._sequence_offset) & 0xFFFF
        timestamp = (header.timestamp + self._timestamp_offset) & 0xFFFFFFFF
        if step > 0:
            self._advanced += step
            self._sequence = sequence
            self._timestamp = timestamp
            self._at = now
        payload = data[header.payload : header.end]
        if picture is not None:
            payload = self._pictures(payload, picture)
        return sequence, self._build(header.marker, sequence, timestamp, payload)

    def _step(self, header: Header) -> int:
        """Return by how many sequence numbers this packet would advance the stream. 0 or less: the packet fills a gap."""
        return ((header.sequence + self._sequence_offset - self._sequence + 0x8000) & 0xFFFF) - 0x8000

    def skip(self, ticks: int) -> None:
        """Advance the timestamp over `ticks` of sound that the mixer never made, because the worker was late."""
        if self.source is MIX:
            self._timestamp = (self._timestamp + ticks) & 0xFFFFFFFF

    def append(self, payload: bytes, ticks: int, marker: bool, now: float, lost: int = 0) -> tuple[int, bytes]:
        """Return (sequence number, packet) for a payload of the mix.

        `ticks`: timestamp ticks since the last packet. `lost`: number of packets that are missing between the last packet and
        this packet.
        """
        if self.source is not MIX:
            self.source = MIX
            ticks = max(ticks, self._elapsed(now))
        self._sequence = (self._sequence + 1 + lost) & 0xFFFF
        self._timestamp = (self._timestamp + ticks) & 0xFFFFFFFF
        self._at = now
        return self._sequence, self._build(marker, self._sequence, self._timestamp, payload)

    def follow(self, source: object, header: Header) -> None:
        """Record that the packet appended last was the packet of `source` with this header.

        Later packets of `source` then continue this stream without a gap.
        """
        self.source, self._advanced = source, 0
        self._sequence_offset = (self._sequence - header.sequence) & 0xFFFF
        self._timestamp_offset = (self._timestamp - header.timestamp) & 0xFFFFFFFF

    def mix_again(self) -> None:
        """Return from relaying (`follow`) to the mix (`append`). The next appended packet continues the stream without a gap."""
        self.source = MIX

    def cut(self) -> None:
        """Forget the source. The next packet continues the stream without a gap, even if packets before it were left out."""
        self.source = None

    def timestamp_at(self, now: float) -> int | None:
        """Return the timestamp that a packet would have if it were sent now. None: nothing was sent yet."""
        if self._at is None:
            return None
        return (self._timestamp + int((now - self._at) * self._clock)) & 0xFFFFFFFF

    def translate(self, timestamp: int) -> int:
        """Return the outgoing timestamp for a timestamp of the present source."""
        return (timestamp + self._timestamp_offset) & 0xFFFFFFFF

    def lend(self, to: Any) -> None:
        """Copy the state into the fast path's struct `fastpath_out`, because the fast path rewrites packets from now on.

        `refresh` copies the state back. Call `lend` only after this stream has sent a packet.
        """
        to.ssrc, to.payload_type, to.packets, to.octets = self.ssrc, self.payload_type, self.packets, self.octets
        to.sequence, to.sequence_offset, to.advanced = self._sequence, self._sequence_offset, self._advanced
        to.timestamp, to.timestamp_offset, to.at = self._timestamp, self._timestamp_offset, self._at
        to.picture, to.picture_offset, to.tl0, to.tl0_offset = self._picture, self._picture_offset, self._tl0, self._tl0_offset

    def refresh(self, of: Any) -> None:
        """Copy the state back from the fast path's struct `fastpath_out`."""
        self.packets, self.octets, self._advanced = of.packets, of.octets, of.advanced
        self._sequence, self._timestamp, self._at = of.sequence, of.timestamp, of.at
        self._picture, self._tl0 = of.picture, of.tl0

    def has_sent(self, source: object, sequence: int) -> bool:
        """Return whether the newest packet of this stream is the packet of `source` with this sequence number."""
        return source is self.source and (sequence + self._sequence_offset) & 0xFFFF == self._sequence

    def _build(self, marker: bool, sequence: int, timestamp: int, payload: bytes) -> bytes:
        self.packets += 1
        self.octets += len(payload)
        return HEADER.pack(0x80, self.payload_type | (0x80 if marker else 0), sequence, timestamp, self.ssrc) + payload

    def _elapsed(self, now: float) -> int:
        """Return the timestamp ticks since the last packet, but at least those of 20 ms.

        So packets of two sources never have the same timestamp.
        """
        passed = 0 if self._at is None else int((now - self._at) * self._clock)
        return max(passed, self._clock // 50)

    def _switch(self, source: object, header: Header, now: float, picture: Vp8 | None) -> None:
        self.source = source
        self._advanced = 0
        self._sequence_offset = (self._sequence + 1 - header.sequence) & 0xFFFF
        self._timestamp_offset = (self._timestamp + self._elapsed(now) - header.timestamp) & 0xFFFFFFFF
        if picture is not None:
            self._picture_offset = (self._picture + 1 - picture.picture) & 0x7FFF
            self._tl0_offset = (self._tl0 + 1 - picture.tl0) & 0xFF

    def _pictures(self, payload: bytes, picture: Vp8) -> bytes:
        """Rewrite picture ids. Leave 7-bit ids unchanged, because 7 bits cannot hold the offset.

        Receivers accept a keyframe with any picture id.
        """
        changed = bytearray(payload)
        if picture.picture_bits == 15:
            value = (picture.picture + self._picture_offset) & 0x7FFF
            changed[picture.picture_at] = 0x80 | value >> 8
            changed[picture.picture_at + 1] = value & 0xFF
            if (value - self._picture) & 0x7FFF < 0x4000:
                self._picture = value
        if picture.tl0_at >= 0:
            value = (picture.tl0 + self._tl0_offset) & 0xFF
            changed[picture.tl0_at] = value
            if (value - self._tl0) & 0xFF < 0x80:
                self._tl0 = value
        return bytes(changed)
