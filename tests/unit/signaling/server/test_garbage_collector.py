"""The server makes a full garbage collection only when one is due."""

from __future__ import annotations

import pytest

from signaling.server.garbage_collector import LEAST, is_due


@pytest.mark.parametrize(
    ("new", "kept", "calm", "due"),
    [
        (LEAST, 0, True, False),
        (LEAST + 1, 0, True, True),
        (LEAST + 1, 0, False, True),
        (300_000, 1_000_000, False, False),
        (300_000, 1_000_000, True, True),
        (250_000, 1_000_000, True, False),
        (1_900_000, 1_000_000, False, False),
        (2_100_000, 1_000_000, False, True),
    ],
)
def test_full_collection_waits_for_an_idle_moment_up_to_a_limit(new: int, kept: int, calm: bool, due: bool) -> None:
    assert is_due(new, kept, calm=calm) is due
