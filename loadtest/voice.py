"""The voice that callers speak: a WAV file, or a synthetic voice, encoded once for all callers.

The synthetic voice says no words, but has the features of speech that matter to codecs and networks: a gliding pitch, vowels with
their formants, four syllables a second, hissed consonants, and pauses between phrases. With a synthetic voice, no recording and
no licence has to be shipped.
"""

from __future__ import annotations

import wave
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.mixer.jitter import TICK_SAMPLES
from media.mixer.opus import RATE, Encoder, Samples

SECONDS = 8
"""Length of the synthetic voice in seconds. Then the voice repeats."""
LONGEST_S = 60
"""At most this many seconds of a WAV file are used."""
BITRATE, COMPLEXITY = 32_000, 5
"""Bits per second and complexity (0 to 10) of the Opus encoder."""
PEAK = 12_000
"""Loudest sample of the synthetic voice. The largest possible sample is 32,767."""
LOUDEST_SILENT = 16
"""A WAV file counts as silent if no two of its samples differ by more than this."""
FORMANTS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
"""Formants in Hz of the vowels a, i, u, e and o (Peterson and Barney, 1952)."""
FORMANT_WIDTHS = (90, 110, 170)
SYLLABLE_S, PHRASE_SYLLABLES, PAUSE_S = 0.24, 8, 0.5
PITCH_HZ, HARMONICS = 130.0, 30


class VoiceError(Exception):
    """The file cannot be used as a voice. The exception's text says why."""


@dataclass(frozen=True)
class Voice:
    """An encoded voice: one Opus payload for each 20 ms.

    `levels`: loudness of each payload as in RFC 6464, 0 (loudest) to 127. `index`: payload → its number, for payloads that occur
    only once.
    """

    payloads: list[bytes]
    levels: list[int]
    index: dict[bytes, int]


def encoded(samples: Samples) -> Voice:
    """Encode mono samples of 48 kHz."""
    encoder = Encoder(bitrate=BITRATE, complexity=COMPLEXITY)
    frames = samples[: len(samples) // TICK_SAMPLES * TICK_SAMPLES].reshape(-1, TICK_SAMPLES)
    payloads = [encoder.encode(frame) for frame in frames]
    times = Counter(payloads)
    once = {payload: number for number, payload in enumerate(payloads) if times[payload] == 1}
    return Voice(payloads, [_level(frame) for frame in frames], once)


def from_file(path: Path) -> Samples:
    """Read a WAV file with 16 bits a sample as mono samples of 48 kHz, at most its first minute. Raises `VoiceError`."""
    try:
        with wave.open(str(path)) as file:
            rate, channels = file.getframerate(), file.getnchannels()
            if file.getsampwidth() != 2:
                raise VoiceError(f"{path.name} does not have 16 bits a sample")
            found = np.frombuffer(file.readframes(rate * LONGEST_S), "<i2").reshape(-1, channels).mean(axis=1)
    except (wave.Error, EOFError) as error:
        raise VoiceError(f"{path.name} is not a readable WAV file: {error}") from None
    except OSError as error:
        raise VoiceError(f"{path.name} cannot be read: {error.strerror}") from None
    if len(found) < rate or found.max() - found.min() <= LOUDEST_SILENT:
        raise VoiceError(f"{path.name} has less than a second of sound")
    at = np.arange(int(len(found) * RATE / rate)) * (rate / RATE)
    spoken: Samples = np.interp(at, np.arange(len(found)), found).astype(np.int16)
    return spoken


def made(seed: int = 1) -> Samples:
    """Make `SECONDS` of the synthetic voice as samples of 48 kHz. Each seed makes a voice with other syllables."""
    chance = np.random.default_rng(seed)
    parts: list[NDArray[np.float64]] = []
    while sum(map(len, parts)) < SECONDS * RATE:
        parts += [_syllable(chance, number / PHRASE_SYLLABLES) for number in range(PHRASE_SYLLABLES)]
        parts.append(np.zeros(int(PAUSE_S * RATE)))
    whole = np.concatenate(parts)[: SECONDS * RATE]
    spoken: Samples = np.round(whole * PEAK / np.abs(whole).max()).astype(np.int16)
    return spoken


def _syllable(chance: np.random.Generator, through: float) -> NDArray[np.float64]:
    """Make one syllable: a hissed consonant and a vowel.

    `through`: position in the phrase, 0 to 1. The pitch falls during a phrase.
    """
    length = int(SYLLABLE_S * RATE * chance.uniform(0.8, 1.2))
    time = np.arange(length) / RATE
    pitch = PITCH_HZ * (1.15 - 0.3 * through) * (1 + 0.05 * np.sin(2 * np.pi * (3 * time + chance.random())))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = FORMANTS[chance.integers(len(FORMANTS))]
    vowel = np.zeros(length)
    for harmonic in range(1, HARMONICS + 1):
        hertz = harmonic * pitch.mean()
        strength = sum(1 / (1 + ((hertz - centre) / width) ** 2) for centre, width in zip(formants, FORMANT_WIDTHS, strict=True))
        vowel += strength / harmonic**0.5 * np.sin(harmonic * phase)
    hiss = np.diff(chance.normal(0, 0.15, length + 1)) * np.clip(1 - time / 0.07, 0, 1)
    shaped: NDArray[np.float64] = hiss + vowel * np.clip((time - 0.05) / 0.03, 0, 1) * np.clip((time[-1] - time) / 0.05, 0, 1)
    return shaped


def _level(samples: Samples) -> int:
    power = float(np.mean(np.square(samples.astype(np.float64)))) / 32768**2
    return 127 if power == 0 else min(127, max(0, round(-10 * np.log10(power))))
