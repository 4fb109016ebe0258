"""The session with which tests of a session's rules begin."""

from __future__ import annotations

import pytest

from tests.unit.signaling.session.call import Call


@pytest.fixture
def call() -> Call:
    return Call()
