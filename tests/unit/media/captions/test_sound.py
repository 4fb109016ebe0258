"""The sound that reaches the speech model is complete and in order, and it is silent where nothing was sent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media.captions.sound import LONGEST_PAUSE, RATE, Sound
from media.mixer.opus import Encoder

TICK = 960
Packet = tuple[int, int, bytes]


def packets(hz: int, count: int) -> list[Packet]:
    """Return Opus packets of a tone as (sequence number, timestamp, payload). The numbers and the timestamps wrap."""
    wave = (12_000 * np.sin(2 * np.pi * hz * np.arange(count * TICK) / 48_000)).astype(np.int16)
    encoder = Encoder()
    found = []
    for n in range(count):
        payload = encoder.encode(wave[n * TICK : (n + 1) * TICK])
        found.append(((65_530 + n) % 65_536, (2**32 - 5 * TICK + n * TICK) % 2**32, payload))
    return found


def heard(given: list[Packet]) -> NDArray[np.int16]:
    sound = Sound()
    return np.concatenate([piece for packet in given for piece in sound.feed(*packet)])


def pitch(samples: NDArray[np.int16]) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * RATE / len(samples))


def test_voice_comes_out_whole_at_the_rate_of_speech_models() -> None:
    samples = heard(packets(700, 50))
    assert len(samples) == RATE
    assert abs(pitch(samples) - 700) < 3


def test_lost_packets_leave_no_gap() -> None:
    given = packets(700, 50)
    samples = heard([*given[:20], *given[22:]])
    assert len(samples) == RATE
    assert np.abs(samples[20 * 320 : 22 * 320]).max() > 1000, "concealed, not silent"


def test_late_and_repeated_packets_add_nothing() -> None:
    given = packets(700, 20)
    assert len(heard([*given, given[5], given[19]])) == len(heard(given))


def test_pause_that_was_not_sent_becomes_bounded_silence() -> None:
    given = packets(700, 20)
    paused = [*given[:10], *((sequence, (at + 48_000 * 60) % 2**32, payload) for sequence, at, payload in given[10:])]
    samples = heard(paused)
    assert len(samples) == 20 * 320 + LONGEST_PAUSE
    assert not samples[10 * 320 + 400 : 10 * 320 + LONGEST_PAUSE - 400].any()


def test_new_sequence_of_packets_is_heard_at_once() -> None:
    given = packets(700, 20)
    again = [((sequence + 20_000) % 65_536, 77 + n * TICK, payload) for n, (sequence, _, payload) in enumerate(given)]
    assert len(heard([*given, *again])) == 40 * 320


def test_broken_packet_adds_nothing() -> None:
    given = packets(700, 5)
    assert len(heard([*given[:4], (given[4][0], given[4][1], b"")])) == 4 * 320
