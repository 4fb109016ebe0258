"""The spoken recording: connected wide-band sentences from Debian's `asterisk-core-sounds-en-g722` (CC BY-SA 3.0).

The recordings of `alsa-utils` have 48 kHz, but they are single words, eleven seconds in all. That is too little for PESQ.
"""

from __future__ import annotations

from functools import cache
from math import gcd
from pathlib import Path

import av
import numpy as np
from scipy.signal import resample_poly

from media.mixer.opus import RATE, Samples

FILE = Path("/usr/share/asterisk/sounds/en_US_f_Allison/demo-instruct.g722")
SCORED_RATE = 16_000
RUN_IN_S = 10.0
"""Seconds of speech before the scored part. Meanwhile, jitter buffers and error correction adapt to the link."""
PIECE_S = 8.0
PIECES = 4
SECONDS = RUN_IN_S + PIECE_S * PIECES
PEAK = 16_000


@cache
def recording() -> Samples:
    """Return `SECONDS` of speech, mono, 16 kHz."""
    if not FILE.exists():
        raise FileNotFoundError(f"{FILE} is missing: sudo apt-get install --no-install-recommends asterisk-core-sounds-en-g722")
    with av.open(str(FILE), format="g722") as container:
        found = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])[
            : int(SECONDS * SCORED_RATE)
        ]
    return np.round(found * (PEAK / np.abs(found).max())).astype(np.int16)


@cache
def spoken() -> Samples:
    """Return the recorded speech (`recording`) at 48 kHz, the rate at which a microphone delivers it."""
    return resampled(recording(), SCORED_RATE, RATE)


def resampled(samples: Samples, old: int, new: int) -> Samples:
    common = gcd(old, new)
    found = resample_poly(samples.astype(np.float64), new // common, old // common)
    return np.clip(np.round(found), -32768, 32767).astype(np.int16)
