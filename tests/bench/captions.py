"""Measure captions: the share of wrong words, the delay, and for how many speakers one core suffices.

The bench uses the real captions process with the tiny English model, in real time.

No other process runs on the core of the captions process. Speakers send Opus packets through `CaptionLink`, as a media worker
does. The delay is the time from the last audible sound of a recording to the first final caption after this sound.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice

import numpy as np

from media.captions import wire
from media.captions.link import CaptionLink
from tests.bench.rows import Row, row
from tests.captioner import TOKEN, Captioner, captioner
from tests.spoken import SAYS, TICK, packets, speech

AUDIBLE = 500  # The smallest amplitude of a sample that counts as speech; full scale is 32768.
SETTLE_S = 4.0  # After the last sound, the bench waits at most this many seconds for the last captions.
MOST_SPEAKERS = 12
MOST_DELAY_S = 2.0
RECORDINGS_A_STEP = 4  # number of recordings that each speaker says in each step, one after the other


@dataclass(eq=False)
class Speaker:
    """One simulated speaker, and the captions of this speaker.

    `ended`: for each recording, when its last sound was sent.
    """

    link: CaptionLink
    first: int = 1000
    stream: int = 0
    ended: list[float] = field(default_factory=list)
    came: list[tuple[float, str]] = field(default_factory=list)
    lost: int = 0

    def words(self, stream: int, words: wire.Words | wire.Lost) -> None:
        if isinstance(words, wire.Lost):
            self.lost += 1
        elif words.final:
            self.came.append((asyncio.get_running_loop().time(), words.text))

    def finished(self, stream: int) -> None: ...

    def over(self) -> None:
        raise ConnectionError("the captions process has ended")

    async def say(self, names: list[str], after_s: float) -> None:
        """Send the sound of these recordings in real time, beginning after `after_s` seconds."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(after_s)
        self.stream = self.link.begin("en", self)
        began, number = loop.time(), 0
        for name in names:
            last = int(np.flatnonzero(np.abs(speech(name)) > AUDIBLE)[-1]) // TICK
            for n, payload in enumerate(packets(speech(name))):
                self.link.send(self.stream, self.first + number & 0xFFFF, (self.first + number) * TICK, payload)
                number += 1
                await asyncio.sleep(max(0.0, began + number * 0.02 - loop.time()))
                if n == last:
                    self.ended.append(loop.time())

    def delays(self) -> list[float]:
        """Return for each recording the seconds from its last sound until the first final caption after this sound.

        A recording without such a caption is left out.
        """
        found = []
        for n, ended in enumerate(self.ended):
            until = self.ended[n + 1] if n + 1 < len(self.ended) else float("inf")
            times = [at for at, _ in self.came if ended <= at < until]
            if times:
                found.append(times[0] - ended)
        return found


def words_of(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() or letter == "'" else " " for letter in text.lower()).split()


def wrong(said: list[str], written: list[str]) -> int:
    """Return how many words must be changed, added or removed to get from one text to the other (Levenshtein)."""
    before = list(range(len(written) + 1))
    for n, word in enumerate(said, start=1):
        now = [n]
        for m, other in enumerate(written, start=1):
            now.append(min(before[m] + 1, now[m - 1] + 1, before[m - 1] + (word != other)))
        before = now
    return before[-1]


async def _spoken(process: Captioner, speakers: int, names: list[str]) -> list[Speaker]:
    ready = asyncio.Event()
    link = CaptionLink(process.url, TOKEN, ready.set)
    link.open()
    await ready.wait()
    talking = [Speaker(link) for _ in range(speakers)]
    turns = [list(islice(cycle(names[n % len(names) :] + names[: n % len(names)]), len(names))) for n in range(speakers)]
    await asyncio.gather(*(each.say(turn, 0.7 * n) for n, (each, turn) in enumerate(zip(talking, turns, strict=True))))
    await asyncio.sleep(SETTLE_S)
    await link.close()
    return talking


async def measure() -> list[Row]:
    core = max(os.sched_getaffinity(0))
    async with captioner(before=("taskset", "-c", str(core))) as process:
        names = list(SAYS)
        [speaker] = await _spoken(process, 1, names)
        said = [word for name in names for word in SAYS[name].split()]
        error = 100 * wrong(said, [word for _, text in speaker.came for word in words_of(text)]) / len(said)
        carried = 1.0
        for speakers in range(2, MOST_SPEAKERS + 1):
            talking = await _spoken(process, speakers, names[:RECORDINGS_A_STEP])
            delays = [delay for each in talking for delay in each.delays()]
            if any(each.lost for each in talking) or not delays or np.median(delays) > MOST_DELAY_S:
                break
            carried = float(speakers)
    return [
        row("caption_word_error_percent", "%", [error]),
        row("caption_delay_p50_s", "s", speaker.delays()),
        row("caption_speakers_per_core", "people", [carried]),
    ]


def rows() -> Iterator[Row]:
    yield from asyncio.run(measure())
