from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.live.staff_boards import DEFAULT_THRESHOLDS, thresholds
from signaling.live.trend import LEVEL_MS, MINUTE_MS, POINTS, trend
from signaling.records import Threshold, Wait

NOW = 1_790_000_000_000


def minutes_ago(minutes: float) -> int:
    return NOW - round(minutes * MINUTE_MS)


def test_each_minute_counts_those_who_were_waiting_then() -> None:
    waits = [
        Wait(asked_at=minutes_ago(5), answered_at=minutes_ago(2.5)),
        Wait(asked_at=minutes_ago(3), ended_at=minutes_ago(1.5)),
        Wait(asked_at=minutes_ago(0.5)),
    ]
    found = trend(waits, NOW)
    assert found.waiting[-6:] == [1, 1, 2, 1, 0, 1]
    assert found.longest_s[-6:] == [0, 60, 120, 60, 0, 30]
    assert found.left[-3:] == [0, 1, 0]
    assert len(found.waiting) == len(found.longest_s) == len(found.left) == len(found.level) == POINTS


def test_service_level_counts_the_half_hour_before() -> None:
    quick = Wait(asked_at=minutes_ago(40), answered_at=minutes_ago(40) + 5_000)
    slow = Wait(asked_at=minutes_ago(20), answered_at=minutes_ago(19))
    gone = Wait(asked_at=minutes_ago(10), ended_at=minutes_ago(9))
    found = trend([quick, slow, gone], NOW)
    assert found.level[-1] == 0.0, "the quick answer is over half an hour ago"
    assert found.level[-19] == 50.0
    assert found.level[-39] == 100.0
    assert found.level[-45] is None


TIMES = st.integers(NOW - 3 * LEVEL_MS, NOW)


@st.composite
def waits(draw: st.DrawFn) -> Wait:
    asked, over = sorted((draw(TIMES), draw(TIMES)))
    how = draw(st.sampled_from(["answered", "ended", "open"]))
    return Wait(asked_at=asked, answered_at=over if how == "answered" else None, ended_at=over if how == "ended" else None)


@pytest.mark.slow
@given(st.lists(waits(), max_size=40))
def test_trend_equals_a_count_by_hand(found: list[Wait]) -> None:
    shown = trend(found, NOW)
    for n, (count, longest) in enumerate(zip(shown.waiting, shown.longest_s, strict=True)):
        time = NOW - (POINTS - 1 - n) * MINUTE_MS
        standing = [one for one in found if one.asked_at <= time and (one.answered_at or one.ended_at or NOW + 1) > time]
        assert count == len(standing)
        assert longest == max(((time - one.asked_at) // 1000 for one in standing), default=0)


def test_figures_without_a_stored_threshold_have_the_default() -> None:
    found = {one.figure: one for one in thresholds([Threshold(figure="waiting", amber=30, red=80)])}
    assert (found["waiting"].amber, found["waiting"].red) == (30, 80)
    assert found["level"] in DEFAULT_THRESHOLDS
    assert len(found) == len(DEFAULT_THRESHOLDS)
