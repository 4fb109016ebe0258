"""Reads recorded tracks from beginning to end, and returns the samples or the video frame of a given time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from media.mixer.opus import RATE, Decoder, OpusError

from .layout import Box

Samples = NDArray[np.int16]
PER_MS = RATE // 1000


class Sound:
    """One voice track. Times are ms from the track's beginning. Each call must ask for a later time than the call before.

    If the file is cut off, the sound before the cut is still read.
    """

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path))
        self._packets = self._decode()
        self._at = 0
        self._held = np.zeros(0, np.int16)

    def _decode(self) -> Iterator[tuple[int, Samples]]:
        decoder = Decoder()
        try:
            for packet in self._container.demux(self._container.streams.audio[0]):
                if packet.pts is None or not packet.size:
                    continue
                try:
                    samples = decoder.decode(bytes(packet))
                except OpusError:
                    continue
                yield round(float(packet.pts * packet.time_base) * 1000) * PER_MS, samples
        except av.FFmpegError:
            return

    def take(self, begin_ms: int, length_ms: int) -> Samples:
        """Return the samples of `length_ms` from `begin_ms` on (48 kHz, mono). They are zero where the track has no sound."""
        begin, end = begin_ms * PER_MS, (begin_ms + length_ms) * PER_MS
        out = np.zeros(end - begin, np.int16)
        while True:
            first, last = max(begin, self._at), min(end, self._at + len(self._held))
            if first < last:
                out[first - begin : last - begin] = self._held[first - self._at : last - self._at]
            if self._at + len(self._held) >= end:
                return out
            following = next(self._packets, None)
            if following is None:
                return out
            self._at, self._held = following

    def close(self) -> None:
        """Close the file."""
        self._container.close()


class Picture:
    """One camera or screen track. Times are ms from the track's beginning. Each call must ask for a later time than the last."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path))
        self._frames = self._decode()
        self._shown: av.VideoFrame | None = None
        self._next = next(self._frames, None)
        self._scaled: tuple[tuple[int, int], NDArray[np.uint8]] | None = None

    def _decode(self) -> Iterator[tuple[float, av.VideoFrame]]:
        try:
            for frame in self._container.decode(self._container.streams.video[0]):
                yield float(frame.time or 0) * 1000, frame
        except av.FFmpegError:
            return

    def at(self, ms: int) -> tuple[int, int] | None:
        """Advance to `ms`. Return (width, height) of the frame that is shown at `ms`. None: the first frame comes later."""
        while self._next is not None and self._next[0] <= ms:
            self._shown, self._scaled = self._next[1], None
            self._next = next(self._frames, None)
        return None if self._shown is None else (self._shown.width, self._shown.height)

    def draw(self, box: Box, planes: Planes) -> None:
        """Draw the track's present frame into `box` of the output frame."""
        if self._shown is None:
            return
        if self._scaled is None or self._scaled[0] != (box.width, box.height):
            scaled = self._shown.reformat(width=box.width, height=box.height, format="yuv420p").to_ndarray()
            self._scaled = ((box.width, box.height), np.asarray(scaled, np.uint8).reshape(-1))
        planes.put(self._scaled[1], box)

    def close(self) -> None:
        """Close the file."""
        self._container.close()


class Planes:
    """One output frame in 4:2:0, into which videos are drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.y = np.full((height, width), 24, np.uint8)
        self.u = np.full((height // 2, width // 2), 128, np.uint8)
        self.v = np.full((height // 2, width // 2), 128, np.uint8)

    def put(self, flat: NDArray[np.uint8], box: Box) -> None:
        """Copy a 4:2:0 image into `box`. `flat`: the planes Y, U and V one after the other, in the size of `box`."""
        size = box.width * box.height
        half = (slice(box.y // 2, (box.y + box.height) // 2), slice(box.x // 2, (box.x + box.width) // 2))
        self.y[box.y : box.y + box.height, box.x : box.x + box.width] = flat[:size].reshape(box.height, box.width)
        self.u[half] = flat[size : size * 5 // 4].reshape(box.height // 2, box.width // 2)
        self.v[half] = flat[size * 5 // 4 :].reshape(box.height // 2, box.width // 2)

    def frame(self) -> av.VideoFrame:
        """Return the output frame with all videos that have been drawn into it."""
        height, width = self.y.shape
        flat = np.concatenate([self.y.reshape(-1), self.u.reshape(-1), self.v.reshape(-1)])
        return av.VideoFrame.from_ndarray(flat.reshape(height * 3 // 2, width), format="yuv420p")
