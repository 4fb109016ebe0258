"""Migrations make exactly the tables, on both databases, and lose nothing."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.records import Records, database
from signaling.records.database import newest_revision
from signaling.records.tables import metadata
from tests.contract.records.downgraded import downgrade


async def test_migrations_create_exactly_the_tables(records: Records, url: str) -> None:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        differences = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    await engine.dispose()
    assert differences == []


async def test_former_capacity_becomes_texts_and_one_call(records: Records, url: str) -> None:
    await downgrade(url, "0012")
    engine = create_async_engine(url)
    texts = ("id", "login", "name", "role", "password_hash", "languages", "sites", "categories")
    staff = sa.table(
        "staff", *(sa.column(name, sa.JSON if name.endswith("s") else sa.Text) for name in texts), sa.column("capacity")
    )
    async with engine.begin() as connection:
        for login, capacity in (("one", 1), ("four", 4)):
            row = {"id": login, "login": login, "name": "", "role": "counselor", "password_hash": "", "capacity": capacity}
            await connection.execute(sa.insert(staff).values(**row, languages=["ko"], sites=["*"], categories=["*"]))
    await engine.dispose()
    again = await Records.open(url)
    found = {member.login: (member.texts, member.calls, member.texts_in_call) for member in await again.all_staff()}
    await again.close()
    assert found == {"one": (1, 1, False), "four": (4, 1, True)}


def test_migrations_are_skipped_only_when_none_is_left_to_run() -> None:
    folder = Path(database.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == newest_revision()
