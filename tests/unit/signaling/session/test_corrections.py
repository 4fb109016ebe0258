"""The rules for editing and retracting a chat line: only its author is allowed to do so, for five minutes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from signaling.protocol.session_views import Former, Line
from signaling.session.corrections import CHANGE_MS, MOST_EDITS, MOST_FORMER, answered_again, edited, retracted
from signaling.session.model import NotAllowed

LINE = Line(seq=3, id="l", author="u", name="민아", role="user", kind="text", audience="all", at=1000, text="첫 글", rev=3)


def refusal(change: object, *arguments: object) -> str:
    with pytest.raises(NotAllowed) as refused:
        change(*arguments)
    return refused.value.reason


def test_edit_keeps_every_former_text_with_its_end() -> None:
    once = edited(LINE, "u", "둘째", 2000)
    assert once is not None
    twice = edited(once, "u", "셋째", 3000)
    assert twice is not None
    assert (twice.text, twice.change, twice.changed_at) == ("셋째", "edited", 3000)
    assert twice.former == [Former(until=2000, text="첫 글"), Former(until=3000, text="둘째")]
    assert (twice.seq, twice.at) == (3, 1000)


def test_retraction_leaves_neither_text_nor_picture() -> None:
    picture = replace(LINE, kind="picture", text="", picture="pic-1")
    gone = retracted(picture, "u", 2000)
    assert gone is not None
    assert (gone.text, gone.picture, gone.change) == ("", "", "retracted")
    assert gone.former == [Former(until=2000, picture="pic-1")]


def test_repeated_changes_do_nothing_however_late() -> None:
    late = LINE.at + CHANGE_MS * 9
    gone = retracted(LINE, "u", 2000)
    assert gone is not None
    assert retracted(gone, "u", late) is None
    assert edited(LINE, "u", LINE.text, late) is None


def test_five_minutes_after_the_line_it_stands() -> None:
    last = LINE.at + CHANGE_MS
    assert edited(LINE, "u", "아직", last) is not None
    assert retracted(LINE, "u", last) is not None
    assert refusal(edited, LINE, "u", "늦음", last + 1) == "too_late"
    assert refusal(retracted, LINE, "u", last + 1) == "too_late"


def test_answer_that_no_mail_tells_of_is_replaced_however_late() -> None:
    late = LINE.at + CHANGE_MS * 9
    answer = answered_again(LINE, "새 답", late)
    assert answer is not None
    assert (answer.seq, answer.text, answer.change) == (3, "새 답", "edited")
    assert answer.former == [Former(until=late, text="첫 글")]
    assert answered_again(answer, "새 답", late) is None
    full = replace(LINE, former=[Former(until=1, text="x")] * MOST_EDITS)
    assert refusal(answered_again, full, "새 답", late) == "too_often"


def test_lines_of_others_and_of_the_service_stay() -> None:
    system = replace(LINE, kind="system", author="", role="system", text="joined")
    for line, author in ((LINE, "someone"), (system, "")):
        assert refusal(edited, line, author, "x", 2000) == "not_yours"
        assert refusal(retracted, line, author, 2000) == "not_yours"


def test_edit_of_nothing_pictures_and_retracted_lines_is_refused() -> None:
    gone = retracted(LINE, "u", 2000)
    assert gone is not None
    assert refusal(edited, gone, "u", "doch", 2100) == "wrong_state"
    assert refusal(edited, replace(LINE, kind="picture"), "u", "x", 2000) == "wrong_state"
    assert refusal(edited, LINE, "u", " \n ", 2000) == "empty"


def test_caption_says_what_was_heard_and_cannot_be_reworded() -> None:
    assert refusal(edited, replace(LINE, kind="caption"), "u", "I never said that", 2000) == "wrong_state"


def test_edits_are_bounded_and_a_retraction_is_always_possible() -> None:
    line = LINE
    for number in range(MOST_EDITS):
        changed = edited(line, "u", f"글 {number}", 2000 + number)
        assert changed is not None
        line = changed
    assert refusal(edited, line, "u", "한 번 더", 9000) == "too_often"
    long = replace(LINE, text="가" * MOST_FORMER)
    assert edited(long, "u", "짧게", 2000) is not None
    assert refusal(edited, replace(long, former=[Former(until=1, text="나")]), "u", "더", 2000) == "too_often"
    assert retracted(line, "u", 9000) is not None
