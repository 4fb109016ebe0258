"""Mix: the sum of the sources that a listener hears. Each source has a gain for this listener. The sum is clamped to int16.

Pure: arrays go in and arrays come out. A gain moves linearly to its target within one tick (20 ms), so that a change of gains
causes no click. Listeners who hear the same have equal `Recipe`s, and the room encodes once for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .opus import Samples

TICK_SAMPLES = 960
MAX_GAIN = 4.0
HOLD = "\0hold"
"""Name of the hold tone among the sources. No participant can have this name: identifiers contain no NUL."""

Recipe = tuple[tuple[str, float, float], ...]
"""What one listener hears in one tick: (source, gain at the tick's start, gain at its end), sorted by source. Silent sources are
left out."""

_NOTHING: Samples = np.zeros(TICK_SAMPLES, np.int16)
_SUM: Samples = np.zeros(TICK_SAMPLES, np.int16)
_TOTAL: NDArray[np.int32] = np.zeros(TICK_SAMPLES, np.int32)
_LEAST, _MOST = np.int32(-32768), np.int32(32767)
_MOST_MAGNITUDE = 32768
_RAMP: NDArray[np.float32] = np.arange(1, TICK_SAMPLES + 1, dtype=np.float32) / np.float32(TICK_SAMPLES)


class Gains:
    """Gains of one listener, by source. The gains move to their new values (`aim`) within one tick."""

    def __init__(self) -> None:
        self._now: dict[str, float] = {}
        self._target: dict[str, float] = {}
        self.settled = True
        """True while no gain is moving. Then `advance` returns the same recipe at every tick if the same sources sound."""

    def aim(self, target: Mapping[str, float]) -> None:
        """Set the gains that apply from the end of the next tick on. Gains are clamped to 0..4."""
        self._target = {source: min(max(gain, 0.0), MAX_GAIN) for source, gain in target.items() if gain > 0.0}
        self.settled = self._now == self._target

    @property
    def sources(self) -> set[str]:
        """All sources that have a gain now, or will have one after the next tick."""
        return self._now.keys() | self._target.keys()

    def plain(self, source: str) -> bool:
        """Return whether the source is heard at gain 1, and no gain of any source changes from tick to tick now."""
        return self.settled and self._now.get(source) == 1.0

    def advance(self, sounding: Mapping[str, Samples]) -> Recipe:
        """Return this tick's recipe (the sources to mix, and their gains) and move the gains to their targets.

        Silent sources are not part of a recipe.
        """
        recipe = [
            (source, self._now.get(source, 0.0), self._target.get(source, 0.0)) for source in self.sources if source in sounding
        ]
        self._now, self.settled = dict(self._target), True
        return tuple(sorted(recipe))


def magnitude(samples: Samples) -> int:
    """Return the largest absolute value of the samples: 0..32768."""
    return max(int(samples[samples.argmax()]), -int(samples[samples.argmin()]))  # argmax takes less than half the time of max


def mix(recipe: Recipe, sounding: Mapping[str, Samples], magnitudes: Mapping[str, int]) -> Samples | NDArray[np.int32]:
    """Return 960 samples: the sum of the recipe's sources, clamped to int16 (overflow would crackle).

    `magnitudes`: the `magnitude` of each source. They show whether the sum can overflow at all. The returned array is valid until
    the next call.
    """
    if sum(magnitudes[source] if start == end == 1.0 else _MOST_MAGNITUDE for source, start, end in recipe) < _MOST_MAGNITUDE:
        return _sum(recipe, sounding)
    total: NDArray[np.int32] | Samples = _NOTHING
    for source, start, end in recipe:
        samples: Samples | NDArray[np.int32] = sounding[source]
        if start != end:
            samples = (samples * (np.float32(start) + np.float32(end - start) * _RAMP)).astype(np.int32)
        elif start != 1.0:
            samples = (samples * np.float32(start)).astype(np.int32)
        total = samples if total is _NOTHING else np.add(total, samples, _TOTAL, dtype=np.int32)
    if total.dtype == np.int16:
        return total
    np.minimum(total, _MOST, out=_TOTAL)
    return np.maximum(_TOTAL, _LEAST, out=_TOTAL)  # two in-place ufuncs take half the time of np.clip


def _sum(recipe: Recipe, sounding: Mapping[str, Samples]) -> Samples:
    """Return the sum of the recipe's sources at gain 1, for sources that are too soft to overflow int16 together."""
    total = _NOTHING
    for source, _, _ in recipe:
        total = sounding[source] if total is _NOTHING else np.add(total, sounding[source], _SUM)
    return total
