from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.access.rate_limits import Buckets, network_of


@given(st.lists(st.integers(0, 5_000), max_size=200), st.integers(1, 10), st.integers(1, 120))
def test_burst_and_rate_are_never_exceeded(gaps_ms: list[int], burst: int, per_minute: int) -> None:
    buckets, now, taken = Buckets(burst=burst, per_minute=per_minute), 0, 0
    for gap in gaps_ms:
        now += gap
        taken += buckets.take("somebody", now)
    assert taken <= burst + now * per_minute / 60_000 + 1e-6


def test_keys_have_separate_limits() -> None:
    buckets = Buckets(burst=1, per_minute=1)
    assert buckets.take("a", 0)
    assert buckets.take("b", 0)
    assert not buckets.take("a", 0)


def test_memory_is_bounded_and_drops_the_quietest_key() -> None:
    buckets = Buckets(burst=1, per_minute=1, most_keys=3)
    for now, key in enumerate("abcad"):
        buckets.take(key, now)
    assert len(buckets) == 3
    assert not buckets.take("a", 5), "a was seen lately, so it is remembered"
    assert buckets.take("b", 5), "b was forgotten"


def test_clock_set_back_gives_no_extra_tokens() -> None:
    buckets = Buckets(burst=1, per_minute=60)
    assert buckets.take("a", 10_000)
    assert not buckets.take("a", 0)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1%eth0", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_address_maps_to_its_rate_limit_key(address: str, key: str) -> None:
    assert network_of(address) == key
