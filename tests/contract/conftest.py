"""The database of the tests: once SQLite, and once a real PostgreSQL that runs as long as the tests run."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.records import Records, database
from tests.postgres_server import running_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Return the SQLAlchemy URL of a database in PostgreSQL.

    The variable SANGDAM_TEST_POSTGRES can name another database. The tests delete everything in that database!
    """
    if given := os.environ.get("SANGDAM_TEST_POSTGRES"):
        yield given
        return
    with running_postgres() as server:
        yield server.url


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a transaction in PostgreSQL take longer than a server allows, because transactions are slow on a busy machine."""
    monkeypatch.setattr(database, "ANSWER_S", 60.0)
    monkeypatch.setattr(database, "IDLE_MS", 60_000)


@pytest.fixture
async def postgres(postgres_server: str) -> str:
    """Empty the database in PostgreSQL, and return its SQLAlchemy URL."""
    engine = create_async_engine(postgres_server)
    async with engine.begin() as connection:
        await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
        await connection.execute(sa.text("CREATE SCHEMA public"))
    await engine.dispose()
    return postgres_server


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database. Each test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}"
    postgres: str = request.getfixturevalue("postgres")
    return postgres


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    opened = await Records.open(url)
    yield opened
    await opened.close()
