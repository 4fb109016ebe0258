"""Run the state machine of `machine.py` on the engine."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.unit.matcher.machine import Matching

Matching.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMatching = pytest.mark.slow(Matching.TestCase)
