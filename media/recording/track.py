"""Track: one stream of one participant, written into a WebM file without decoding. The file's time 0 is the track's beginning."""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av

from media.api.recording_files import Kind
from media.mixer.opus import OpusError, packet_samples
from media.packets import rtp
from media.peer.streams import AUDIO_CLOCK, VIDEO_CLOCK

from .order import Arrived, Order, Ordered
from .timing import Clock
from .vp8 import Frame, Frames

AUDIO_WAIT_S, VIDEO_WAIT_S = 0.3, 0.6
"""Seconds for which later packets wait for missing packets. Sound is retransmitted for up to 0.24 s (`DEEPEST` of
`media.peer.requests`), video for up to 0.5 s (`NACK_TRIES` of `media.peer.streams`)."""
GAP_S = 5.0
"""A track ends when its stream sends nothing for this many seconds (muted, camera off). Later packets become a new track."""
DROP_MS = 30.0  # A packet is dropped if it overlaps the sound that was written before it by more than this many ms.
MOST_TICKS_FILLED = int(GAP_S * 400)  # At most this many empty Opus packets, each of 2.5 ms or more, are written to fill one gap.
_MS = Fraction(1, 1000)
_OPTIONS = {"cluster_time_limit": "1000", "flush_packets": "1"}
"""Options of the WebM muxer: one cluster a second. After a crash, at most the last second of the file cannot be read."""


Failure = Literal["disk_full", "write_failed"]


class WriteFailed(Exception):
    """The recording cannot be written to the disk. `reason` says why."""

    def __init__(self, reason: Failure) -> None:
        super().__init__(reason)
        self.reason = reason


FAILURES = (OSError, av.FFmpegError)


def failure(error: Exception) -> WriteFailed:
    """Return the `WriteFailed` for an error of the disk or of the muxer."""
    return WriteFailed("disk_full" if getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT) else "write_failed")


class Track:
    """One track's file. Methods that write or close the file raise WriteFailed.

    The first packet that can be shown or heard creates the file `path`. Until then, `began_ms` and `ended_ms` (Unix ms) are None.
    """

    def __init__(self, path: Path, kind: Kind) -> None:
        self.began_ms: int | None = None
        self.ended_ms: int | None = None
        self.heard: float | None = None
        """Arrival of the newest packet, Unix time in s."""
        self._path = path
        self._audio = kind == "audio"
        self._clock = Clock(AUDIO_CLOCK if self._audio else VIDEO_CLOCK)
        self._order = Order(AUDIO_WAIT_S if self._audio else VIDEO_WAIT_S)
        self._frames = Frames()
        self._container: Any = None
        self._stream: Any = None
        self._zero_ms = 0
        self._next_ms = 0.0
        self._toc = b"\x78"

    def report(self, captured: float, timestamp: int) -> None:
        """Take a report of the sender: the sound or frame with the RTP timestamp `timestamp` was captured at `captured`.

        `captured`: Unix time in s.
        """
        self._clock.report(captured, timestamp)

    def push(self, data: bytes, at: float) -> None:
        """Write one decrypted RTP packet. `at`: its arrival (Unix time, s). Raise rtp.RtpError if the packet is malformed."""
        header = rtp.parse(data)
        self.heard = at
        self._take(self._order.push(Arrived(header, data[header.payload : header.end], at)))

    def passed(self, now: float) -> None:
        """Stop waiting for packets that have been missing for long, and write the packets after them. `now`: Unix time in s."""
        self._take(self._order.late(now))

    def close(self) -> None:
        """Write the packets that the track still holds, and close the track's file."""
        try:
            self._take(self._order.rest())
        finally:
            container, self._container = self._container, None
            if container is not None:
                try:
                    container.close()
                except FAILURES as error:
                    raise failure(error) from None

    def _take(self, packets: list[Ordered]) -> None:
        try:
            for each in packets:
                if self._audio:
                    self._sound(each)
                elif (frame := self._frames.push(each)) is not None:
                    self._picture(frame)
        except FAILURES as error:
            raise failure(error) from None

    # The sound in the file has no gaps, because players skip gaps, and the sound would then get ahead of the video.

    def _sound(self, ordered: Ordered) -> None:
        packet = ordered.packet
        try:
            duration_ms = packet_samples(packet.payload) * 1000 / AUDIO_CLOCK
        except OpusError:
            return
        at_ms = self._clock.at(packet.header.timestamp, packet.at) * 1000
        if self._container is None:
            self._open_sound(at_ms)
        ahead_ms = at_ms - self._zero_ms - self._next_ms
        if ahead_ms < -DROP_MS:
            return  # the sender's clock is fast, so one packet in a few minutes is superfluous
        for _ in range(min(MOST_TICKS_FILLED, round(ahead_ms / duration_ms))):
            self._write_sound(self._toc, duration_ms)
        # A packet with only this byte has a frame of length 0: a lost frame, which the decoder conceals (RFC 6716 section 3.2.1).
        self._toc = bytes([packet.payload[0] & 0xFC])
        self._write_sound(packet.payload, duration_ms)

    def _write_sound(self, payload: bytes, duration_ms: float) -> None:
        self._write(payload, round(self._next_ms), keyframe=True)
        self._next_ms += duration_ms
        self.ended_ms = self._zero_ms + round(self._next_ms)

    def _open_sound(self, at_ms: float) -> None:
        self._open(at_ms)
        # This encoder encodes nothing. It is needed because PyAV makes the Opus header (CodecPrivate) only from an encoder.
        self._stream = self._container.add_stream("libopus", rate=AUDIO_CLOCK, layout="stereo")

    # video

    def _picture(self, frame: Frame) -> None:
        at_ms = self._clock.at(frame.timestamp, frame.arrived) * 1000
        if self._container is None:
            if frame.size is None:
                return
            self._open_pictures(at_ms, *frame.size)
        shown_ms = max(at_ms - self._zero_ms, self._next_ms + 1)
        self._next_ms = shown_ms
        self._write(frame.data, round(shown_ms), keyframe=frame.size is not None)
        self.ended_ms = self._zero_ms + round(shown_ms)

    def _open_pictures(self, at_ms: float, width: int, height: int) -> None:
        self._open(at_ms)
        self._stream = self._container.add_mux_stream("vp8", width=width, height=height, time_base=_MS)
        self._next_ms = -1.0

    def _open(self, at_ms: float) -> None:
        self._container = av.open(str(self._path), "w", format="webm", options=_OPTIONS)
        self._zero_ms = self.began_ms = round(at_ms)

    def _write(self, data: bytes, at_ms: int, *, keyframe: bool) -> None:
        packet = av.Packet(data)
        packet.pts = packet.dts = at_ms
        packet.time_base = _MS
        packet.stream = self._stream
        packet.is_keyframe = keyframe
        self._container.mux(packet)
