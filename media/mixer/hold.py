"""Hold tone: two soft low notes every three seconds tell a user who hears nobody that the call is still connected.

The first note is E4 (330 Hz), the second C4 (262 Hz). Each is a sine with a raised-cosine envelope and a peak of about -26 dBFS.
The notes are softer than speech, have no harmonics, and are far from the tones that the tests use (440, 620 and 880 Hz). After
the second note all samples are 0 until the first note returns, and this silence costs no encoding (DTX).
"""

from __future__ import annotations

import numpy as np

from .opus import RATE, Samples

TICK_SAMPLES = 960
PERIOD_TICKS = 150  # 3 s.
PEAK = 1600  # Amplitude of a note. The largest amplitude of a sample is 32768.
NOTES = ((330.0, 0.0, 0.7), (262.0, 0.55, 0.9))
"""Frequency in Hz, start and length in seconds of each note."""


def _period() -> list[Samples | None]:
    sound = np.zeros(PERIOD_TICKS * TICK_SAMPLES)
    for hertz, start_s, length_s in NOTES:
        at, length = int(start_s * RATE), int(length_s * RATE)
        time = np.arange(length) / RATE
        envelope = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        sound[at : at + length] += PEAK * envelope * np.sin(2 * np.pi * hertz * time)
    ticks = np.rint(sound).astype(np.int16).reshape(PERIOD_TICKS, TICK_SAMPLES)
    return [tick if tick.any() else None for tick in ticks]


_TICKS = _period()


def hold_tick(n: int) -> Samples | None:
    """Return the n-th 20 ms of the hold tone (960 samples; do not write to them), or None for silence."""
    return _TICKS[n % PERIOD_TICKS]
