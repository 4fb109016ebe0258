"""Finds utterances (words said without a pause) in a stream of sound, and decides when to write them down. This code does no I/O.

A model says how probably each window of sound holds speech. An utterance begins with the first window of speech and ends with a
pause, or is cut after 12 s. At shorter pauses, and every 1.5 s of speech in a long utterance, the words since the utterance's
start are written down as a *draft*. The draft is shown until the whole utterance has been written down. If a pause ends the
utterance, the draft from the beginning of that pause already has all words of the utterance.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RATE = 16_000
WINDOW = 512  # samples of one window: 32 ms
BEGINS, GOES_ON = 0.5, 0.35
"""Probabilities of speech in a window. At `BEGINS` or more, the window begins an utterance. Below `GOES_ON`, it counts as a
pause."""
BEFORE_WINDOWS = 10
"""An utterance's sound begins with at most this many windows (32 ms each): nine without speech, for soft consonants, and then the
first window with speech."""
DRAFT_PAUSE = 5  # After a pause of this many windows (160 ms in all), the words so far are written down as a draft.
END_PAUSE = 14  # After a pause of this many windows (450 ms in all), the utterance ends.
AFTER_WINDOWS = 5  # At most this many windows (32 ms each) of the pause that ends an utterance belong to the utterance.
DRAFT_EVERY = 47  # Without a pause, a new draft is written down this many windows of speech (1.5 s in all) after the last draft.
LONGEST = 375
"""An utterance is cut when it has this many windows (12 s in all). It is cut at its last short pause, if this pause is in the
second half of the utterance, and otherwise at its end."""
LEAST_SPEECH = 3  # A sound with fewer windows of speech (100 ms in all) is a click and no utterance.

Probability = Callable[[Floats], float]


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """The sound of an utterance that has begun, and that continues unless it is `final`.

    `utterance`: number of the utterance in its stream. `sound`: samples at 16 kHz, in -1..1. `spoken`: the number of windows up
    to the last window with speech. Two `Spoken` of a stream with the same `utterance` and `spoken` have the same words. `final`:
    the utterance is over.
    """

    utterance: int
    sound: Floats
    spoken: int
    final: bool


class Speech:
    """The utterances of one stream. `probability` returns how probably a window holds speech (0..1).

    `probability` is called once for each window of 512 samples, in order.
    """

    def __init__(self, probability: Probability) -> None:
        self._probability = probability
        self._rest: Floats = np.zeros(0, np.float32)
        self._before: deque[Floats] = deque(maxlen=BEFORE_WINDOWS)
        self._windows: list[Floats] = []
        """Sound of the present utterance, in windows of 32 ms. Empty: nobody speaks."""
        self._utterance = 0
        self._begin()

    def _begin(self) -> None:
        self._windows = []
        self._pause = 0  # Number of windows (32 ms each) since the last window with speech.
        self._speech = 0  # Number of windows with speech in the present utterance.
        self._last_pause = 0  # Length of the utterance, in windows, up to its last short pause.
        self._drafted = 0  # Value of `_speech` when the last draft (preliminary caption) was made.

    @property
    def speaking(self) -> bool:
        """Return whether the speaker of this stream is in the middle of an utterance."""
        return bool(self._windows)

    def feed(self, samples: NDArray[np.int16]) -> list[Spoken]:
        """Take the next sound of the stream (16 kHz). Return the drafts and utterances that should be written down now."""
        sound: Floats = np.concatenate((self._rest, (samples / 32768).astype(np.float32)))
        whole = len(sound) // WINDOW * WINDOW
        self._rest = sound[whole:]
        return [spoken for at in range(0, whole, WINDOW) for spoken in self._take(sound[at : at + WINDOW])]

    def stop(self) -> list[Spoken]:
        """End the utterance, because the stream has ended or brings no packets (the microphone is off)."""
        self._rest = self._rest[:0]
        return list(self._end(len(self._windows)))

    def _take(self, window: Floats) -> Iterator[Spoken]:
        probability = self._probability(window)
        if not self._windows:
            self._before.append(window)
            if probability >= BEGINS:
                self._windows = list(self._before)
                self._before.clear()
                self._utterance += 1
                self._speech = 1
            return
        self._windows.append(window)
        if probability >= GOES_ON:
            self._pause = 0
            self._speech += 1
        else:
            self._pause += 1
        if self._pause == DRAFT_PAUSE:
            self._last_pause = len(self._windows)
        if self._pause >= END_PAUSE:
            yield from self._end(len(self._windows) - END_PAUSE + AFTER_WINDOWS)
        elif len(self._windows) >= LONGEST:
            yield from self._cut()
        elif self._is_worth_a_draft:
            self._drafted = self._speech
            yield self._spoken(len(self._windows), final=False)

    @property
    def _is_worth_a_draft(self) -> bool:
        long = not self._pause and self._speech - self._drafted >= DRAFT_EVERY
        return self._speech >= LEAST_SPEECH and (long or self._pause == DRAFT_PAUSE)

    def _end(self, windows: int) -> Iterator[Spoken]:
        """End the utterance after its first `windows` windows.

        The remaining windows are silence. This object keeps them, because the next utterance begins with some silence.
        """
        if self._speech >= LEAST_SPEECH:
            yield self._spoken(windows, final=True)
        self._before.extend(self._windows[windows:])
        self._begin()

    def _cut(self) -> Iterator[Spoken]:
        """End an utterance that is too long. What was said after the last pause begins the next utterance."""
        at = self._last_pause if self._last_pause > LONGEST // 2 else len(self._windows)
        rest, pause = self._windows[at:], self._pause
        yield self._spoken(at, final=True, cut=True)
        self._begin()
        if rest:
            self._windows, self._pause, self._speech = rest, pause, max(LEAST_SPEECH, len(rest) - pause)
            self._utterance += 1

    def _spoken(self, windows: int, *, final: bool, cut: bool = False) -> Spoken:
        spoken = windows if cut else len(self._windows) - self._pause
        return Spoken(self._utterance, np.concatenate(self._windows[:windows]), spoken, final)
