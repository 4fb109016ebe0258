"""Score received sound against the original: PESQ in wide band (ITU-T P.862.2), MOS-LQO from 1.0 to 4.64."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pesq import PesqError, pesq

from media.mixer.opus import RATE, Samples
from tests.bench.quality.speech import PIECE_S, PIECES, RUN_IN_S, SCORED_RATE, recording, resampled

NEAR_S = 0.6
"""Each piece of speech is expected at a certain time. The search begins this many seconds before that time and ends this many
seconds after it, because the delay changes during a call."""
WORST = 1.04


def scores(heard: Samples) -> list[float]:
    """Return the MOS-LQO of each of the `PIECES` pieces of speech. `heard` is at 48 kHz and can start at any time."""
    ours, theirs = recording(), resampled(heard, RATE, SCORED_RATE)
    whole = _shift(ours, theirs)
    found = []
    for number in range(PIECES):
        start, length = int((RUN_IN_S + number * PIECE_S) * SCORED_RATE), int(PIECE_S * SCORED_RATE)
        said = ours[start : start + length]
        near = _cut(theirs, start + whole - int(NEAR_S * SCORED_RATE), length + 2 * int(NEAR_S * SCORED_RATE))
        found.append(_pesq(said, _cut(near, _shift(said, near), length)))
    return found


def _pesq(said: Samples, heard: Samples) -> float:
    try:
        return float(pesq(SCORED_RATE, said, heard, "wb"))
    except PesqError:  # PESQ found no speech in the sound
        return WORST


def _shift(said: Samples, heard: Samples) -> int:
    """Find the speech `said` in the sound `heard` by correlation. Return the sample at which it starts in `heard`."""
    size = len(said) + len(heard)
    found: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)), size)
    shift = int(np.argmax(found))
    return shift - size if shift > len(heard) else shift


def _cut(samples: Samples, start: int, length: int) -> Samples:
    """Return `length` samples from `start` on. Beyond either end of the sound there is silence."""
    padded = np.concatenate(
        [np.zeros(max(0, -start), np.int16), samples, np.zeros(max(0, start + length - len(samples)), np.int16)]
    )
    return padded[max(0, start) : max(0, start) + length]
