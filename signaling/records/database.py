"""The engine, transactions, and the migrations at opening."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from . import tables as t
from .types import UnknownSession

_MIGRATING = 0x5A_4D_16  # any number that nobody else of this database takes a lock by
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One engine. Reads run side by side; on SQLite writes queue in this process instead of polling the file's lock."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._write_turn = asyncio.Lock()

    @classmethod
    async def open(cls, url: str) -> Self:
        """`url`: "sqlite+aiosqlite:///path" or "postgresql+asyncpg://…". Makes or upgrades the tables."""
        engine = create_async_engine(url, hide_parameters=True)  # else a failed statement's error repeats what people wrote
        if engine.dialect.name == "sqlite":
            _tune_sqlite(engine)
        self = cls(engine)
        try:
            async with self._writing() as connection:
                await connection.run_sync(_migrate)
        except BaseException:
            await engine.dispose()
            raise
        return self

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        async with self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, rolled back when an exception leaves it."""
        async with AsyncExitStack() as stack:
            if self._sqlite:
                await stack.enter_async_context(self._write_turn)
            connection = await stack.enter_async_context(self._engine.connect())
            await connection.execution_options(writes=True)
            async with connection.begin():
                yield connection

    async def _all(self, query: sa.Select[Any]) -> list[sa.RowMapping]:
        async with self._reading() as connection:
            return list((await connection.execute(query)).mappings())

    async def _first(self, query: sa.Select[Any]) -> sa.RowMapping | None:
        async with self._reading() as connection:
            row: sa.RowMapping | None = (await connection.execute(query)).mappings().first()
            return row

    async def _do(self, statement: sa.Insert | sa.Update | sa.Delete) -> int:
        """One writing statement in its own transaction; how many rows it touched."""
        async with self._writing() as connection:
            return (await connection.execute(statement)).rowcount


async def require_kept(connection: AsyncConnection, session_id: str) -> None:
    """UnknownSession when there is none or it has been erased: nothing may be added to it. Holds the row until the end of
    the transaction, so that an erasing waits."""
    here = sa.and_(t.session.c.id == session_id, t.session.c.end_reason != "erased")
    if (await connection.execute(sa.select(t.session.c.id).where(here).with_for_update())).first() is None:
        raise UnknownSession(session_id)


def _tune_sqlite(engine: AsyncEngine) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = dbapi_connection.cursor()
        # WAL with synchronous=NORMAL: what is committed survives our own death; a power cut may cost the last moments.
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # IMMEDIATE: a transaction that reads first and writes later would else fail with SQLITE_BUSY, whatever the timeout.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def newest_revision() -> str:
    """What the tables' version is after all migrations: their files begin with it, and it grows."""
    return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _migrate(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":  # servers of a cluster may start at the same time
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
    if sa.inspect(connection).has_table("alembic_version"):
        here = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
        if list(here) == [newest_revision()]:
            return
    from alembic import command  # here, because it takes a fifth of a second that most starts need not spend
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
