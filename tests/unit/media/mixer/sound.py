"""Sound for the audio tests: tones, packets and decoders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from media.mixer import TICK_STEP_S, AudioRoom
from media.mixer.opus import Decoder, Encoder, Samples

TICK = 960


def tone(hertz: float, seconds: float, peak: int = 8000) -> Samples:
    time = np.arange(round(48_000 * seconds)) / 48_000
    return (peak * np.sin(2 * np.pi * hertz * time)).astype(np.int16)


def voice(seconds: float, peak: int = 10_000) -> Samples:
    """Return a hum that varies in pitch and loudness, as speech does.

    The fundamental varies from 120 to 160 Hz and has 29 harmonics. The hum swells three times a second, and contains a little
    noise.
    """
    time = np.arange(round(48_000 * seconds)) / 48_000
    phase = 2 * np.pi * np.cumsum(140 + 20 * np.sin(2 * np.pi * 0.7 * time)) / 48_000
    hum = sum(np.sin(k * phase) / k for k in range(1, 30)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))
    noise = np.random.default_rng(1).normal(0, 20, len(time))
    return (hum / np.abs(hum).max() * peak + noise).astype(np.int16)


def loudness(sound: Samples) -> NDArray[np.float64]:
    """Return the RMS amplitude of each 20 ms of the sound."""
    frames = sound[: len(sound) // TICK * TICK].reshape(-1, TICK).astype(float)
    return np.sqrt(np.mean(frames**2, axis=1))


def loudest(sound: Samples, hertz: float) -> float:
    """Return the peak amplitude of a tone in the half second in which the tone is strongest."""
    return max(strength(sound[at : at + 24_000], hertz) for at in range(0, len(sound) - 24_000, 4800))


def packets(sound: Samples, samples: int = TICK, encoder: Encoder | None = None) -> list[bytes]:
    encoder = encoder or Encoder(complexity=5)
    return [encoder.encode(sound[at : at + samples]) for at in range(0, len(sound) - samples + 1, samples)]


def strength(sound: NDArray[np.int16], hertz: float) -> float:
    """Return the peak amplitude of a tone within a sound."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) / len(sound) * 4
    near = np.abs(np.fft.rfftfreq(len(sound), 1 / 48_000) - hertz) < 12
    return float(spectrum[near].max())


def roughness(sound: NDArray[np.int16], hertz: float) -> float:
    """Return the largest departure of a sound from a sine of this frequency.

    A sine fulfils x[n+1] + x[n-1] = 2 cos(w) x[n]. The departure is the difference between the two sides of this equation.
    """
    x = sound.astype(float)
    return float(np.abs(x[2:] + x[:-2] - 2 * np.cos(2 * np.pi * hertz / 48_000) * x[1:-1]).max())


class Ears:
    """The listeners' decoders. A listener to whom no packet is sent hears silence."""

    def __init__(self) -> None:
        self.sent: defaultdict[str, list[tuple[bytes, int, bool]]] = defaultdict(list)
        self._heard: defaultdict[str, list[Samples]] = defaultdict(list)
        self._decoders: defaultdict[str, Decoder] = defaultdict(Decoder)

    def send(self, listener: str, payload: bytes, increment: int, marker: bool, lost: int) -> None:
        self.sent[listener].append((payload, increment, marker))
        for _ in range(lost):
            increment -= TICK
            self._heard[listener].append(self._decoders[listener].conceal(TICK))
        if increment > TICK:
            self._heard[listener].append(np.zeros(increment - TICK, np.int16))
        self._heard[listener].append(self._decoders[listener].decode(payload))

    def heard(self, listener: str, seconds: float | None = None) -> Samples:
        """Return everything that the listener has heard. `seconds`: only the last seconds of that sound."""
        sound = np.concatenate(self._heard[listener] or [np.zeros(TICK, np.int16)])
        return sound if seconds is None else sound[-round(seconds * 48_000) :]

    def hears(self, listener: str, hertz: float, seconds: float = 1.0) -> bool:
        return strength(self.heard(listener, seconds), hertz) > 1000

    def silent(self, listener: str, hertz: float, seconds: float = 1.0) -> bool:
        return strength(self.heard(listener, seconds), hertz) < 60


class Talker:
    """A participant who pushes one packet for every `samples` samples of sound, as a browser would."""

    def __init__(self, name: str, payloads: Iterable[bytes], *, samples: int = TICK, level: int | None = 20) -> None:
        self.name, self.payloads, self.samples, self.level = name, list(payloads), samples, level
        self.sequence, self.timestamp, self.n = 65_500, 2**32 - 48_000, 0

    def say(self, room: AudioRoom, now: float, *, lost: bool = False) -> None:
        if not lost:
            room.push(self.name, self.sequence, self.timestamp, self.payloads[self.n % len(self.payloads)], self.level, now)
        self.n += 1
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + self.samples) & 0xFFFFFFFF


def everyone(*names: str) -> dict[str, dict[str, float]]:
    return {listener: {source: 1.0 for source in names if source != listener} for listener in names}


class Room:
    """An AudioRoom with decoders and a clock.

    Packets arrive every 20 ms, at first `PHASE_S` after each tick. The AudioRoom can move its ticks to an earlier moment.
    """

    BEGAN, PHASE_S = 100.0, 0.004

    def __init__(self) -> None:
        self.ears = Ears()
        self.audio = AudioRoom(self.ears.send)
        self.now = self.BEGAN
        self.talkers: list[Talker] = []

    def run(self, seconds: float, *talkers: Talker, lost: Callable[[], bool] = lambda: False) -> None:
        """Let the talkers speak for `seconds`, and tick the room every 20 ms."""
        for _ in range(round(seconds * 50)):
            self.now = round(self.now + 0.02, 6)
            for talker in talkers:
                while (at := self.BEGAN + self.PHASE_S + talker.n * talker.samples / 48_000) <= self.now:
                    talker.say(self.audio, at, lost=lost())
            self.audio.tick(self.now)
            if self.audio.earlier():
                self.now = round(self.now - TICK_STEP_S, 6)
