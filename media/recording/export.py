"""Exports a whole recording into one file: mixes the sound and arranges the videos.

`python -m media.recording.export < plan.json` reads the plan, and prints the progress in percent, one number per line. The plan
(`recording_files.Plan`) says when each track is heard or shown. The file contains nothing that the plan does not name.
"""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
from numpy.typing import NDArray

from media.api.recording_files import Plan, PlanTrack

from .layout import fit, layout
from .reading import PER_MS, Picture, Planes, Sound

BLOCK_MS = 1000  # ms; sound and video are written in blocks of this length
SAMPLE_RATE = 48_000
NICE = 10
"""Niceness of this process: its priority is lower than that of the processes that serve calls."""
AT_LEAST_EVERY_MS = 1000
"""Longest time in ms between two video frames, also when nothing moves."""
CODECS: dict[str, tuple[str, dict[str, str], str]] = {
    ".webm": ("libvpx", {"deadline": "realtime", "cpu-used": "6", "crf": "12", "b": "2M"}, "libopus"),
    ".mp4": ("libx264", {"preset": "veryfast", "crf": "26"}, "aac"),
}


class Opened:
    """One track of the plan. The track's file is opened when it is first read."""

    def __init__(self, track: PlanTrack) -> None:
        self.track = track
        self._reader: Sound | Picture | None = None

    @property
    def sound(self) -> Sound:
        if not isinstance(self._reader, Sound):
            self._reader = Sound(Path(self.track.path))
        return self._reader

    @property
    def picture(self) -> Picture:
        if not isinstance(self._reader, Picture):
            self._reader = Picture(Path(self.track.path))
        return self._reader

    def touches(self, begin: int, end: int) -> bool:
        """Return whether the track overlaps [begin, end) in Unix ms."""
        return self.track.began < end and begin < self.track.ended

    def shown(self, at: int) -> bool:
        """Return whether the plan shows the track at the time `at` (Unix ms)."""
        return any(begin <= at < end for begin, end in self.track.spans)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def mixed(tracks: list[Opened], begin: int, length_ms: int) -> NDArray[np.int16]:
    """Return `length_ms` of sound from `begin` (Unix ms): the sum of the tracks that the plan makes audible, clamped to int16.

    The array has `length_ms * PER_MS` samples (48 kHz, mono).
    """
    total = np.zeros(length_ms * PER_MS, np.int32)
    for opened in tracks:
        track = opened.track
        if not opened.touches(begin, begin + length_ms):
            continue
        skip = max(0, track.began - begin)
        samples = opened.sound.take(begin + skip - track.began, length_ms - skip)
        heard = np.zeros(length_ms * PER_MS, bool)
        for span_begin, span_end in track.spans:
            heard[max(0, span_begin - begin) * PER_MS : max(0, span_end - begin) * PER_MS] = True
        total[skip * PER_MS :] += np.where(heard[skip * PER_MS :], samples, 0)
    return np.clip(total, -32768, 32767).astype(np.int16)


class Export:
    """One export of recorded tracks into one video or sound file. The plan names the tracks and the file."""

    def __init__(self, plan: Plan) -> None:
        video_codec, video_options, audio_codec = CODECS[Path(plan.out).suffix]
        self._plan = plan
        self._voices = [Opened(track) for track in plan.tracks if track.kind == "audio"]
        self._pictures = [Opened(track) for track in plan.tracks if track.kind != "audio"]
        self._container: Any = av.open(plan.out, "w")
        self._video: Any = None
        if self._pictures:
            self._video = self._container.add_stream(video_codec, rate=plan.fps, options=video_options)
            self._video.width, self._video.height, self._video.pix_fmt = plan.width, plan.height, "yuv420p"
            self._video.codec_context.time_base = Fraction(1, 1000)
        self._audio: Any = self._container.add_stream(audio_codec, rate=SAMPLE_RATE, layout="mono")
        self._position = 0
        self._last: tuple[object, int] = (None, -AT_LEAST_EVERY_MS)

    def run(self) -> None:
        """Write all pieces of the plan. Print the progress in percent on standard output."""
        whole = sum(end - begin for begin, end in self._plan.pieces)
        for begin, end in self._plan.pieces:
            for at in range(begin, end, BLOCK_MS):
                length = min(BLOCK_MS, end - at)
                self._sound(at, length)
                if self._video is not None:
                    self._show(at, length)
                self._position += length
                print(round(100 * self._position / max(1, whole)), flush=True)  # the caller reads the progress
                for opened in (*self._voices, *self._pictures):
                    if opened.track.ended <= at:
                        opened.close()

    def close(self) -> None:
        """Write the packets that are still in the encoders, and finish the output file."""
        for stream in (self._audio, self._video):
            if stream is not None:
                self._container.mux(stream.encode(None))
        self._container.close()

    def _sound(self, at: int, length: int) -> None:
        frame = av.AudioFrame.from_ndarray(mixed(self._voices, at, length).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._position * PER_MS
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self._container.mux(self._audio.encode(frame))

    def _show(self, begin: int, length: int) -> None:
        for number in range(length * self._plan.fps // 1000 or 1):
            offset = number * 1000 // self._plan.fps
            at = begin + offset
            here = [each for each in self._pictures if each.touches(at, at + 1) and each.shown(at)]
            sizes = [(each, each.picture.at(at - each.track.began)) for each in here]
            shown = [(each, size) for each, size in sizes if size is not None]
            boxes = layout([each.track.kind for each, _ in shown], self._plan.width, self._plan.height)
            planes = Planes(self._plan.width, self._plan.height)
            for (each, size), box in zip(shown, boxes, strict=True):
                each.picture.draw(fit(size, box), planes)
            self._write(planes, self._position + offset)

    def _write(self, planes: Planes, at_ms: int) -> None:
        digest = hash((planes.y.tobytes(), planes.u.tobytes(), planes.v.tobytes()))
        if digest == self._last[0] and at_ms - self._last[1] < AT_LEAST_EVERY_MS:
            return
        self._last = (digest, at_ms)
        frame = planes.frame()
        frame.pts = at_ms
        frame.time_base = Fraction(1, 1000)
        self._container.mux(self._video.encode(frame))


def export(plan: Plan) -> None:
    """Write the file of a plan. Raise OSError or av.FFmpegError when the file cannot be written."""
    work = Export(plan)
    try:
        work.run()
    finally:
        work.close()


def main() -> None:
    os.nice(NICE)
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    try:
        export(plan)
    except (OSError, av.FFmpegError) as error:
        sys.exit(f"The file could not be made: {error}")


if __name__ == "__main__":
    main()
