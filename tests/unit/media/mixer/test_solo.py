"""Passthrough of a single voice: listeners get the packets unchanged, and do not hear when passthrough begins or ends."""

from __future__ import annotations

import random

import numpy as np
import pytest

from media.mixer import TICK_STEP_S, AudioRoom
from media.mixer.opus import Samples, has_fec

from .sound import TICK, Ears, Room, Talker, everyone, loudness, packets, roughness, strength, tone, voice

pytestmark = pytest.mark.slow

NAMES = ("user", "counselor", "professional")


def words(seconds: float) -> Samples:
    """Return a voice that pauses for 0.2 s in each second, over the noise of a room."""
    time = np.arange(round(48_000 * seconds)) / 48_000
    return np.asarray(voice(seconds) * np.where(time % 1.0 < 0.8, 1.0, 0.02), np.int16)


@pytest.fixture(scope="module")
def spoken() -> list[bytes]:
    return packets(words(10))


def conference() -> Room:
    room = Room()
    room.audio.set_matrix(everyone(*NAMES), set())
    return room


def muted(name: str) -> Talker:
    return Talker(name, packets(np.zeros(TICK * 10, np.int16)), level=127)


def test_solo_packets_reach_all_listeners_unchanged(spoken: list[bytes]) -> None:
    room = conference()
    speaker = Talker("user", spoken)
    room.run(4, speaker, muted("counselor"))
    before = room.audio.stats.copy()
    room.run(4, speaker, muted("counselor"))
    spent = room.audio.stats - before
    assert spent["passed_on"] == 200
    assert spent["decodes"] == spent["encodes"] == 0
    for listener in ("counselor", "professional"):
        sent = room.ears.sent[listener][-200:]
        at = spoken.index(sent[0][0])
        assert [payload for payload, _, _ in sent] == spoken[at : at + 200]
        assert {increment for _, increment, _ in sent} == {TICK}


def test_sound_without_pauses_is_mixed() -> None:
    """In a sound without pauses, listeners would hear a switch to passthrough. So the mixer does not switch."""
    room = conference()
    room.run(20, Talker("user", packets(tone(440, 2))))
    assert room.audio.stats["passed_on"] == 0


def test_second_voice_is_heard_at_once(spoken: list[bytes]) -> None:
    room = conference()
    speaker, other = Talker("user", spoken), Talker("counselor", packets(tone(3000, 1, 3000)))
    room.run(4, speaker)
    assert room.audio.stats["passed_on"] > 0
    other.n = speaker.n
    room.run(0.5, speaker, other)
    assert strength(room.ears.heard("professional", 0.44), 3000) > 2000


@pytest.mark.parametrize("seconds", [4.2, 4.31, 4.47, 4.62])
def test_end_of_passthrough_does_not_click(seconds: float, spoken: list[bytes]) -> None:
    """After the passthrough, decoder and encoder must be in the same state as after uninterrupted mixing."""
    passing, mixing = conference(), conference()
    for room in (passing, mixing):
        room.audio.set_loss("professional", 0.0 if room is passing else 0.1)
        speaker, other = Talker("user", spoken), Talker("counselor", packets(tone(3000, 1, 50)))
        room.run(seconds, speaker)
        other.n = speaker.n
        room.run(0.3, speaker, other)
    assert passing.audio.stats["passed_on"] > 0 == mixing.audio.stats["passed_on"]
    rough = [roughness(room.ears.heard("professional", 0.36), 140) for room in (passing, mixing)]
    assert rough[0] < 1.3 * rough[1]
    loud = [loudness(room.ears.heard("professional", 0.36)) for room in (passing, mixing)]
    spoken_in = loud[1] > 300
    apart = np.abs(20 * np.log10(loud[0] / loud[1]))[spoken_in]
    assert len(apart) >= 5
    assert apart.max() < 3, "decibels, in any 20 ms of the voice"


class Taken(Talker):
    """Stands in for a voice that the fast path sends.

    Each packet of this voice goes to the listeners immediately, and to the mixer afterwards.
    """

    def __init__(self, talker: Talker, ears: Ears, listeners: set[str]) -> None:
        super().__init__(talker.name, talker.payloads)
        self.sequence, self.timestamp, self.n = talker.sequence, talker.timestamp, talker.n
        self._ears, self._listeners = ears, listeners

    def say(self, room: AudioRoom, now: float, *, lost: bool = False) -> None:
        for listener in self._listeners:
            self._ears.send(listener, self.payloads[self.n % len(self.payloads)], TICK, False, 0)
        super().say(room, now, lost=lost)


