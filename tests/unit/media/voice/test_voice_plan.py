from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.voice.path import plan_voices

ALL = {"user", "counselor", "professional"}


def everyone(*names: str) -> dict[str, dict[str, float]]:
    return {name: {other: 1.0 for other in names if other != name} for name in names}


def test_two_people_are_relayed() -> None:
    relayed, mixed = plan_voices(everyone("user", "counselor"), set(), ALL)
    assert relayed == {"user": "counselor", "counselor": "user"}
    assert mixed == {}


def test_three_people_are_mixed_until_one_leaves() -> None:
    hears = everyone(*ALL)
    relayed, mixed = plan_voices(hears, set(), ALL)
    assert relayed == {}
    assert mixed["user"] == {"counselor": 1.0, "professional": 1.0}
    relayed, mixed = plan_voices(hears, set(), {"user", "counselor"})
    assert relayed == {"user": "counselor", "counselor": "user"}
    assert mixed == {}


def test_consultation_gives_the_user_the_hold_tone_and_relays_staff() -> None:
    hears = {"counselor": {"professional": 1.0}, "professional": {"counselor": 1.0}}
    relayed, mixed = plan_voices(hears, {"user"}, ALL)
    assert mixed == {"user": {}}
    assert relayed == {"counselor": "professional", "professional": "counselor"}


def test_reduced_gain_needs_the_mix() -> None:
    assert plan_voices({"user": {"counselor": 0.5}}, set(), ALL) == ({}, {"user": {"counselor": 0.5}})


def test_silenced_voice_is_not_heard() -> None:
    assert plan_voices({"user": {"counselor": 0.0}}, set(), ALL) == ({}, {})


NAMES = st.sampled_from("abcd")


@pytest.mark.slow
@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.sampled_from([0.0, 0.5, 1.0]))), st.sets(NAMES), st.sets(NAMES))
def test_plan_never_exceeds_the_matrix_or_includes_oneself(
    hears: dict[str, dict[str, float]], hold: set[str], present: set[str]
) -> None:
    relayed, mixed = plan_voices(hears, hold, present)
    assert not relayed.keys() & mixed.keys()
    for listener, source in relayed.items():
        assert source != listener
        assert source in present
        assert hears[listener][source] == 1.0
        assert listener not in hold
    for listener, gains in mixed.items():
        assert listener in present
        assert listener not in gains
        assert gains.keys() <= present
        assert all(hears[listener][source] == gain > 0 for source, gain in gains.items())
