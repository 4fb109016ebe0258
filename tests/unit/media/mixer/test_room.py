"""The sound of the mixer. The tests check who hears whom, what mixing costs, and that nothing clicks."""

from __future__ import annotations

import random

import av
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from media.mixer import TICK_STEP_S, AudioRoom
from media.mixer.mix import Gains, magnitude, mix
from media.mixer.opus import Encoder, Samples
from media.mixer.room import LOOKAHEAD_S

from .sound import TICK, Room, Talker, everyone, loudest, loudness, packets, roughness, strength, tone, voice

USER, COUNSELOR, PROFESSIONAL = 440, 620, 880


@pytest.fixture(scope="module")
def voices() -> dict[str, list[bytes]]:
    return {
        name: packets(tone(hertz, 2))
        for name, hertz in (("user", USER), ("counselor", COUNSELOR), ("professional", PROFESSIONAL))
    }


def talker(voices: dict[str, list[bytes]], name: str, **options: int | None) -> Talker:
    return Talker(name, voices[name], **options)


def test_everyone_hears_the_others_and_not_themselves(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix(everyone(*voices), set())
    room.run(3, *(talker(voices, name) for name in voices))
    assert room.ears.hears("user", COUNSELOR)
    assert room.ears.hears("user", PROFESSIONAL)
    assert room.ears.silent("user", USER)
    assert room.ears.hears("counselor", USER)
    assert room.ears.silent("counselor", COUNSELOR)
    assert room.ears.hears("professional", USER)
    assert room.ears.silent("professional", PROFESSIONAL)


def test_matrix_cannot_make_anyone_hear_themselves(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix({"user": {"user": 1.0, "counselor": 1.0}}, set())
    room.run(2, talker(voices, "user"), talker(voices, "counselor"))
    assert room.ears.hears("user", COUNSELOR)
    assert room.ears.silent("user", USER)


def test_gain_sets_the_loudness(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix({"user": {"counselor": 0.25}}, set())
    room.run(2, talker(voices, "counselor"))
    assert strength(room.ears.heard("user", 1), COUNSELOR) == pytest.approx(2000, rel=0.2)


def test_loud_sum_is_clamped_and_does_not_wrap() -> None:
    room = Room()
    loud = {name: packets(tone(440, 2, peak=30_000)) for name in ("a", "b", "c")}
    room.audio.set_matrix({"listener": dict.fromkeys(loud, 1.0)}, set())
    room.run(2, *(Talker(name, payloads) for name, payloads in loud.items()))
    heard = room.ears.heard("listener", 1).astype(float)
    assert strength(room.ears.heard("listener", 1), 440) > 28_000
    # If the sum wrapped, it would jump by nearly 65,536 between two samples. A clamped sum changes no faster than the sine.
    assert np.abs(np.diff(heard)).max() < 12_000


def test_one_speaker_costs_one_encode_for_all_listeners(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix(everyone(*voices), set())
    silent = [talker(voices, name, level=127) for name in ("counselor", "professional")]
    speaker = talker(voices, "user")
    room.run(2, speaker, *silent)
    before = room.audio.stats.copy()
    room.run(4, speaker, *silent)
    spent = room.audio.stats - before
    assert spent["encodes"] == 200
    assert spent["encodes_saved"] == 200
    assert spent["decodes"] == pytest.approx(200, abs=2)
    assert room.ears.hears("counselor", USER)
    assert room.ears.hears("professional", USER)


def test_listeners_hear_no_click_when_their_mixes_split(voices: dict[str, list[bytes]]) -> None:
    """Two listeners share one encoder until one of them speaks.

    The listener who does not speak then continues from a copy of the encoder.
    """
    together, alone = Room(), Room()
    for room in (together, alone):
        room.audio.set_matrix(everyone(*voices), set())
        speaker, late = talker(voices, "user"), talker(voices, "professional", level=127)
        other = talker(voices, "counselor", level=127)
        room.run(3, speaker, late, other)
        if room is together:
            late.level = 20
        room.run(0.4, speaker, late, other)
    assert together.audio.stats["encodes"] > alone.audio.stats["encodes"]
    parted, never = together.ears.heard("professional"), alone.ears.heard("professional")
    assert strength(parted[-9600:], USER) > 7000
    assert roughness(parted[48_000:], USER) <= 1.3 * roughness(never[48_000:], USER)


def test_listeners_rejoin_a_shared_encode_without_a_click(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix({"a": {"user": 1.0, "counselor": 1.0}, "b": {"user": 1.0}}, set())
    speaker, other = talker(voices, "user"), talker(voices, "counselor")
    room.run(2, speaker, other)
    room.audio.set_matrix({"a": {"user": 1.0}, "b": {"user": 1.0}}, set())
    room.run(3, speaker, other)
    assert room.audio.stats["encodes_saved"] > 100
    for listener in "ab":
        assert strength(room.ears.heard(listener, 0.5), USER) > 7000
        steady = roughness(room.ears.heard(listener, 0.5), USER)
        assert roughness(room.ears.heard(listener, 2.8), USER) < 3 * steady + 200


def test_silence_decodes_and_encodes_nothing(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix(everyone(*voices), set())
    people = [talker(voices, name, level=127) for name in voices]
    room.run(2, *people)
    before = room.audio.stats.copy()
    room.run(4, *people)
    spent = room.audio.stats - before
    assert spent["decodes"] == spent["encodes"] == 0
    sent = room.ears.sent["user"][-8:]
    assert all(len(payload) == 1 and increment == 20 * TICK for payload, increment, _ in sent), "DTX, every 400 ms"


def test_steady_noise_is_not_mixed_but_the_first_word_is(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix(everyone(*voices), set())
    speaker, fan = talker(voices, "user"), talker(voices, "counselor", level=55)
    room.run(2, speaker, fan)
    before = room.audio.stats.copy()
    room.run(2, speaker, fan)
    spent = room.audio.stats - before
    assert spent["decodes"] == pytest.approx(100, abs=2), "the speaker's alone"
    fan.level = 30
    room.run(0.5, speaker, fan)
    assert strength(room.ears.heard("professional", 0.3), COUNSELOR) > 7000


@pytest.mark.parametrize(("level", "quiet_from"), [(127, 70), (80, 70), (55, 51), (46, 45), (30, 0)])
def test_quiet_voice_can_be_withheld_from_the_mixer(level: int, quiet_from: int, voices: dict[str, list[bytes]]) -> None:
    """`push` returns an audio level. The mixer does not need packets of the voice that have this level or are quieter.

    If `push` returns 0, the mixer needs all packets. The mixer treats packets that it does not get as silence.
    """
    audio = AudioRoom(lambda *_: None)
    audio.set_matrix(everyone(*voices), set())
    said = voices["user"]
    for n in range(60):
        told = audio.push("user", n, n * TICK, said[n], level, n * 0.02)
        assert n >= 10 or told == 0
        audio.tick(n * 0.02 + 0.01)
    assert told == quiet_from
    for n in range(60, 120 if quiet_from else 60):
        audio.tick(n * 0.02 + 0.01)
    before = audio.stats.copy()
    for n in range(120, 170):
        assert audio.push("user", n, n * TICK, said[n - 120], 20, n * 0.02) == 0
        audio.tick(n * 0.02 + 0.01)
    spent = audio.stats - before
    if quiet_from:
        assert spent["concealed"] == spent["fec_used"] == spent["shortened"] == 0
        assert spent["decodes"] >= 48


def test_soft_voice_is_never_taken_for_noise(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix(everyone(*voices), set())
    soft = talker(voices, "counselor")
    for n in range(40):
        soft.level = (48, 62, 54, 58)[n % 4]
        room.run(0.1, soft)
    assert room.audio.stats["skipped_quiet"] == 0


def test_speech_after_silence_has_marker_and_right_timestamp(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix({"user": {"counselor": 1.0, "professional": 1.0}}, set())
    speaker = talker(voices, "counselor", level=127)
    room.run(3, speaker)
    speaker.level = 20
    room.run(1, speaker)
    markers = [n for n, (_, _, marker) in enumerate(room.ears.sent["user"]) if marker]
    assert markers[0] == 0
    assert len(markers) == 2
    total = sum(increment for _, increment, _ in room.ears.sent["user"])
    assert total == 200 * TICK, "the timestamps count every tick, sent or not"


def test_hold_tone_plays_to_a_listener_who_hears_nobody() -> None:
    room = Room()
    room.audio.set_matrix({}, {"user"})
    room.run(6)
    heard = room.ears.heard("user", 3)
    assert loudest(heard, 330) > 300
    assert loudest(heard, 262) > 300
    for hertz in (USER, COUNSELOR, PROFESSIONAL):
        assert loudest(heard, hertz) < 30
    assert np.abs(heard.astype(int)).max() < 4000, "soft"
    assert room.audio.stats["encodes"] < 250, "its pauses cost nothing"


def test_hold_tone_mixes_with_a_voice(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix({"user": {"counselor": 1.0}}, {"user"})
    room.run(6, talker(voices, "counselor"))
    assert room.ears.hears("user", COUNSELOR, 3)
    assert loudest(room.ears.heard("user", 3), 330) > 300


@pytest.mark.parametrize(("before", "after"), [(1.0, 0.0), (0.0, 1.0), (1.0, 0.3), (0.2, 4.0)])
def test_gain_change_does_not_click(before: float, after: float) -> None:
    """The test measures the mix before it is encoded, because the codec would blur a click."""
    sine, gains, out = tone(440, 0.2, 5000), Gains(), []
    gains.aim({"a": before, "b": 0.1})
    for n in range(10):
        if n == 5:
            gains.aim({"a": after, "b": 0.1})
        sounding = {"a": sine[n * TICK : (n + 1) * TICK], "b": np.zeros(TICK, np.int16)}
        magnitudes = {source: magnitude(samples) for source, samples in sounding.items()}
        out.append(mix(gains.advance(sounding), sounding, magnitudes).astype(np.int16))
    heard = np.concatenate(out[1:])
    kink = 5000 * abs(after - before) / TICK
    assert roughness(heard, 440) < 5 + 1.2 * kink, "a step would be 960 times the kink of the ramp"


@example([(16384, 0, 1.0), (16383, 0, 1.0)])  # 32767, the largest sum that needs no clamp
@example([(16384, 0, 1.0), (16384, 0, 1.0)])
@example([(-16384, 0, 1.0), (-16385, 0, 1.0)])
@given(st.lists(st.tuples(st.integers(-32768, 32767), st.integers(-32768, 32767), st.sampled_from([1.0, 0.5, 4.0])), max_size=5))
def test_mix_is_the_sum_and_never_overflows(sources: list[tuple[int, int, float]]) -> None:
    sounding, gains = {}, Gains()
    for number, (even, odd, _) in enumerate(sources):
        sounding[str(number)] = np.tile(np.array([even, odd], np.int16), TICK // 2)
    gains.aim({str(number): gain for number, (_, _, gain) in enumerate(sources)})
    gains.advance(sounding)
    mixed = mix(gains.advance(sounding), sounding, {name: magnitude(samples) for name, samples in sounding.items()})
    for at in range(2):
        wanted = sum(int(source[at] * source[2]) for source in sources)
        assert (mixed[at::2] == max(-32768, min(32767, wanted))).all()


def test_matrix_change_does_not_click(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix({"user": {"counselor": 1.0, "professional": 1.0}}, set())
    speaker = talker(voices, "counselor")
    room.run(2, speaker)
    room.audio.set_matrix({"user": {"counselor": 0.5, "professional": 1.0}}, set())
    room.run(1, speaker)
    assert roughness(room.ears.heard("user", 1.5), COUNSELOR) < 900, "a step to half of it leaves 2,500"
    assert strength(room.ears.heard("user", 0.5), COUNSELOR) == pytest.approx(4000, rel=0.15)


@pytest.mark.slow
def test_ten_percent_loss_is_recovered_and_concealed() -> None:
    dice = random.Random(7)
    room = Room()
    room.audio.set_matrix({"user": {"counselor": 1.0, "professional": 1.0}}, set())
    room.run(10, Talker("counselor", packets(voice(10))), lost=lambda: dice.random() < 0.1)
    stats = room.audio.stats
    assert stats["fec_used"] > stats["concealed"]
    assert stats["fec_used"] + stats["concealed"] == pytest.approx(500 - stats["decodes"], abs=5)
    clean, heard = loudness(voice(8)), loudness(room.ears.heard("user", 8))
    assert clean.min() > 700
    assert (heard < 500).mean() < 0.02, "the voice hardly ever goes away, though one packet of ten did"


def test_late_participant_delays_nobody(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix(everyone(*voices), set())
    speaker, stalled = talker(voices, "user"), talker(voices, "professional")
    room.run(1, speaker, stalled)
    room.run(2, speaker)
    assert len(room.ears.sent["counselor"]) == 150
    assert room.ears.hears("counselor", USER)
    assert room.ears.silent("counselor", PROFESSIONAL)
    stalled.n += 100
    stalled.timestamp = (stalled.timestamp + 100 * TICK) & 0xFFFFFFFF
    room.run(2, speaker, stalled)
    assert room.ears.hears("counselor", PROFESSIONAL), "and is heard again when they are back"


@pytest.mark.parametrize("milliseconds", [10, 20, 40, 60])
def test_packets_of_any_length_are_heard(milliseconds: int) -> None:
    samples = 48 * milliseconds
    room = Room()
    room.audio.set_matrix({"user": {"a": 1.0, "b": 1.0}}, set())
    room.run(3.6, Talker("a", packets(tone(440, 4.8), samples), samples=samples))
    assert strength(room.ears.heard("user", 1), 440) > 6000
    assert roughness(room.ears.heard("user", 1), 440) < 1500
    assert room.audio.stats["concealed"] == 0


def in_stereo(left: Samples, right: Samples) -> list[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    both = np.column_stack([left, right]).astype(np.int16)
    payloads = []
    for at in range(0, len(both), TICK):
        frame = av.AudioFrame.from_ndarray(both[at : at + TICK].reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, at
        payloads += [bytes(packet) for packet in encoder.encode(frame)]
    return payloads


def test_stereo_packets_are_heard_in_mono() -> None:
    payloads = in_stereo(tone(440, 2), tone(880, 2))
    room = Room()
    room.audio.set_matrix({"user": {"a": 1.0, "b": 1.0}}, set())
    room.run(2, Talker("a", payloads))
    assert room.ears.hears("user", 440)
    assert room.ears.hears("user", 880)


def test_removed_participant_is_neither_heard_nor_sent_to(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix(everyone(*voices), set())
    people = [talker(voices, name) for name in voices]
    room.run(1, *people)
    room.audio.remove("professional")
    sent = len(room.ears.sent["professional"])
    room.run(2, *people)
    assert len(room.ears.sent["professional"]) == sent
    assert room.ears.silent("user", PROFESSIONAL)
    assert room.audio.stats["dropped_unheard"] > 90


def test_closed_room_is_silent(voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.audio.set_matrix(everyone(*voices), {"user"})
    people = [talker(voices, name) for name in voices]
    room.run(0.5, *people)
    room.audio.close()
    before = {name: len(sent) for name, sent in room.ears.sent.items()}
    room.run(0.5, *people)
    assert {name: len(sent) for name, sent in room.ears.sent.items()} == before


@pytest.mark.parametrize("phase_s", [0.001, 0.006, 0.011, 0.019])
def test_ticks_follow_the_speakers_packets(phase_s: float, voices: dict[str, list[bytes]]) -> None:
    room = Room()
    room.PHASE_S = phase_s
    room.audio.set_matrix(everyone(*voices), set())
    room.run(8, talker(voices, "user"))
    age_s = room.audio.age_s("counselor", room.now)
    assert age_s is not None
    assert age_s < 0.020 + 0.0085 + LOOKAHEAD_S, "a frame, the rest of a quarter tick and its guard, and the codec's own"
    assert room.audio.stats["concealed"] == 0
    assert room.ears.hears("counselor", USER)


def test_person_who_mutes_with_dtx_is_heard_after_ticks_have_moved_earlier(voices: dict[str, list[bytes]]) -> None:
    """While the counselor is muted, the room's ticks move to an earlier moment.

    In a real room, the ticks move because the packets of the other people arrive early enough.
    """
    room = Room()
    room.audio.set_matrix(everyone("user", "counselor"), set())
    counselor = talker(voices, "counselor")
    room.run(2, counselor)
    spoken, dtx_samples = counselor.payloads, 20 * TICK
    counselor.payloads, counselor.samples, counselor.n = [b"\x48"], dtx_samples, counselor.n * TICK // dtx_samples
    for _ in range(8):
        room.run(0.4, counselor)
        room.now -= TICK_STEP_S
    counselor.payloads, counselor.samples, counselor.n = spoken, TICK, counselor.n * dtx_samples // TICK
    room.run(2, counselor)
    assert room.ears.hears("user", COUNSELOR)
    assert room.audio.stats["dropped_late"] == 0


def test_person_who_mutes_is_heard_after_ticks_have_moved_earlier(voices: dict[str, list[bytes]]) -> None:
    """The fast path keeps the packets of a muted person away from the mixer. The person unmutes after less than two seconds."""
    room = Room()
    room.audio.set_matrix(everyone("user", "counselor"), set())
    counselor = talker(voices, "counselor")
    room.run(2, counselor)
    counselor.level = 127
    room.run(0.4, counselor)
    for _ in range(8):
        room.run(0.16)
        room.now -= TICK_STEP_S
    passed = round((room.now - room.BEGAN - room.PHASE_S) * 50) - counselor.n
    counselor.n += passed
    counselor.sequence += passed
    counselor.timestamp += passed * TICK
    counselor.level = 20
    room.run(2, counselor)
    assert room.ears.hears("user", COUNSELOR)
    assert room.audio.stats["dropped_late"] <= 1


packet = st.tuples(st.integers(0, 70_000), st.integers(0, 2**32 + 5), st.binary(max_size=80), st.none() | st.integers(-3, 300))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(packet, max_size=60))
def test_hostile_packets_never_raise(arrivals: list[tuple[int, int, bytes, int | None]]) -> None:
    sent = []
    room = AudioRoom(lambda *args: sent.append(args))
    room.set_matrix({"user": {"a": 1.0, "b": 1.0}}, set())
    for n, (sequence, timestamp, payload, level) in enumerate(arrivals):
        room.push("a", sequence, timestamp, payload, level, n * 0.013)
        room.tick(n * 0.02)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=40))
def test_hostile_payloads_never_stop_the_tick(payloads: list[bytes]) -> None:
    ticks = 0

    def count(*_: object) -> None:
        nonlocal ticks
        ticks += 1

    room = AudioRoom(count)
    room.set_matrix({"user": {"a": 1.0, "b": 1.0}}, set())
    good = packets(tone(440, 0.1), encoder=Encoder())
    for n, payload in enumerate([*payloads, *good]):
        room.push("a", n, n * TICK, payload, 10, n * 0.02)
        room.push("b", n, n * TICK, good[n % 5], 10, n * 0.02)
        room.tick(n * 0.02 + 0.01)
    assert ticks == len(payloads) + len(good)
