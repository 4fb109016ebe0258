"""Recognise the tones in the sound that a peer has received."""

from __future__ import annotations

import numpy as np

from media.mixer.opus import Decoder

RATE = 48_000


class Listened:
    """Sound that a peer has received in some period of time, as packets and decoded."""

    def __init__(self, payloads: list[bytes]) -> None:
        self.payloads = payloads
        decoder = Decoder()
        self.samples = np.concatenate([decoder.decode(each) for each in payloads]) if payloads else np.zeros(0, np.int16)

    def tones(self, *candidates: int) -> set[int]:
        """Return which of these tones the sound contains at over 1 % of full scale."""
        return {hz for hz in candidates if self.strength(hz) > 327}

    def strength(self, hz: int) -> float:
        """Return the amplitude of this tone in the sound, in steps of int16. Return 0.0 if the sound is too short."""
        samples = self.samples[-16384:].astype(float)
        if len(samples) < 4800:
            return 0.0
        at = np.arange(len(samples)) / RATE
        window = np.hanning(len(samples))
        return float(abs(np.sum(samples * window * np.exp(-2j * np.pi * hz * at))) * 2 / window.sum())
