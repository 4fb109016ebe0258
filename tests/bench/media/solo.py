"""`make bench ARGS=solo`: score the quality of a single voice in a room of three (wide-band PESQ).

There are five cases. The voice is mixed all the time, or it is alone and in passthrough, or another voice interrupts it every
two, three or five seconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pesq import pesq
from scipy.signal import resample_poly

from media.mixer import AudioRoom
from media.mixer.opus import RATE, Decoder, Samples
from tests.bench.media import speech
from tests.bench.rows import Row, row

TIMES = 3
WORD_TICKS = 15
ALWAYS, NEVER = 1, 0
EVERY_TICKS = {"mixed": ALWAYS, "alone": NEVER, "word_every_2s": 100, "word_every_3s": 150, "word_every_5s": 250}
SCORED_RATE = 16_000
LONGEST_DELAY_SAMPLES = RATE // 5


def rows() -> list[Row]:
    return [row(f"solo_mos_{name}", "MOS-LQO", _scores(every)) for name, every in EVERY_TICKS.items()]


def _scores(every_ticks: int) -> list[float]:
    """Return the score of each of the `TIMES` repetitions of the recording.

    The interrupting voice is inaudible, so that only the switching between mix and passthrough reduces the quality.
    """
    words = speech.words()
    said = np.concatenate([words] * TIMES)
    hum = (24 * np.sin(2 * np.pi * 60 * np.arange(RATE * 2) / RATE)).astype(np.int16)
    voice, other = speech.packets(said), speech.packets(hum)
    heard: list[Samples] = []
    decoder = Decoder()

    def send(listener: str, payload: bytes, increment: int, marker: bool, lost: int) -> None:
        if listener == "c":
            heard.append(np.zeros(increment - speech.FRAME, np.int16))
            heard.append(decoder.decode(payload))

    room = AudioRoom(send)
    room.set_matrix({listener: {source: 1.0 for source in "abc" if source != listener} for listener in "abc"}, set())
    room.set_loss("c", 0.0)
    for tick, payload in enumerate(voice.payloads):
        now = 100 + tick * 0.02
        speaks = every_ticks == ALWAYS or (every_ticks and tick % every_ticks < WORD_TICKS)
        room.push("a", tick, tick * speech.FRAME, payload, voice.levels[tick], now)
        if speaks:
            room.push("b", tick, tick * speech.FRAME, other.payloads[tick % len(other.payloads)], 20, now)
        room.tick(now + 0.005)
    whole = np.concatenate(heard)
    return [_score(words, whole[time * len(words) :][: len(words) + RATE // 10]) for time in range(TIMES)]


def _score(said: Samples, heard: Samples) -> float:
    size = 2 * len(heard)
    spectrum: NDArray[np.complex128] = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size))
    shift = int(np.argmax(np.fft.irfft(spectrum, size)[:LONGEST_DELAY_SAMPLES]))
    cut = heard[shift : shift + len(said)]
    ours, theirs = (resample_poly(each.astype(float), SCORED_RATE, RATE) for each in (said[: len(cut)], cut))
    return float(pesq(SCORED_RATE, ours.astype(np.int16), theirs.clip(-32768, 32767).astype(np.int16), "wb"))