@pytest.mark.parametrize("seconds", [0.5, 0.61, 0.77, 0.92])
def test_offloaded_voice_sounds_the_same_as_passthrough(seconds: float, spoken: list[bytes]) -> None:
    """Listeners hear the same samples with and without the fast path, also after a second voice has ended the passthrough."""
    flowing, passing = conference(), conference()
    for room in (flowing, passing):
        speaker, other = Talker("user", spoken), Talker("counselor", packets(tone(3000, 1)))
        room.run(5, speaker)
        if room is flowing:
            listeners = room.audio.begin_flow()
            assert listeners == {"counselor", "professional"}
            taken = Taken(speaker, room.ears, listeners)
            room.run(seconds, taken)
            assert room.audio.awaits_packet
            room.audio.end_flow()
            speaker.sequence, speaker.timestamp, speaker.n = taken.sequence, taken.timestamp, taken.n
        else:
            room.run(seconds, speaker)
        other.n = speaker.n
        room.run(0.5, speaker, other)
    assert flowing.audio.stats == passing.audio.stats
    for listener in NAMES:
        assert np.array_equal(flowing.ears.heard(listener), passing.ears.heard(listener))
    assert strength(flowing.ears.heard("professional", 0.4), 3000) > 2000


def test_passthrough_waits_for_evenly_spaced_packets(spoken: list[bytes]) -> None:
    room = conference()
    speaker = Talker("user", spoken)
    while not room.audio.stats["passed_on"]:
        room.run(0.02, speaker)
    assert not room.audio.begin_flow()
    room.run(0.3, speaker)
    assert room.audio.begin_flow()
    room.audio.set_loss("counselor", 0.1)
    assert room.audio.flow_is_over


def test_passthrough_leaves_lost_packets_to_the_listeners(spoken: list[bytes]) -> None:
    """When a packet is lost, listeners get a gap, and then the next packet.

    The listeners' decoders conceal a loss better than the worker could.
    """
    room, missing = conference(), []

    def send(listener: str, payload: bytes, increment: int, marker: bool, lost: int) -> None:
        if listener == "counselor":
            missing.append(lost)
        room.ears.send(listener, payload, increment, marker, lost)

    room.audio._streams._send = send
    dice = random.Random(4)
    speaker = Talker("user", spoken)
    room.run(4, speaker)
    missing.clear()
    room.run(8, speaker, lost=lambda: dice.random() < 0.02)
    assert room.audio.stats["passed_on"] > 300
    assert 3 <= sum(missing) <= 15
    assert room.audio.stats["decodes"] + room.audio.stats["passed_on"] + sum(missing) == pytest.approx(600, abs=6)
    assert sum(increment for _, increment, _ in room.ears.sent["counselor"]) == pytest.approx(600 * TICK, abs=3 * TICK)


def test_timestamps_follow_the_clock_through_pauses_and_restarts(spoken: list[bytes]) -> None:
    """The timestamps that listeners get follow the clock.

    The sender pauses for a second (DTX), then for five seconds, then returns with another SSRC.
    """
    room = conference()
    speaker = Talker("user", spoken)
    room.run(4, speaker)
    for silence_s, fresh in ((1.0, False), (5.0, False), (0.5, True)):
        room.run(silence_s)
        speaker.n += round(silence_s * 50)
        speaker.timestamp = (speaker.timestamp + round(silence_s * 48_000)) & 0xFFFFFFFF
        if fresh:
            speaker.sequence, speaker.timestamp = 7, 1234
        room.run(2, speaker)
        total = sum(increment for _, increment, _ in room.ears.sent["counselor"])
        assert total == pytest.approx((room.now - room.BEGAN) * 48_000, abs=6 * TICK)
    assert room.audio.stats["passed_on"] > 300


