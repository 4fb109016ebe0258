"""Open the database when a program starts. Wait for a database that is still starting. If it does not start, say what to do."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from .schema import NewerTables
from .store import Records
from .types import RecordsAway

log = structlog.get_logger(__name__)

WAIT_S: Final = 60.0  # seconds for which a server waits at its start for a database that does not answer
_PAUSE_S: Final = 1.0  # seconds between two tries to open the database
# Classes of PostgreSQL's errors that can go away by themselves: 08, a failed connection; 53, lack of resources; 57, a server that
# starts or stops.
_PASSING: Final = ("08", "53", "57")
_PASSING_SQLITE: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")


class CannotOpen(Exception):
    """The database cannot be opened. The exception's text says why, and what to do. The text contains no password."""


async def opened(url: str, wait_s: float = 0.0) -> Records:
    """Open the database (`Records.open`).

    If the database does not answer, wait for it at most `wait_s` seconds. Raises CannotOpen.
    """
    until_s, said = monotonic() + wait_s, False
    while True:
        try:
            return await Records.open(url)
        except NewerTables as error:
            raise CannotOpen(str(error)) from None
        except RecordsAway as error:
            cause = error.__cause__ or error
            if not _passes(cause) or monotonic() >= until_s:
                raise CannotOpen(_sentence(url, cause)) from error
            if not said:
                log.warning("waiting for the database", seconds=round(wait_s), why=_first_line(cause))
            said = True
        except (SQLAlchemyError, ModuleNotFoundError, OSError) as error:
            raise CannotOpen(_sentence(url, error)) from error
        await asyncio.sleep(_PAUSE_S)


def _passes(error: BaseException) -> bool:
    """Return whether the error might go away by itself. The errors of a wrong password and a missing database do not go away."""
    cause = getattr(error, "orig", None) or error
    sqlstate, name = str(getattr(cause, "sqlstate", "") or ""), str(getattr(cause, "sqlite_errorname", ""))
    if sqlstate or name:
        return sqlstate.startswith(_PASSING) if sqlstate else name.startswith(_PASSING_SQLITE)
    return isinstance(cause, OSError | TimeoutError)


def _sentence(url: str, error: BaseException) -> str:
    try:
        where = f" at {sa.make_url(url).render_as_string(hide_password=True)}"
    except ArgumentError:  # the URL cannot be parsed
        where = ""
    return (
        f"The records cannot be opened{where}: {_first_line(error)}. "
        "Make sure that the database runs and that the address (--database) and the password are right."
    )


def _first_line(error: BaseException) -> str:
    """Return the first line of the error's text. Errors of the drivers contain no password."""
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
