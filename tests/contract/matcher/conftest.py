"""One Redis server for all matcher contract tests. Each test empties this server first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

from tests.redis_server import RedisServer, running_redis

# tests/mutants.py needs the same examples in each run. No shorter form of a failing example is needed.
settings.register_profile("mutants", phases=[Phase.generate], derandomize=True, database=None)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server
