"""A listener hears a steady tone (a sine) while the matrix (who hears whom) changes (`CHANGES`).

Nothing clicks, and the tone becomes louder or softer only if the new matrix says so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from .sound import TICK, Room, Talker, everyone, loudness, packets, roughness, strength, tone

TONE, OTHER, PEAK = 440, 620, 8000
CLICK = 900
"""A sound with a larger roughness (see `roughness`) counts as a click. A jump by half of the tone's amplitude has a roughness of
2,500. A tone without a jump has a roughness of at most 300, which the codec causes.
"""

Matrix = tuple[dict[str, dict[str, float]], set[str]]
THREE = everyone("user", "counselor", "professional")
TWO: dict[str, dict[str, float]] = {"user": {"counselor": 1.0, "professional": 1.0}}
WHISPER = {
    "user": {"counselor": 1.0, "ghost": 1.0},
    "professional": {"user": 1.0, "counselor": 1.0},
    "counselor": {"user": 1.0, "professional": 1.0},
}
CHANGES: dict[str, tuple[Matrix, Matrix]] = {
    "a third joins": ((TWO, set()), (THREE, set())),
    "a third leaves": ((THREE, set()), (TWO, set())),
    "whisper begins": ((THREE, set()), (WHISPER, set())),
    "whisper ends": ((WHISPER, set()), (THREE, set())),
    "the hold tone begins": ((THREE, set()), (THREE, {"user"})),
    "the hold tone ends": ((THREE, {"user"}), (THREE, set())),
    "somebody else is put on hold": ((THREE, set()), (THREE, {"professional"})),
    "an operator listens": ((THREE, set()), (THREE | {"operator": dict.fromkeys(THREE, 1.0)}, set())),
}


def _never(room: Room) -> None:
    del room


def _second_voice(room: Room) -> None:
    """Let a second participant begin to speak when the matrix changes."""
    room.run(0.02, *room.talkers)
    room.talkers.append(Talker("professional", packets(tone(OTHER, 2, 4000))))


@pytest.mark.parametrize("meanwhile", [_never, _second_voice], ids=["alone", "with a second voice"])
@pytest.mark.parametrize("change", CHANGES)
def test_tone_continues_through_every_change(change: str, meanwhile: Callable[[Room], None]) -> None:
    before, after = CHANGES[change]
    room = Room()
    room.talkers = [Talker("counselor", packets(tone(TONE, 2, PEAK)))]
    room.audio.set_matrix(*before)
    room.run(3, *room.talkers)
    room.audio.set_matrix(*after)
    meanwhile(room)
    room.run(1, *room.talkers)
    heard = room.ears.heard("user", 1.8)
    assert roughness(heard, TONE) < CLICK
    assert strength(heard[-24_000:], TONE) == pytest.approx(PEAK, rel=0.1)
    if meanwhile is _never and not (before[1] | after[1]):
        levels = loudness(heard)
        assert levels.max() < 1.12 * levels.min(), "within a decibel all the time"


@pytest.mark.parametrize("gain", [0.5, 0.0])
def test_matrix_change_is_in_the_next_packet(gain: float) -> None:
    """The next tick's packet fades from the old gain to the new gain. The following packet has the new gain throughout."""
    room = Room()
    speaker = Talker("counselor", packets(tone(TONE, 2, PEAK)))
    room.audio.set_matrix(TWO, set())
    room.run(3, speaker)
    room.audio.set_matrix({"user": {"counselor": gain, "professional": 1.0}}, set())
    room.run(0.06, speaker)
    levels = loudness(room.ears.heard("user", 0.06)) / (PEAK / np.sqrt(2))
    assert levels[0] < 0.97, "the first packet is on its way there"
    assert levels[1] == pytest.approx(gain, abs=0.25), "the codec's 6.5 ms are still of before"
    assert levels[2] == pytest.approx(gain, abs=0.05)


def test_sum_of_many_loud_voices_saturates() -> None:
    room = Room()
    names = ["a", "b", "c", "d"]
    people = [Talker(name, packets(tone(300 + 110 * n, 2, 30_000))) for n, name in enumerate(names)]
    room.audio.set_matrix({"user": dict.fromkeys(names, 1.0)}, set())
    room.run(2, *people)
    heard = room.ears.heard("user", 1).astype(int)
    assert np.abs(heard).max() > 30_000
    assert np.abs(np.diff(heard)).max() < 20_000, "a wrapped sum jumps by 65,536"
    assert len(heard) % TICK == 0
