"""A real PostgreSQL that runs while the tests do."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator

import pytest

from tests.postgres_server import running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Return the SQLAlchemy URL of an empty database.

    SANGDAM_TEST_POSTGRES can name another database. The tests empty that database!
    """
    if importlib.util.find_spec("asyncpg") is None:
        pytest.fail("These tests need asyncpg. Install it: pip install asyncpg")
    if given := os.environ.get("SANGDAM_TEST_POSTGRES"):
        yield given
        return
    with running_postgres() as server:
        yield server.url
