"""The database engine: transactions, the schema, and whether the database is available.

Opening the database makes or upgrades the schema.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from signaling.config.private_files import private_file

from . import scrub
from . import tables as t
from .aside import Aside
from .auditing import Audited, add_all
from .reach import Reach
from .schema import bring_up_to_date
from .types import RecordsAway, UnknownSession

log = structlog.get_logger(__name__)

ANSWER_S = 3.0  # seconds that one transaction may take in PostgreSQL; after that, the database counts as unavailable
AT_ONCE = 15  # at most this many transactions run at the same time; waiting to begin does not count towards ANSWER_S
IDLE = 5  # at most this many idle connections stay open for transactions that do not run in the thread of `aside.py`
THREADS = 4  # threads that run SQLite transactions
LONG_S = 60.0  # seconds that a transaction which reads or changes whole tables may take
LONGEST_S = 3600.0  # seconds that a transaction which rewrites all tables may take
ENDING_S = 2.0  # `close` waits at most this many seconds until running transactions have ended
# a failed read waits at most this many seconds until the database answers again, and is then tried a second and last time
SOON_S = 0.3
# milliseconds after which PostgreSQL ends an idle transaction; otherwise a hanging server would keep rows locked, and the next
# leader would wait for them
IDLE_MS = 2500
_CLEAN_SINCE = "0010"  # from this revision of the schema on, deleted text is overwritten, and no copies of texts are kept

T = TypeVar("T")


class Database:
    """One database engine and its transactions.

    Reads run in parallel. On SQLite, writes queue in this process instead of polling the lock of the file. Frequent transactions
    run as a whole in a thread (`_transaction`). Otherwise, each statement would switch threads five times on SQLite, or wait for
    the server's event loop on PostgreSQL (`aside.py`).

    Any error that shows that the database is unavailable is raised as `RecordsAway`. Until the database answers again, every
    other transaction raises `RecordsAway` at once instead of waiting. The asyncio events `reachable` and `away` show whether the
    database is available.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        # Reads need no transaction: PostgreSQL takes a snapshot for each statement. Besides, PostgreSQL would end a transaction
        # that is idle for `IDLE_MS` because this server is busy.
        self._reader = engine if self._sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._file: sa.Engine | None = None
        self._aside: Aside | None = None
        self._threads = ThreadPoolExecutor(THREADS, "records")
        self._write_turn = asyncio.Lock()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.traces_left = False
        self._closed = False
        self._reach = Reach(self._touch)
        self.reachable, self.away = self._reach.reachable, self._reach.away

    @classmethod
    async def open(cls, url: str) -> Self:
        """Open the database and make or upgrade its tables.

        `url` is "sqlite+aiosqlite:///path" or "postgresql+asyncpg://…", which can name several hosts (`primary.py`). Raises
        RecordsAway, and NewerTables when a newer version has upgraded the database.
        """
        # hide the parameters of statements, because the error of a failed statement would otherwise contain texts of people
        options: dict[str, Any] = {"hide_parameters": True}
        if sa.make_url(url).get_driver_name() == "asyncpg":
            options["connect_args"] = {"server_settings": {"idle_in_transaction_session_timeout": str(IDLE_MS)}}
            options["connect_args"] |= creator_of(url)
            # at most one connection more than `AT_ONCE` is open, so that the probe (`_touch`) always gets one
            options |= {"pool_size": IDLE, "max_overflow": AT_ONCE + 1 - IDLE}
        engine = create_async_engine(url, **options)
        if engine.dialect.name == "sqlite" and engine.url.database not in (None, "", ":memory:"):
            private_file(Path(str(engine.url.database)))  # SQLite gives its write-ahead log the permissions of the database file
        self = cls(engine)
        if engine.dialect.name == "sqlite":
            _tune_sqlite(engine.sync_engine)
            self._file = sa.create_engine(
                engine.url.set(drivername="sqlite"), hide_parameters=True, pool_size=THREADS, max_overflow=0
            )
            _tune_sqlite(self._file)
        try:
            async with self._writing(LONG_S) as connection:
                before = await connection.run_sync(bring_up_to_date)
            if before and before < _CLEAN_SINCE:
                await self._clean_up()
        except BaseException:
            await self._reach.close()
            await engine.dispose()
            raise
        if engine.dialect.driver == "asyncpg":
            self._aside = Aside(url, **options | {"pool_size": AT_ONCE, "max_overflow": 0})
        return self

    # --- removing deleted text from the files --------------------------------------------------------------------------

    async def scrub(self, *, everything: bool = False) -> bool:
        """Remove deleted text from the database's files (`scrub.py`).

        `everything`: also rewrite large tables. This takes long and blocks other transactions. Return False when some deleted
        text is left. Then `traces_left` stays true until a later call has removed the text.
        """
        try:
            self.traces_left = not await self._scrub(everything=everything)
        except (RecordsAway, sa.exc.SQLAlchemyError) as error:
            self.traces_left = True
            log.warning("erased text is still in the files", error=type(error.__cause__ or error).__name__)
        return not self.traces_left

    async def _scrub(self, *, everything: bool) -> bool:
        file = self._file
        if file is None:
            async with self._answering(LONG_S if not everything else LONGEST_S):
                return await scrub.rewrite_tables(self._engine, None if everything else scrub.AT_ONCE_BYTES)
        for _ in range(scrub.TRIES):
            async with self._write_turn, self._answering(LONG_S):
                work = scrub.rewrite_file if everything else scrub.empty_wal
                if await asyncio.get_running_loop().run_in_executor(self._threads, work, file):
                    return True
            await asyncio.sleep(scrub.PAUSE_S)
        return False

    async def _clean_up(self) -> None:
        log.info("removing what earlier versions left in the database's files")
        await self.scrub(everything=self._sqlite)

    async def close(self) -> None:
        """Stop probing the database, and close all connections. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        await self._reach.close()
        if self._aside is not None:
            await self._aside.close()
        turns = await self._last_turns()
        await self._engine.dispose()
        # A cancelled transaction still runs in its thread. If the pool of connections were closed first, the transaction's thread
        # would wait 30 s for a connection.
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        if self._file is not None:
            await asyncio.to_thread(self._file.dispose)
        for _ in range(turns):
            self._turns.release()

    async def _last_turns(self) -> int:
        """Wait at most `ENDING_S` until no transaction runs, by acquiring all turns of the semaphore `_turns`.

        Return how many turns were acquired. Call this before closing the database, because a cancelled task must still close its
        own connection. If the task were cancelled again meanwhile, aiosqlite would wait without end for a thread that has ended.
        """
        taken = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING_S):
                while taken < AT_ONCE:
                    await self._turns.acquire()
                    taken += 1
        return taken

    async def _transaction(self, work: Callable[[sa.Connection], T], *, writes: bool) -> T:
        """Run `work` in one transaction. Commit when `work` returns; roll back when it raises."""
        if self._aside is not None:
            async with self._answering(None):
                return await self._aside.transaction(work, writes=writes, within_s=ANSWER_S)
        if self._file is None:
            async with self._writing() if writes else self._reading() as connection:
                return await connection.run_sync(work)
        async with AsyncExitStack() as stack:
            if writes:
                await stack.enter_async_context(self._write_turn)
            await stack.enter_async_context(self._answering(ANSWER_S))
            in_thread = partial(_work_in, self._file, work, writes=writes)
            return await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)

    @property
    def engines(self) -> list[sa.Engine]:
        """Return all SQLAlchemy engines, so that event listeners can be attached. Some engines call the listeners in threads."""
        threads = [self._file, self._aside.engine if self._aside is not None else None]
        return [self._engine.sync_engine, *(engine for engine in threads if engine is not None)]

    @asynccontextmanager
    async def _reading(self, within_s: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reads, for at most `within_s` seconds. None stands for `ANSWER_S`."""
        async with self._answering(ANSWER_S if within_s is None else within_s), self._reader.connect() as connection:
            yield connection

    @asynccontextmanager
    async def _writing(self, within_s: float | None = None) -> AsyncIterator[AsyncConnection]:
        """Open one transaction. Commit at the end of the `async with` block; roll back if the block raises.

        The transaction may take at most `within_s` seconds. None stands for `ANSWER_S`.
        """
        async with AsyncExitStack() as stack:
            if self._sqlite:
                await stack.enter_async_context(self._write_turn)
            await stack.enter_async_context(self._answering(ANSWER_S if within_s is None else within_s))
            connection = await stack.enter_async_context(self._engine.connect())
            await connection.execution_options(writes=True)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def _answering(self, within_s: float | None) -> AsyncIterator[None]:
        # On SQLite, `within_s` does not apply, because busy_timeout already limits the wait for the file's lock.
        async with self._turns, self._reach.answering(None if self._sqlite else within_s):
            yield

    async def _touch(self) -> None:
        """Probe the database by a write that changes nothing. A read would not notice a full disk."""
        same = sa.update(t.leading).values(term=t.leading.c.term)
        async with self._reach.answering(ANSWER_S), self._engine.connect() as connection:
            await connection.execution_options(writes=True)
            async with connection.begin():
                await connection.execute(same)

    async def insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Carry out `write`, which calls methods of this object.

        If the database is unavailable, wait until it is available again. See `Reach.insist`.
        """
        return await self._reach.insist(write)

    async def _all(self, query: sa.Select[Any]) -> list[sa.RowMapping]:
        return await self._read(lambda connection: list(connection.execute(query).mappings()))

    async def _made(self, query: sa.Select[Any], make: Callable[[sa.Row[Any]], T]) -> list[T]:
        """Return what `make` makes of each row. `make` runs in a thread, so many rows do not hold up the event loop."""
        return await self._read(lambda connection: [make(row) for row in connection.execute(query)])

    async def _read(self, read: Callable[[sa.Connection], T]) -> T:
        if not self._reach.is_open:
            raise RecordsAway
        try:
            return await self._transaction(read, writes=False)
        except RecordsAway:  # perhaps the database has restarted, and only this connection is dead: try once more
            with suppress(TimeoutError):
                async with asyncio.timeout(SOON_S):
                    await self.reachable.wait()
            return await self._transaction(read, writes=False)

    async def _first(self, query: sa.Select[Any]) -> sa.RowMapping | None:
        """Return the query's first row, or None when there is no row. All rows are fetched: use this for small results only."""
        return next(iter(await self._all(query)), None)

    async def _do(self, statement: sa.Insert | sa.Update | sa.Delete, audit: Iterable[Audited] = ()) -> int:
        """Run one writing statement in its own transaction. Return the number of rows that the statement changed.

        `audit`: audit entries to store in the same transaction. The entries are not stored if no row changed.
        """

        def do(connection: sa.Connection) -> int:
            changed = connection.execute(statement).rowcount
            if changed:
                add_all(connection, audit)
            return changed

        return await self._transaction(do, writes=True)


