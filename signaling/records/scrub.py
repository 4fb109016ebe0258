"""Remove deleted rows from the database's files.

SQLite: `secure_delete` overwrites deleted rows. The write-ahead log still has the old pages, so this module empties the log.
PostgreSQL: a table's file keeps deleted rows until `VACUUM FULL` has written a new file. `VACUUM FULL` locks the table, so only
small tables are rewritten immediately; larger ones wait for `sangdam session scrub`. The administrator of PostgreSQL is
responsible for PostgreSQL's write-ahead log, replicas and backups (docs/cluster.md).
"""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from . import tables as t

log = structlog.get_logger(__name__)

# a table of at most this many bytes is rewritten immediately after an erasure; rewriting takes at most about a second
AT_ONCE_BYTES = 64 * 1024 * 1024
LOCK_MS = 1000  # a rewrite waits at most this many ms for a table's lock; meanwhile, other transactions on the table wait, too
BUSY_MS = 200  # one try waits at most this many ms for readers of the write-ahead log; meanwhile, no transaction can write
TRIES = 5  # at most this many tries to rewrite one table of PostgreSQL, or to empty the write-ahead log of SQLite
PAUSE_S = 0.3  # seconds between two of the tries that `TRIES` counts
# the tables from which an erasure deletes rows or texts
TABLES = (
    t.session, t.line, t.line_mark, t.board_update, t.event, t.message, t.picture, t.file, t.person_note, t.mail, t.link,
    t.push_device, t.push_message, t.api_answer,
)  # fmt: skip


def empty_wal(engine: sa.Engine) -> bool:
    """Copy the write-ahead log of an SQLite file into the file, and truncate the log.

    Return False when a reader of the log prevents this.
    """
    return _run(engine, "PRAGMA wal_checkpoint(TRUNCATE)") == 0


def rewrite_file(engine: sa.Engine) -> bool:
    """Rewrite an SQLite file, and then empty its write-ahead log.

    This removes rows that were deleted before `secure_delete` was on. Return False when the log cannot be emptied, because
    another connection reads it.
    """
    _run(engine, "VACUUM")
    return empty_wal(engine)


def _run(engine: sa.Engine, statement: str) -> int:
    """Run `statement` outside a transaction. Return the first value of its result, or 0."""
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
    """Rewrite PostgreSQL's tables that have at most `most_bytes` (None: all tables).

    Return False when some tables were not rewritten.
    """
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
