"""VP8 frames from RTP payloads in order (RFC 7741), pure."""

from __future__ import annotations

from typing import NamedTuple

from media.packets import rtp

from .order import Ordered

MAX_FRAME_BYTES = 2 * 1024 * 1024
"""A 1080p keyframe at the best quality has about 300 KB; more is nobody's picture."""
_START = b"\x9d\x01\x2a"


class Frame(NamedTuple):
    """`size`: (width, height) of a keyframe, None of others. `arrived`: of its first packet."""

    data: bytes
    timestamp: int
    arrived: float
    size: tuple[int, int] | None


class Frames:
    """Begins with a keyframe; after a loss nothing until the next one, because what follows refers to what is missing."""

    def __init__(self) -> None:
        self._whole = False
        self._parts: list[bytes] = []
        self._bytes = 0
        self._timestamp = 0
        self._arrived = 0.0

    def push(self, ordered: Ordered) -> Frame | None:
        """The frame that this packet completes."""
        packet, header = ordered.packet, ordered.packet.header
        if ordered.after_loss:
            self._break()
        if not packet.payload:
            return None  # padding
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
    """RFC 6386 section 9.1; None: no (whole) keyframe."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != _START:
        return None
    width = int.from_bytes(frame[6:8], "little") & 0x3FFF
    height = int.from_bytes(frame[8:10], "little") & 0x3FFF
    return (width, height) if width and height else None
