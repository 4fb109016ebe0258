"""The copy of a database: SQLite by its online backup, PostgreSQL by `pg_dump`. The service may run during the copying."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from .archive import DatabaseKind
from .failure import BackupFailed

_MOST_ERROR_CHARACTERS = 300
_TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
_HAS_REVISION = "SELECT to_regclass('alembic_version') IS NOT NULL"
_REVISION = "SELECT version_num FROM alembic_version"


class CopiedDatabase(Protocol):
    """A database that can be copied to a file, and filled from such a file. Every method may raise BackupFailed."""

    kind: DatabaseKind

    def copy(self, target: Path) -> None:
        """Write a consistent copy of the database to `target`.

        Other processes can read and write the database during the copying.
        """

    def revision(self) -> str:
        """Return the Alembic revision of the database's tables, or "" when the database has no tables."""

    def is_empty(self) -> bool:
        """Return whether the database has no tables."""

    def fill(self, source: Path) -> None:
        """Fill this empty database from a copy, completely or not at all."""


def database_at(url: str) -> CopiedDatabase:
    """Return the database with this SQLAlchemy URL. Raises BackupFailed for all databases except SQLite files and PostgreSQL."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise BackupFailed("The URL of the database cannot be read.") from None
    if parsed.get_backend_name() == "postgresql":
        return _Postgres(parsed)
    if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return _Sqlite(Path(str(parsed.database)))
    raise BackupFailed("Only databases of SQLite (in a file) and PostgreSQL can be backed up.")


class _Sqlite:
    kind: DatabaseKind = "sqlite"

    def __init__(self, file: Path) -> None:
        self._file = file

    def _open(self) -> sqlite3.Connection:
        if not self._file.exists():
            raise BackupFailed(f"There is no database at {self._file}.")
        return sqlite3.connect(self._file, timeout=10)

    def copy(self, target: Path) -> None:
        try:
            # Copy all pages in one step. In WAL mode this blocks no writer. A copy in smaller steps would start over after each
            # write of another process.
            with closing(self._open()) as source, closing(sqlite3.connect(target)) as copied:
                source.backup(copied, pages=-1)
        except sqlite3.Error as error:
            raise BackupFailed(f"The database cannot be copied: {error}.") from error

    def revision(self) -> str:
        try:
            with closing(self._open()) as here:
                row = here.execute(_REVISION).fetchone()
        except sqlite3.Error:
            return ""
        return str(row[0]) if row else ""

    def is_empty(self) -> bool:
        if not self._file.exists() or self._file.stat().st_size == 0:
            return True
        with closing(self._open()) as here:
            return bool(here.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,))

    def fill(self, source: Path) -> None:
        try:
            with closing(sqlite3.connect(source)) as copied:
                whole = copied.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.Error:
            whole = False
        if not whole:
            raise BackupFailed("The backup is damaged: SQLite cannot read the database in it.")
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in (f"{self._file.name}-wal", f"{self._file.name}-shm"):
            self._file.with_name(leftover).unlink(missing_ok=True)
        beside = self._file.with_name(f"{self._file.name}.restoring")
        try:
            beside.touch(mode=0o600)
            shutil.move(source, beside)  # if `source` is on another file system, `move` copies the file
            beside.replace(self._file)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


class _Postgres:
    kind: DatabaseKind = "postgresql"

    def __init__(self, url: sa.URL) -> None:
        self._url = url
        where = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGDATABASE": url.database}
        if several := url.normalized_query.get("host", ()):
            hosts, ports = zip(*(_host_and_port(each) for each in several), strict=True)
            where |= {"PGHOST": ",".join(hosts), "PGTARGETSESSIONATTRS": "read-write" if len(several) > 1 else None}
            where["PGPORT"] = ",".join(ports) if any(ports) else ",".join(url.normalized_query.get("port", ()))
        # pass the password in the environment: other users of the machine can read command lines
        where |= {"PGPASSWORD": url.password, "PGSSLMODE": next(iter(url.normalized_query.get("ssl", ())), None)}
        self._environment = os.environ | {name: str(value) for name, value in where.items() if value}

    def copy(self, target: Path) -> None:
        self._run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")

    def fill(self, source: Path) -> None:
        # --clean is needed because the copy creates the schema “public”, and even an empty database has that schema.
        words = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        self._run("pg_restore", *words, f"--dbname={self._url.database or ''}", str(source))

    def revision(self) -> str:
        return self._ask(_REVISION) if self._ask(_HAS_REVISION) == "t" else ""

    def is_empty(self) -> bool:
        return self._ask(_TABLES) == "0"

    def _ask(self, query: str) -> str:
        return self._run("psql", "--no-psqlrc", "--tuples-only", "--no-align", f"--command={query}").strip()

    def _run(self, program: str, *words: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program, and no shell
                [program, "--no-password", *words], env=self._environment, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise BackupFailed(
                f"{program} is not installed. Install it, as new as the server: apt-get install postgresql-client"
            ) from None
        if done.returncode != 0:
            said = " ".join(done.stderr.split())[:_MOST_ERROR_CHARACTERS] or f"it ended with {done.returncode}"
            raise BackupFailed(f"{program} failed: {said}")
        return done.stdout


def _host_and_port(written: str) -> tuple[str, str]:
    """Return the name and the port of a host in a URL's query. For the folder of a Unix socket, the port is ""."""
    if written.startswith("/"):
        return written, ""
    host, _, port = written.partition(":")
    return host, port
