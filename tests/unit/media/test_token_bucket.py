from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.token_bucket import TokenBucket


def test_bucket_begins_full_and_refills_by_its_rate() -> None:
    bucket = TokenBucket(10, 20, 0.0)
    assert [bucket.take(1, 0.0) for _ in range(21)] == [True] * 20 + [False]
    assert [bucket.take(1, 0.5) for _ in range(6)] == [True] * 5 + [False]


def test_spending_does_not_look_at_the_time() -> None:
    bucket = TokenBucket(10, 5, 0.0)
    assert [bucket.spend(1) for _ in range(6)] == [True] * 5 + [False]
    bucket.refill(0.1)
    assert [bucket.spend(1) for _ in range(2)] == [True, False]


def test_new_limit_takes_tokens_above_it_away() -> None:
    bucket = TokenBucket(1000, 1000, 0.0)
    bucket.limit(10, 5, 0.0)
    assert [bucket.take(1, 0.0) for _ in range(6)] == [True] * 5 + [False]
    assert [bucket.take(1, 0.1) for _ in range(2)] == [True, False]


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 50), st.floats(1, 100)), max_size=30))
def test_no_sequence_of_limits_gives_more_than_the_largest(steps: list[tuple[float, float, float]]) -> None:
    bucket, now, taken = TokenBucket(100, 100, 0.0), 0.0, 0.0
    for passed, amount, rate in steps:
        now += passed
        bucket.limit(rate, rate, now)
        taken += amount if bucket.take(amount, now) else 0.0
    assert taken <= 100 * (1 + now) + 1e-6
