"""One Redis for all of these tests; each test starts with an empty one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

from tests.redis_server import RedisServer, running_redis

# For tests/mutants.py: the same examples each time, and no shrinking of a failure.
settings.register_profile("mutants", phases=[Phase.generate], derandomize=True, database=None)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server
