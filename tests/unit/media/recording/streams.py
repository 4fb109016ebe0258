"""Streams as a worker gives them to its recorder: RTP packets of Opus tones and VP8 video, with arrival times."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from media.mixer.opus import Encoder
from media.packets import rtp

Packets = list[tuple[float, bytes]]
RATE = 48_000


def tone(hz: int, seconds: float, at: float, *, sequence: int = 65_500, timestamp: int = 2**32 - 9600) -> Packets:
    """Return packets of 20 ms, the first at the Unix time `at` in s. Their sequence numbers and timestamps wrap."""
    encoder = Encoder()
    found: Packets = []
    for number in range(round(seconds * 50)):
        when = np.arange(number * 960, (number + 1) * 960) / RATE
        payload = encoder.encode((12000 * np.sin(2 * np.pi * hz * when)).astype(np.int16))
        header = ((sequence + number) & 0xFFFF, (timestamp + number * 960) & 0xFFFFFFFF)
        found.append((at + number * 0.02, rtp.build(111, False, *header, 1, payload)))
    return found


def picture(
    luma: int,
    seconds: float,
    at: float,
    *,
    fps: int = 10,
    key_every: int = 10,
    part_bytes: int = 300,
    size: tuple[int, int] = (160, 120),
) -> Packets:
    """Return packets of grey video. Each frame takes several packets."""
    width, height = size
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, "yuv420p", Fraction(1, fps)
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    noise = np.random.default_rng(1)
    found: Packets = []
    sequence = 7
    for number in range(round(seconds * fps)):
        planes = np.full((height * 3 // 2, width), 128, np.uint8)
        planes[:height] = luma
        planes[:8, :] = noise.integers(0, 255, (8, width))  # noise, so that a frame needs more than one packet
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number
        if number % key_every == 0:
            frame.pict_type = av.video.frame.PictureType.I
        data = b"".join(bytes(each) for each in encoder.encode(frame))
        parts = [data[start : start + part_bytes] for start in range(0, len(data), part_bytes)]
        for index, part in enumerate(parts):
            descriptor = b"\x10" if index == 0 else b"\x00"
            marker = index == len(parts) - 1
            found.append((at + number / fps, rtp.build(96, marker, sequence, number * 90_000 // fps, 2, descriptor + part)))
            sequence = (sequence + 1) & 0xFFFF
    return found


def loudness(path: Path, hz: int, step_s: float = 0.1) -> list[bool]:
    """Return for each `step_s` seconds of the file whether this tone is heard."""
    return [_has(samples, hz) for samples in _steps(decoded(path), step_s)]


def decoded(path: Path) -> np.ndarray:
    """Return the file's sound in mono. Each decoded frame begins at the time that its timestamp gives."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        pieces = [(float(frame.time or 0), np.asarray(frame.to_ndarray(), np.float32)) for frame in container.decode(stream)]
    end = max(round(at * RATE) + samples.shape[-1] for at, samples in pieces)
    sound = np.zeros(end, np.float32)
    for at, samples in pieces:
        begin = round(at * RATE)
        sound[begin : begin + samples.shape[-1]] = samples[0]
    return sound


def _steps(sound: np.ndarray, step_s: float) -> Iterator[np.ndarray]:
    size = round(step_s * RATE)
    for start in range(0, len(sound) - size + 1, size):
        yield sound[start : start + size]


def _has(samples: np.ndarray, hz: int) -> bool:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    at = round(hz * len(samples) / RATE)
    return bool(spectrum[at - 1 : at + 2].max() > 20)


def pictures(path: Path) -> list[tuple[float, int, int]]:
    """Return (time in s, width, luma in the middle) of each frame. Fail if a frame cannot be decoded."""
    found: list[tuple[float, int, int]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0]):
            luma = frame.to_ndarray(format="yuv420p")[frame.height // 2, frame.width // 2]
            found.append((float(frame.time or 0), frame.width, int(luma)))
    return found
