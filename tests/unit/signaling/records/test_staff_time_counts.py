"""Whenever the times that staff spend in each state are summed, the sums equal a plain recount of all changes."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.records.report_counts import DAY_MS, SLOT_MS
from signaling.records.staff_time_counts import KINDS, StaffKey, Sums, Tally, kind_of

MINUTE = 60_000
STEP = st.tuples(
    st.integers(0, 40 * MINUTE),  # ms since the previous step
    st.sampled_from(["jimin", "suho"]),
    st.sampled_from([*KINDS, None, "take", "take, and fail to store"]),
)
BEGIN = 1_790_000_000_000 // DAY_MS * DAY_MS + 23 * 3_600_000  # 23:00 UTC, so that long examples reach the next day


def add(to: Sums, more: Sums) -> None:
    for key, counts in more.items():
        to.setdefault(key, Counter()).update(counts)


@pytest.mark.slow
@given(st.lists(STEP, max_size=40))
def test_sums_equal_a_recount_of_all_changes(steps: list[tuple[int, str, str | None]]) -> None:
    tally, stored, now = Tally(), Sums(), BEGIN
    changes: dict[str, list[tuple[int, str | None]]] = {"jimin": [], "suho": []}
    for wait_ms, staff, what in steps:
        now += wait_ms
        if what is not None and what.startswith("take"):
            taken = tally.take(now)
            if what == "take":
                add(stored, taken)
            else:
                tally.put_back(taken)
        else:
            kind = next((each for each in KINDS if each == what), None)
            tally.enter("main", staff, kind, now)
            changes[staff].append((now, kind))
    add(stored, tally.take(now))
    expected: Sums = {}
    for staff, history in changes.items():
        for (at, kind), (until, _) in pairwise([*history, (now, None)]):
            if kind is not None:
                for slot in range(at - at % SLOT_MS, until, SLOT_MS):
                    ms = min(until, slot + SLOT_MS) - max(at, slot)
                    for key in (StaffKey("fine", slot, "main", staff), StaffKey("day", slot - slot % DAY_MS, "main", staff)):
                        expected.setdefault(key, Counter())[f"{kind}_ms"] += ms
    assert {key: +counts for key, counts in stored.items() if +counts} == {k: +c for k, c in expected.items() if +c}


def test_late_news_of_a_change_counts_no_time_twice() -> None:
    """The times of an available member are summed at 10 s. Later, a report says that the member has been busy since 8 s."""
    tally = Tally()
    tally.enter("main", "jimin", "ready", BEGIN)
    first = tally.take(BEGIN + 10_000)
    tally.enter("main", "jimin", "busy", BEGIN + 8_000)
    add(first, tally.take(BEGIN + 30_000))
    assert first[StaffKey("fine", BEGIN, "main", "jimin")] == {"ready_ms": 10_000, "busy_ms": 20_000}


@pytest.mark.parametrize(
    ("state", "why", "kind"),
    [
        ("available", "", "ready"),
        ("reserved", "", "ready"),
        ("busy", "", "busy"),
        ("wrap_up", "", "wrap_up"),
        ("away", "", "paused"),
        ("away", "missed", "away"),
        ("lost", "", "away"),
        ("signed_out", "", None),
    ],
)
def test_each_state_counts_as_what_people_call_it(state: str, why: str, kind: str | None) -> None:
    assert kind_of(state, why) == kind
