"""One Redis server for all matcher contract tests. Each test empties this server first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

from tests.redis_server import RedisServer, running_redis

# tests/mutants.py needs the same examples each time, and a failing example does not need to be made smaller.
settings.register_profile("mutants", phases=[Phase.generate], derandomize=True, database=None)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server
