"""Records on both databases, and a real PostgreSQL that runs while the tests do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.records import Records, SessionRecord, Site
from tests.postgres_server import running_postgres

STARTED = 1_790_000_000_000  # 2026-09-21T14:13:20Z


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with running_postgres() as server:
        yield server.url


@pytest.fixture(params=["sqlite", "postgres"])
async def records(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Records]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'records.sqlite'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres")
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            await connection.execute(sa.text("CREATE SCHEMA public"))
        await engine.dispose()
    opened = await Records.open(url)
    await opened.save_site(Site(id="shop", names={"ko": "빛과소리"}, languages=["ko"], accent="#0b7a75"))
    for number in range(4):
        await opened.create_session(
            SessionRecord(
                id=f"s-{number}", site="shop", category="cameras", language="ko", channel="text", token_hash=f"t{number}",
                started_at=STARTED,
            )
        )  # fmt: skip  # a row of values
    yield opened
    await opened.close()
