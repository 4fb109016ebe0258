"""On SQLite and PostgreSQL, migrations lose no data, and make exactly the tables that a new database gets without migrations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.records import Records, SiteKey, schema
from signaling.records.opening import CannotOpen, opened
from signaling.records.schema import bring_up_to_date, migrate, newest_revision
from tests.contract.records.downgraded import downgrade
from tests.contract.records.samples import SHOP

SAMPLED = sa.text(
    "SELECT attrelid::regclass::text, attname, attstattarget FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
    " WHERE attnum > 0 AND NOT attisdropped AND relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


def described(connection: sa.Connection) -> dict[str, object]:
    """Describe everything about the tables that a query can notice. The order of columns is not part of the description."""
    look = sa.inspect(connection)
    found: dict[str, object] = {}
    for table in look.get_table_names():
        parts = (
            look.get_columns(table),
            [look.get_pk_constraint(table)],
            look.get_indexes(table),
            look.get_foreign_keys(table),
            look.get_unique_constraints(table),
            look.get_check_constraints(table),
        )
        rows = [tuple(row) for row in connection.execute(sa.text(f'SELECT * FROM "{table}"'))]  # noqa: S608  # our own tables' names
        found[table] = (*(sorted(_plain(each) for each in part) for part in parts), rows)
    if connection.dialect.name == "postgresql":
        found["sampled"] = sorted(tuple(row) for row in connection.execute(SAMPLED))
    return found


def _plain(part: object) -> str:
    return str(sorted((key, str(value)) for key, value in dict(part).items()))


Way = Callable[[sa.Connection], object]


@pytest.fixture(params=["sqlite", "postgres"])
def made_by(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Way], Awaitable[dict[str, object]]]:
    """Return a function that empties a database, calls its argument to make tables there, and returns their description."""

    async def made_by(way: Way) -> dict[str, object]:
        in_file = request.param == "sqlite"
        url = f"sqlite+aiosqlite:///{tmp_path / way.__name__}" if in_file else request.getfixturevalue("postgres_server")
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            if not in_file:
                await connection.execute(sa.text("DROP SCHEMA public CASCADE"))
                await connection.execute(sa.text("CREATE SCHEMA public"))
            await connection.run_sync(way)
            found = await connection.run_sync(described)
        await engine.dispose()
        return found

    return made_by


async def test_tables_made_at_once_equal_those_of_all_migrations(made_by: Callable[[Way], Awaitable[dict[str, object]]]) -> None:
    at_once, step_by_step = await made_by(bring_up_to_date), await made_by(migrate)
    assert at_once.keys() == step_by_step.keys()
    for table, parts in at_once.items():
        assert parts == step_by_step[table], table


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


async def test_earlier_version_finds_no_key_without_a_secret(records: Records, url: str) -> None:
    keys = [SiteKey(kid="old", secret="c2VjcmV0"), SiteKey(kid="new", public="{}")]
    await records.save_site(replace(SHOP, keys=keys))
    await downgrade(url, "0031")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        assert list((await connection.execute(sa.text("SELECT kid FROM site_key"))).scalars()) == ["old"]
    await engine.dispose()


async def test_tables_of_a_newer_version_are_refused_with_a_sentence(records: Records, url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CannotOpen, match=r"9999.*Install the newer version"):
        await opened(url)
    async with engine.begin() as connection:
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = :own"), {"own": newest_revision()})
    await engine.dispose()


def test_migrations_are_skipped_only_when_none_is_left_to_run() -> None:
    folder = Path(schema.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == newest_revision()
