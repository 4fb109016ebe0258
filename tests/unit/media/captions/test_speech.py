"""The tests check where utterances begin and end, and when a draft of an utterance is made."""

from __future__ import annotations

import numpy as np

from media.captions.speech import BEFORE_WINDOWS, DRAFT_EVERY, DRAFT_PAUSE, END_PAUSE, LONGEST, WINDOW, Floats, Speech, Spoken

SPEECH, PAUSE = 20_000, 0


def loud(window: Floats) -> float:
    """Take the place of the voice detector. Return 1 for a loud window, and 0 for any other window."""
    return float(np.abs(window).max() > 0.1)


def heard(*pieces: tuple[int, int]) -> tuple[Speech, list[Spoken]]:
    """Feed sound to a `Speech` in packets of 20 ms, like those of Opus. Return the `Speech` and what it has found.

    Each piece of the sound is (loudness, number of windows).
    """
    sound = np.concatenate([np.full(windows * WINDOW, value, np.int16) for value, windows in pieces])
    speech = Speech(loud)
    found = [spoken for at in range(0, len(sound), 320) for spoken in speech.feed(sound[at : at + 320])]
    return speech, found


def finals(found: list[Spoken]) -> list[Spoken]:
    return [spoken for spoken in found if spoken.final]


def test_silence_is_no_utterance() -> None:
    speech, found = heard((PAUSE, 200))
    assert (found, speech.speaking) == ([], False)


def test_utterance_ends_with_a_pause_and_keeps_its_first_sounds() -> None:
    speech, found = heard((PAUSE, 50), (SPEECH, 30), (PAUSE, END_PAUSE + 1))
    [spoken] = finals(found)
    assert not speech.speaking
    assert len(spoken.sound) > (30 + BEFORE_WINDOWS - 1) * WINDOW
    assert np.abs(spoken.sound[: (BEFORE_WINDOWS - 2) * WINDOW]).max() == 0
    assert (np.abs(spoken.sound) > 0.1).sum() == 30 * WINDOW


def test_draft_at_the_last_pause_has_all_words_of_the_utterance() -> None:
    _, found = heard((SPEECH, 30), (PAUSE, END_PAUSE + 1))
    draft, whole = found
    assert (draft.final, whole.final) == (False, True)
    assert (draft.utterance, draft.spoken) == (whole.utterance, whole.spoken)


def test_draft_before_more_words_is_not_taken_for_the_whole() -> None:
    _, found = heard((SPEECH, 20), (PAUSE, DRAFT_PAUSE + 1), (SPEECH, 20), (PAUSE, END_PAUSE + 1))
    first, second, whole = found
    assert first.spoken < second.spoken == whole.spoken
    assert {spoken.utterance for spoken in found} == {1}


def test_long_utterance_gets_drafts_while_it_lasts() -> None:
    _, found = heard((SPEECH, 3 * DRAFT_EVERY + 2))
    assert [spoken.final for spoken in found] == [False] * 3


def test_click_is_no_utterance() -> None:
    _, found = heard((PAUSE, 20), (SPEECH, 1), (PAUSE, 40))
    assert found == []


def test_two_utterances_have_two_numbers() -> None:
    _, found = heard((SPEECH, 10), (PAUSE, 30), (SPEECH, 10), (PAUSE, 30))
    assert [spoken.utterance for spoken in finals(found)] == [1, 2]


def test_too_long_utterance_is_cut_at_its_last_pause_and_nothing_is_lost() -> None:
    _, found = heard((SPEECH, LONGEST - 60), (PAUSE, DRAFT_PAUSE + 2), (SPEECH, 100), (PAUSE, 30))
    first, second = finals(found)
    assert len(first.sound) < (LONGEST - 40) * WINDOW
    assert sum((np.abs(spoken.sound) > 0.1).sum() for spoken in (first, second)) == (LONGEST - 60 + 100) * WINDOW


def test_endless_speech_is_cut_without_a_pause() -> None:
    _, found = heard((SPEECH, 2 * LONGEST + 20))
    assert [len(spoken.sound) for spoken in finals(found)] == [LONGEST * WINDOW] * 2


def test_stream_that_stops_ends_its_utterance() -> None:
    speech, _ = heard((SPEECH, 20))
    [spoken] = speech.stop()
    assert (spoken.final, speech.speaking, speech.stop()) == (True, False, [])
