"""VP8 frames from RTP payloads in order (RFC 7741). This code does no I/O."""

from __future__ import annotations

from typing import NamedTuple

from media.packets import rtp

from .order import Ordered

MAX_FRAME_BYTES = 2 * 1024 * 1024
"""A frame with more bytes is dropped, because no real video has such frames. A 1080p keyframe at the best quality has about
300 KB."""
_START = b"\x9d\x01\x2a"


class Frame(NamedTuple):
    """One whole frame. `arrived`: when the frame's first packet arrived.

    `size`: (width, height) in pixels of a keyframe. None: this is no keyframe.
    """

    data: bytes
    timestamp: int
    arrived: float
    size: tuple[int, int] | None


class Frames:
    """Frame assembler. The first frame that it returns is a keyframe.

    After a loss the assembler drops all frames until the next keyframe, because these frames can depend on missing frames.
    """

    def __init__(self) -> None:
        self._whole = False
        self._parts: list[bytes] = []
        self._bytes = 0
        self._timestamp = 0
        self._arrived = 0.0

    def push(self, ordered: Ordered) -> Frame | None:
        """Add a packet. Return the frame that this packet completes. None: the packet completes no frame."""
        packet, header = ordered.packet, ordered.packet.header
        if ordered.after_loss:
            self._break()
        if not packet.payload:
            return None  # an RTP packet of padding only
        try:
            picture = rtp.vp8(packet.payload)
        except rtp.RtpError:
            self._break()
            return None
        if picture.starts_frame:
            if self._parts:
                self._break()
            if not (self._whole or picture.keyframe):
                return None
            self._whole = True
            self._timestamp, self._arrived = header.timestamp, packet.at
        elif not self._parts or header.timestamp != self._timestamp:
            self._break()
        if not self._whole:
            return None
        self._parts.append(packet.payload[picture.payload_at :])
        self._bytes += len(packet.payload)
        if self._bytes > MAX_FRAME_BYTES:
            self._break()
        return self._take() if header.marker and self._parts else None

    def _take(self) -> Frame:
        data = b"".join(self._parts)
        self._parts, self._bytes = [], 0
        return Frame(data, self._timestamp, self._arrived, keyframe_size(data))

    def _break(self) -> None:
        self._whole = False
        self._parts, self._bytes = [], 0


def keyframe_size(frame: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a keyframe (RFC 6386 section 9.1). None: `frame` is no keyframe, or not whole."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != _START:
        return None
    width = int.from_bytes(frame[6:8], "little") & 0x3FFF
    height = int.from_bytes(frame[8:10], "little") & 0x3FFF
    return (width, height) if width and height else None
