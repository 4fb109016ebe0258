"""JSON that two programs could read differently is refused, at any depth."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.protocol.strict_json import MOST_DEPTH, NotStrict, check, well_formed

ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.slow
@given(ANY, st.booleans())
def test_unambiguous_json_is_accepted(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert check(f" \n{text}\t") == f" \n{text}\t"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": 1, "\\u0061": 2}', "twice"),
        ('[{"b": {"x": 0, "y": 0, "x": 0}}]', "twice"),
        ('{"n": 9223372036854775808}', "64 bits"),
        ('{"n": -9223372036854775809}', "64 bits"),
        ('{"n": %s}' % ("1" * 100_000), "64 bits"),
        ('{"n": 1e400}', "64 bits"),
        ("[NaN]", "not JSON"),
        ("[-Infinity]", "not JSON"),
        (b'{"ignored": "\xff"}', "UTF-8"),
        (b'{"ignored": "\xed\xa0\x80"}', "UTF-8"),
        ("[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1), "nested"),
        ('{"a":' * 1100 + "1" + "}" * 1100, "nested"),
        ("[" * 100_000, "nested"),
        ("{} {}", "not JSON"),
        ('"a\nb"', "not JSON"),
        ("", "not JSON"),
        ("\ufeff{}", "not JSON"),
    ],
)
def test_ambiguous_json_is_refused(text: str | bytes, why: str) -> None:
    with pytest.raises(NotStrict, match=why):
        check(text)


@pytest.mark.parametrize("text", ["[" * MOST_DEPTH + "]" * MOST_DEPTH, json.dumps(["[{" * 500]), json.dumps('\\"[' * 500)])
def test_brackets_in_texts_or_side_by_side_are_not_nesting(text: str) -> None:
    assert check(text) == text


def test_many_short_lists_are_not_deep() -> None:
    assert check(json.dumps([[]] * 5000))


@given(st.lists(st.sampled_from(["\\ud83d", "\\uDE00", "\\\\", '\\"', "\\n", "ud83d", "a", "한"]), max_size=12).map("".join))
def test_lone_surrogates_become_one_character_each(inner: str) -> None:
    before, after = json.loads(f'"{inner}"'), json.loads(well_formed(f'"{inner}"'))
    assert after == before.encode("utf-16", "surrogatepass").decode("utf-16", "replace") or after.encode()
    assert after.replace("\ufffd", "") == "".join(c for c in before if not 0xD800 <= ord(c) < 0xE000)