def test_listener_with_loss_gets_redundancy_in_a_mix(spoken: list[bytes]) -> None:
    room = conference()
    speaker = Talker("user", spoken)
    room.run(4, speaker)
    assert room.audio.stats["passed_on"] > 0
    room.audio.set_loss("counselor", 0.1)
    passed = room.audio.stats["passed_on"]
    room.run(2, speaker)
    assert room.audio.stats["passed_on"] == passed
    assert sum(has_fec(payload) for payload, _, _ in room.ears.sent["counselor"][-75:]) > 30
    room.audio.set_loss("counselor", 0.0)
    room.run(5, speaker)
    assert room.audio.stats["passed_on"] > passed


def test_passthrough_needs_a_voice_at_unchanged_gain(spoken: list[bytes]) -> None:
    room = Room()
    room.audio.set_matrix(
        {"counselor": {"user": 1.0, "professional": 1.0}, "professional": {"user": 0.5, "counselor": 1.0}}, set()
    )
    room.run(5, Talker("user", spoken))
    assert room.audio.stats["passed_on"] == 0


@pytest.mark.parametrize("ppm", [-100, 100])
def test_half_an_hour_of_clock_drift_adds_no_delay(ppm: int, spoken: list[bytes]) -> None:
    """While the clocks of speaker and worker drift apart by 180 ms, packets to listeners have timestamps of the speaker's clock.

    The delay does not grow.
    """
    samples, seconds, now, n = 0, 1800, 100.0, 0

    def send(listener: str, payload: bytes, increment: int, marker: bool, lost: int) -> None:
        nonlocal samples
        samples += increment if listener == "counselor" else 0

    audio = AudioRoom(send)
    audio.set_matrix(everyone(*NAMES), set())
    oldest = 0.0
    while now < 100.0 + seconds:
        now += 0.02
        while (at := 100.0 + n * 0.02 * (1 - ppm * 1e-6)) <= now:
            audio.push("user", n & 0xFFFF, n * TICK & 0xFFFFFFFF, spoken[n % len(spoken)], 20, at)
            n += 1
        audio.tick(now)
        now -= TICK_STEP_S * audio.earlier()
        if now > 110.0:
            oldest = max(oldest, audio.age_s("counselor", now) or 0.0)
    assert audio.stats["passed_on"] > 0.98 * n
    assert samples == pytest.approx(n * TICK, abs=5 * TICK)
    assert oldest < 0.050, "a frame, and less than two ticks of waiting"


@pytest.mark.parametrize("milliseconds", [10, 40, 60])
def test_packets_of_another_length_end_passthrough(milliseconds: int) -> None:
    samples = 48 * milliseconds
    room = conference()
    room.run(5, Talker("user", packets(words(6), samples), samples=samples))
    assert room.audio.stats["passed_on"] == 0


def test_long_muted_speaker_costs_no_packets(spoken: list[bytes]) -> None:
    room = conference()
    speaker = Talker("user", spoken)
    room.run(4, speaker)
    speaker.level = 127
    room.run(3, speaker)
    sent = len(room.ears.sent["counselor"])
    room.run(4, speaker)
    assert len(room.ears.sent["counselor"]) - sent == 10, "one in 400 ms"


def test_no_old_sound_is_heard_after_a_long_silence(spoken: list[bytes]) -> None:
    silence = packets(np.zeros(TICK, np.int16))[0]
    room = conference()
    speaker = Talker("user", [*spoken[:240], *[silence] * 400])
    room.run(4.8, speaker)
    assert room.audio.stats["passed_on"] > 30
    speaker.level = 127
    room.run(5, speaker)
    assert loudness(room.ears.heard("counselor", 4)).max() < 5


def test_speaker_never_gets_their_own_packets(spoken: list[bytes]) -> None:
    """While everybody is silent, all people get the same stream from the mixer.

    When one of them then speaks, that speaker gets none of their own packets.
    """
    room = conference()
    room.run(3, *(muted(name) for name in NAMES))
    speaker = Talker("user", spoken)
    speaker.n = 150
    room.run(6, speaker)
    assert room.audio.stats["passed_on"] > 50
    own = {payload for payload in spoken if len(payload) > 2}
    assert not own & {payload for payload, _, _ in room.ears.sent["user"]}
    assert own & {payload for payload, _, _ in room.ears.sent["counselor"]}
