from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.ordered import CHUNK, Ordered

keys = st.lists(st.integers(0, 5000), unique=True, max_size=3 * CHUNK)


@pytest.mark.slow
@given(keys, st.data())
def test_behaves_like_a_sorted_list(values, data):
    ordered = Ordered()
    for value in values:
        ordered.add((value, "x"))
    gone = data.draw(st.lists(st.sampled_from(values), unique=True)) if values else []
    for value in gone:
        ordered.remove((value, "x"))
    left = sorted((value, "x") for value in set(values) - set(gone))
    assert list(ordered) == left
    assert len(ordered) == len(left)
    assert ordered.least(5) == left[:5]
    at = data.draw(st.integers(0, 5001))
    assert ordered.rank((at,)) == sum(item < (at,) for item in left)
    assert ordered.from_key((at,)) == next((item for item in left if item >= (at,)), None)
    if left:
        assert ordered.first() == left[0]


def test_removing_an_unknown_item_raises():
    ordered = Ordered()
    with pytest.raises(KeyError):
        ordered.remove((1,))
    ordered.add((1,))
    with pytest.raises(KeyError):
        ordered.remove((2,))
    with pytest.raises(KeyError):
        ordered.remove((0,))
    ordered.remove((1,))
    with pytest.raises(IndexError):
        ordered.first()