def creator_of(url: str) -> dict[str, Any]:
    """Return the engine's option that makes the driver look for the primary among several hosts. Return {} for a single host."""
    if len(sa.make_url(url).normalized_query.get("host", ())) < 2:
        return {}
    from .primary import Primary  # imported here because asyncpg is an optional dependency

    return {"async_creator_fn": Primary()}


def _work_in(engine: sa.Engine, work: Callable[[sa.Connection], T], *, writes: bool) -> T:
    with engine.connect() as connection:
        if not writes:
            return work(connection)
        with connection.execution_options(writes=True).begin():
            return work(connection)


def require_kept(connection: sa.Connection, session_id: str) -> None:
    """Raise UnknownSession when the session does not exist or has been erased, because nothing may be added to such a session.

    Otherwise the session's row stays locked until the end of the transaction, so that an erasure waits for this transaction.
    """
    here = sa.and_(t.session.c.id == session_id, t.session.c.end_reason != "erased")
    if connection.execute(sa.select(t.session.c.id).where(here).with_for_update()).first() is None:
        raise UnknownSession(session_id)


def lock_parent(connection: sa.Connection, parent: sa.Table, row_id: str) -> None:
    """Lock a row until the end of the transaction, before its children (the rows that refer to it) are counted or compared.

    Then two transactions cannot both find room for one more child, or both add the same child. Other transactions can still refer
    to the row by a foreign key. On SQLite, writes never run at the same time.
    """
    connection.execute(sa.select(parent.c.id).where(parent.c.id == row_id).with_for_update(key_share=True))


def insert_into(connection: sa.Connection, table: sa.Table) -> Any:
    """Return an INSERT statement to which the caller can add what happens if the row exists (ON CONFLICT).

    The statement is in the SQL of this connection's database. On PostgreSQL, two transactions can both find that a row does not
    exist, and then both insert it.
    """
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",  # commits survive a crash of this process; a power cut can lose the last commits
    "busy_timeout=2000",
    "foreign_keys=ON",
    "secure_delete=ON",  # SQLite overwrites deleted rows
    "temp_store=MEMORY",  # sorting writes no temporary files
)


def _tune_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # `begin` below sends BEGIN itself
        cursor = dbapi_connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # Without IMMEDIATE, a transaction that reads first and writes later can fail with SQLITE_BUSY, whatever the timeout is.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
