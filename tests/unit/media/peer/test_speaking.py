from __future__ import annotations

from media.peer.speaking import Speaking


def say(speaking: Speaking, name: str, level: int, start: float, seconds: float) -> None:
    for number in range(round(seconds * 50)):
        speaking.hear(name, level, start + number * 0.02)


def test_speech_is_reported_once_and_its_end_after_a_pause() -> None:
    speaking = Speaking()
    say(speaking, "a", 30, 0.0, 0.2)
    assert speaking.change(0.2) == ["a"]
    say(speaking, "a", 30, 0.2, 1.0)
    assert speaking.change(1.2) is None
    say(speaking, "a", 100, 1.2, 0.4)
    assert speaking.change(1.6) is None
    say(speaking, "a", 100, 1.6, 0.4)
    assert speaking.change(2.0) == []


def test_click_or_breath_is_no_speech() -> None:
    speaking = Speaking()
    speaking.hear("a", 20, 0.0)
    speaking.hear("a", 90, 0.02)
    say(speaking, "b", 50, 0.0, 0.5)
    assert speaking.change(0.5) is None


def test_speaking_state_holds_between_words() -> None:
    speaking = Speaking()
    say(speaking, "a", 30, 0.0, 0.2)
    assert speaking.change(0.2) == ["a"]
    say(speaking, "a", 50, 0.2, 1.0)  # the voice is quieter than before, but still above the lower threshold
    assert speaking.change(1.2) is None


def test_speaker_who_stops_sending_stops_speaking() -> None:
    speaking = Speaking()
    say(speaking, "a", 30, 0.0, 0.2)
    assert speaking.change(0.2) == ["a"]
    assert speaking.change(0.9) == []


def test_speaking_changes_at_most_five_times_a_second() -> None:
    speaking = Speaking()
    told = 0
    for number in range(500):
        now = number * 0.02
        name = f"p{number // 4 % 4}"
        speaking.hear(name, 10, now)
        told += speaking.change(now) is not None
    assert told <= 50


def test_departed_speaker_is_forgotten() -> None:
    speaking = Speaking()
    say(speaking, "a", 30, 0.0, 0.2)
    assert speaking.change(0.2) == ["a"]
    speaking.forget("a")
    assert speaking.change(0.5) == []
