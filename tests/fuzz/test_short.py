"""Run each fuzz target for a short time. Faults that were found before must stay fixed, and the targets must work.

`make fuzz` runs the targets for longer.
"""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import Fuzzed, fuzz
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.timeout(400)  # long, because the fixture runs all targets, at low priority


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Fuzzed]:
    return {done.target: done for done in fuzz(list(TARGETS), "-max_total_time=1", "-runs=2000")}


@pytest.mark.parametrize("name", TARGETS)
def test_fuzz_target_passes_a_short_run(name: str, outcomes: dict[str, Fuzzed]) -> None:
    assert outcomes[name].passed, outcomes[name].output
