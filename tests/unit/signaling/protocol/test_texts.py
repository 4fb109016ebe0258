"""Texts from outside are cleaned. The tests check what a reader of a cleaned text would notice."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.protocol.texts import BadText, Exact, Seen, count

FAMILY = "👨‍👩‍👧‍👦"
NAME, LINE, TITLE = Seen(60), Seen(4000, lines=True), Seen(20, cut=True)
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u3000\t\n", "\u3164", "\u200b", "\u2800", "\u115f\u1160", "\uffa0", "\u00ad", "\ufeff", "\u200d\ufe0f", "\u034f",
     "\u2800 \u3164", "\0\x7f", "\u202e\u2066", "\U000e0041\U000e007f", "\u180e", "\u061c"],
)  # fmt: skip
def test_invisible_text_counts_as_empty(text: str) -> None:
    assert (NAME(text), LINE(text), TITLE(text)) == ("", "", "")
    with pytest.raises(BadText, match="empty"):
        Seen(60, least=1)(text)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("민아", "민아"),
        ("  Ann   Lee ", "Ann Lee"),
        ("evil\u202elive", "evillive"),
        ("\u2067a\u2069", "a"),
        ("a\0b", "ab"),
        ("a\x85b\u2028c\r\nd", "a b c d"),
        ("Ji\u200bmin", "Jimin"),
        ("half \ud83d", "half \ufffd"),
        (unicodedata.normalize("NFD", "각"), "각"),
        ("می‌خواهم", "می‌خواهم"),
        (FAMILY, FAMILY),
    ],
)
def test_names_are_one_line_without_hidden_characters(given_name: str, kept: str) -> None:
    assert NAME(given_name) == kept


def test_chat_lines_keep_their_line_breaks() -> None:
    assert LINE("a\r\nb\rc\n\n  d\u2029e") == "a\nb\nc\n\n  d\ne"


def test_length_counts_visible_characters() -> None:
    assert NAME(FAMILY * 60) == FAMILY * 60
    assert count("각" * 3) == count(unicodedata.normalize("NFD", "각") * 3) == 3
    with pytest.raises(BadText, match="longer than 60 characters"):
        NAME(FAMILY * 61)


def test_stacked_accents_are_bounded_in_bytes() -> None:
    with pytest.raises(BadText, match="longer"):
        NAME("e" + "\u0301" * 2000)


def test_truncation_never_splits_a_character() -> None:
    assert TITLE(FAMILY * 30) == FAMILY * 19 + "…"
    assert TITLE("x" * 19 + "😀") == "x" * 19 + "😀"
    assert TITLE("x" * 20 + "😀") == "x" * 19 + "…"


@given(ANYTHING)
def test_cleaning_removes_all_unsafe_text_and_is_idempotent(text: str) -> None:
    for rule in (NAME, LINE, TITLE):
        kept = rule(text)
        kept.encode()
        assert rule(kept) == kept
        assert count(kept) <= rule.most
        assert not set(kept) & set("\0\r\x1b\x7f\x85\u202e\u2066\u2028")
        assert kept == kept.strip() or rule is LINE


@given(ANYTHING)
def test_machine_text_is_accepted_unchanged_or_refused(text: str) -> None:
    try:
        assert Exact(100)(text) == text
    except BadText:
        assert len(text.encode("utf-8", "surrogatepass")) > 100 or any(unicodedata.category(c) in ("Cc", "Cs") for c in text)


@pytest.mark.parametrize("text", ["a\0", "\x1b[2J", "\x7f", "\x9b", "\ud83d", "한" * 34])
def test_machine_text_has_no_controls_or_surrogates_and_is_bounded(text: str) -> None:
    with pytest.raises(BadText):
        Exact(100)(text)
