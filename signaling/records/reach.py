"""The availability of the database, and the writes that wait until the database is available.

After one failure the database counts as unavailable for every transaction, so that no other transaction has to wait and fail.
Probes with growing pauses test the database. The database is available again when a probe has written and every write that waits
in `insist` has succeeded. A probe alone is not enough: on a nearly full disk, a small probe succeeds although a session's state
does not fit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from .types import RecordsAway

log = structlog.get_logger(__name__)

PAUSES_S = (0.3, 0.5, 1.0, 2.0)  # seconds between a failed probe and the next; the last value repeats

T = TypeVar("T")
Write = Callable[[], Awaitable[Any]]

_probing: ContextVar[bool] = ContextVar("probing", default=False)


class Reach:
    """The availability of one database. The events `reachable` and `away` are opposites, so that a task can wait for either."""

    def __init__(self, touch: Write) -> None:
        """Begin with an available database. `touch`: a write that changes nothing; probes call it."""
        self.reachable, self.away = asyncio.Event(), asyncio.Event()
        self.reachable.set()
        self._touch = touch
        self._insisting: list[tuple[Write, asyncio.Future[Any]]] = []
        self._probe: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop probing the database."""
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)

    @property
    def is_open(self) -> bool:
        """Return whether a transaction may begin now. While the database is unavailable, only a probe may begin a transaction."""
        return self.reachable.is_set() or _probing.get()

    @asynccontextmanager
    async def answering(self, within_s: float | None) -> AsyncIterator[None]:
        """Turn any error that shows an unavailable database into RecordsAway, and start the probes.

        RecordsAway is also raised when the `async with` block takes longer than `within_s` seconds.
        """
        if not self.is_open:
            raise RecordsAway
        try:
            async with asyncio.timeout(within_s):
                yield
        except Exception as error:
            if not says_away(error):
                raise
            self._lost(error)
            raise RecordsAway from error

    async def insist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Carry out `write`. While the database is unavailable, wait and try again, without a limit.

        Raises what `write` raises, except RecordsAway. While this method waits, the database counts as unavailable until `write`
        succeeds or raises another error.
        """
        if self.reachable.is_set():
            try:
                return await write()
            except RecordsAway:
                pass
        written: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._insisting.append((write, written))
        # starts a probe if none is running, because the database might have become available since `write` failed
        self._lost(None)
        try:
            return await written
        finally:
            self._insisting.remove((write, written))

    def _lost(self, error: Exception | None) -> None:
        if not self.reachable.is_set():
            return
        if error is not None:
            log.warning("records out of reach", error=type(error).__name__)
        self.reachable.clear()
        self.away.set()
        self._probe = asyncio.create_task(self._until_back())

    async def _until_back(self) -> None:
        _probing.set(True)
        tries = 0
        while not await self._is_back():
            await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1
        self.away.clear()
        self.reachable.set()
        log.info("records are back")

    async def _is_back(self) -> bool:
        try:
            await self._touch()
            while waiting := next((each for each in self._insisting if not each[1].done()), None):
                await _carry_out(*waiting)
        except RecordsAway:
            return False
        except Exception:
            log.exception("records answer strangely")
            return False
        return True


async def _carry_out(write: Write, written: asyncio.Future[Any]) -> None:
    try:
        result = await write()
    except RecordsAway:
        raise
    except Exception as error:
        if not written.done():
            written.set_exception(error)
    else:
        if not written.done():
            written.set_result(result)


# Classes of errors that the statement itself has caused, such as unsupported features, bad data, violated constraints and syntax
# errors. Damaged rows also cause such errors. Waiting does not repair a damaged row, so a write to it fails and does not keep
# other writes waiting.
_STATEMENT_SQLSTATES = ("0A", "21", "22", "23", "42", "44", "54", "XX")
# insufficient_privilege: an administrator has revoked a right and can restore it, so the write waits
_PERMISSION = "42501"
_STATEMENT_SQLITE = tuple(
    f"SQLITE_{name}"
    for name in ("ERROR", "CONSTRAINT", "MISMATCH", "RANGE", "TOOBIG", "MISUSE", "CORRUPT", "NOTADB", "FORMAT", "INTERNAL")
)


def says_away(error: Exception) -> bool:
    """Return whether the database, and not the statement, has caused the error. For RecordsAway, return False.

    The database has caused the error when it does not answer, is full, locked or read-only, shuts down, resolves a deadlock, or
    refuses the login. For a driver's error, this function reads the attributes. It cannot check the class, because the driver
    with the class might not be installed.
    """
    if isinstance(error, RecordsAway):
        return False
    if isinstance(error, OSError | TimeoutError | sa.exc.TimeoutError):
        return True
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    cause: BaseException | None = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    while cause is not None:
        sqlstate = str(getattr(cause, "sqlstate", "") or "")
        if sqlstate:
            return sqlstate == _PERMISSION or not sqlstate.startswith(_STATEMENT_SQLSTATES)
        name = str(getattr(cause, "sqlite_errorname", ""))
        if name:
            return not name.startswith(_STATEMENT_SQLITE)
        cause = cause.__cause__
    return False
