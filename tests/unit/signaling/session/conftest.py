"""The sessions that tests of the rules begin with."""

from __future__ import annotations

import pytest

from tests.unit.signaling.session.call import Call


@pytest.fixture
def call() -> Call:
    return Call()
