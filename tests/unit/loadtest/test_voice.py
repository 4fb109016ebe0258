from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from loadtest import voice
from media.mixer.opus import RATE, Decoder


def write(path: Path, samples: np.ndarray, rate: int, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return path


@pytest.mark.slow
def test_synthetic_voice_has_speech_loudness_pauses_and_bandwidth() -> None:
    samples = voice.made().astype(float)
    assert len(samples) == voice.SECONDS * RATE
    assert np.abs(samples).max() == pytest.approx(voice.PEAK, abs=1)
    frames = np.sqrt((samples.reshape(-1, 960) ** 2).mean(axis=1))
    assert 0.1 < np.mean(frames < 50) < 0.5, "pauses"
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    assert spectrum[hertz < 4000].sum() > 0.8 * spectrum.sum()
    assert (voice.made(1) == voice.made(1)).all()
    assert (voice.made(1) != voice.made(2)).any()


@pytest.mark.slow
def test_voice_packets_differ_and_carry_sound() -> None:
    spoken = voice.encoded(voice.made())
    assert len(spoken.payloads) == len(spoken.levels) == voice.SECONDS * 50
    assert len(spoken.index) > 0.6 * len(spoken.payloads), "by what they carry, a listener knows most of them"
    decoder = Decoder()
    heard = np.concatenate([decoder.decode(payload) for payload in spoken.payloads])
    assert np.abs(heard).max() > voice.PEAK / 2


def test_own_recording_is_resampled_and_mixed_down(tmp_path: Path) -> None:
    at = np.arange(16_000 * 2) / 16_000
    tone = (8000 * np.sin(2 * np.pi * 500 * at)).astype(np.int16)
    found = voice.from_file(write(tmp_path / "a.wav", np.repeat(tone, 2), 16_000, channels=2))
    assert len(found) == 2 * RATE
    assert np.argmax(np.abs(np.fft.rfft(found))) / 2 == pytest.approx(500)


@pytest.mark.parametrize("what", ["silence", "short", "eight bits", "no wave"])
def test_unusable_recording_is_refused_with_a_reason(tmp_path: Path, what: str) -> None:
    noise = np.random.default_rng(1).integers(-9000, 9000, RATE * 2).astype(np.int16)
    path = tmp_path / "a.wav"
    match what:
        case "silence":
            write(path, np.zeros(RATE * 2, np.int16), RATE)
        case "short":
            write(path, noise[:100], RATE)
        case "eight bits":
            write(path, noise.astype(np.uint8), RATE, width=1)
        case _:
            path.write_bytes(b"RIFF")
    with pytest.raises(voice.VoiceError):
        voice.from_file(path)
