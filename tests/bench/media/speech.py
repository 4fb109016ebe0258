"""Recorded speech from Debian's package `alsa-utils`. The speech is encoded once, so every server gets the same Opus packets."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.mixer.opus import RATE, Encoder, Samples

FOLDER = Path("/usr/share/sounds/alsa")
FRAME = 960
NOISE_DBOV = -55.0  # Loudness of the noise in a quiet room.
HUSH_DBOV = -80.0  # Loudness of the noise of a muted microphone.


@dataclass(frozen=True)
class Packets:
    """Packets of 20 ms each. `levels`: audio levels of the packets by RFC 6464, from 0 (loudest) to 127."""

    payloads: list[bytes]
    levels: list[int]
    samples: Samples


@cache
def words() -> Samples:
    """Return about eleven seconds of a recorded voice, mono, 48 kHz: all recordings, one after the other."""
    parts: list[NDArray[np.int16]] = []
    for path in sorted(FOLDER.glob("*_*.wav")):
        with wave.open(str(path)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2), path
            parts.append(np.frombuffer(file.readframes(file.getnframes()), np.int16))
    if not parts:
        raise FileNotFoundError(f"no recorded speech in {FOLDER}: sudo apt-get install alsa-utils")
    whole = np.concatenate(parts)
    return whole[: len(whole) // FRAME * FRAME]


def level(samples: Samples) -> int:
    power = float(np.mean(np.square(samples.astype(np.float64)))) / 32768**2
    return 127 if power == 0 else min(127, max(0, round(-10 * np.log10(power))))


def packets(samples: Samples) -> Packets:
    encoder = Encoder(complexity=5)
    frames = samples.reshape(-1, FRAME)
    return Packets([encoder.encode(frame) for frame in frames], [level(frame) for frame in frames], samples)


@cache
def voice(person: int) -> Packets:
    """Return the packets of one person.

    All people say the same words, but each person starts at another place of the recording.
    """
    return packets(np.roll(words(), -FRAME * 97 * person))


@cache
def noise(dbov: float, seconds: int = 5) -> Packets:
    spread = 32768 * 10 ** (dbov / 20)
    return packets((np.random.default_rng(7).normal(0, spread, RATE * seconds)).round().astype(np.int16))
