"""Removes from the database's files what is no longer in its tables.

SQLite: `secure_delete` overwrites what is deleted, and the write-ahead log, which still holds the pages as they were, is emptied.
PostgreSQL keeps deleted rows in the table's file until `VACUUM FULL` has written a new one. That locks the table, so that it is
done at once for small tables only; larger ones wait for `sangdam session scrub`. PostgreSQL's own write-ahead log, its replicas
and backups are its administrator's (docs/cluster.md).
"""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from . import tables as t

log = structlog.get_logger(__name__)

AT_ONCE_BYTES = 64 * 1024 * 1024  # of a table: rewritten in about a second
LOCK_MS = 1000  # so long everybody may wait behind us for a table that somebody else holds
BUSY_MS = 200  # so long the write-ahead log is waited for, each time; meanwhile nobody writes
TRIES = 5
PAUSE_S = 0.3
TABLES = (t.session, t.line, t.board_update, t.event, t.message, t.picture)


def empty_wal(engine: sa.Engine) -> bool:
    """Move the write-ahead log of an SQLite file into it and cut it to nothing. False: somebody reads from the log."""
    return _run(engine, "PRAGMA wal_checkpoint(TRUNCATE)") == 0


def rewrite_file(engine: sa.Engine) -> bool:
    """Write an SQLite file anew, without what was deleted before `secure_delete` was on; then as `empty_wal`."""
    _run(engine, "VACUUM")
    return empty_wal(engine)


def _run(engine: sa.Engine, statement: str) -> int:
    """Outside a transaction; the first value of what it answers."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        [usual_ms] = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        try:
            row = cursor.execute(statement).fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual_ms}")
            cursor.close()
        return int(row[0]) if row else 0
    finally:
        connection.close()


async def rewrite_tables(engine: AsyncEngine, most_bytes: int | None = AT_ONCE_BYTES) -> bool:
    """Write PostgreSQL's tables anew, those of at most `most_bytes` (None: all). False: some were not."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(sa.text(f"SET lock_timeout = {LOCK_MS}"))
        try:
            done = [await _rewrite(connection, table.name, most_bytes) for table in TABLES]
        finally:
            await connection.execute(sa.text("RESET lock_timeout"))
    return all(done)


async def _rewrite(connection: AsyncConnection, table: str, most_bytes: int | None) -> bool:
    size = sa.select(sa.func.pg_total_relation_size(table))
    if most_bytes is None or (await connection.execute(size)).scalar_one() <= most_bytes:
        for _ in range(TRIES):
            try:
                await connection.execute(sa.text(f"VACUUM (FULL) {table}"))
            except sa.exc.DBAPIError as error:
                log.info("table not rewritten yet", table=table, error=type(error.orig).__name__)
                await asyncio.sleep(PAUSE_S)
            else:
                return True
    await connection.execute(sa.text(f"VACUUM {table}"))
    return False
