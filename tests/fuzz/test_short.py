"""Run each fuzz target for a short time: past findings stay fixed, and the targets work. The long run: `make fuzz`."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fuzz.__main__ import fuzz
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.timeout(400)  # the fixture starts all targets, which takes 10 s of processor time each, at low priority

Results = dict[str, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def results() -> Results:
    """Run all targets, two at a time, because starting takes most of the time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(TARGETS, pool.map(lambda name: fuzz(name, "-max_total_time=1", "-runs=2000"), TARGETS), strict=True))


@pytest.mark.parametrize("name", TARGETS)
def test_fuzz_target_passes_a_short_run(name: str, results: Results) -> None:
    assert results[name].returncode == 0, results[name].stdout[-4000:]
