"""A moment of each fuzz target: what was found once stays mended, and the targets go on working. The long run: `make fuzz`."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_moment_of(name: str) -> None:
    done = fuzz(name, "-max_total_time=1", "-runs=20000")
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_target_that_fails_is_noticed() -> None:
    assert fuzz("lines", "-no_such_flag=1", "/nowhere/at/all").returncode != 0
