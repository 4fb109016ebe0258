"""The schema of the database: made in one step in a new database, migrated in a database of an earlier version.

A new database gets its tables from `tables.py`, in a tenth of the time that all migrations take. A contract test compares the
schemas that `tables.py` and the migrations make, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from . import tables as t
from .types import FIRST_ORGANISATION

_MIGRATING = 0x5A_4D_16  # key of the advisory lock: a number that no other lock in this database uses
_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = sa.Table(  # Alembic's own table, as Alembic makes it; it is not in `tables.metadata`, because our code does not use it
    "alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), primary_key=True, nullable=False)
)
_VERSION.primary_key.name = "alembic_version_pkc"

# Columns with texts or names of people. PostgreSQL must keep no statistics about these columns, because its statistics hold
# samples of the values, which no erasure reaches.
_UNSAMPLED = {
    "session": (
        "user_ref", "user_name", "brief", "snapshot", "rating_words", "wrap_up_notes", "wrap_up_outcome", "wrap_up_tags",
        "token_hash",
    ),
    "line": ("id", "name", "text", "args", "former"),
    "board_update": ("data",),
    "event": ("data",),
    "message": ("contact", "text"),
    "mail": ("address", "args", "why"),
    "push_message": ("args",),
    "picture": ("data",),
    "file": ("name",),
    "person_note": ("user_ref", "text"),
}  # fmt: skip


class NewerTables(Exception):
    """A newer version has upgraded this database. The exception's text says what to do."""


def newest_revision() -> str:
    """Return the revision of the newest migration: the greatest number with which a migration's file name begins."""
    return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def bring_up_to_date(connection: sa.Connection) -> str:
    """Make or upgrade the tables. Return the revision that the tables had before, or "" for a new database.

    Raises NewerTables when a newer version has upgraded the tables.
    """
    if connection.dialect.name == "postgresql":  # a lock, because servers of a cluster can start at the same time
        # no time limit for this transaction: importing Alembic takes a while
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
    present = sa.inspect(connection).get_table_names()
    if not present:
        _make(connection)
        return ""
    before = ""
    if _VERSION.name in present:
        here = connection.execute(sa.select(_VERSION.c.version_num)).scalars().all()
        before = max(here, default="")
        if list(here) == [newest_revision()]:
            return before
        if before > newest_revision():
            raise NewerTables(
                f"The database has the tables of a newer version of Sangdam ({before}; this version knows {newest_revision()}). "
                "Install the newer version, or restore a backup made before the upgrade."
            )
    migrate(connection)
    return before


def migrate(connection: sa.Connection) -> None:
    """Run all migrations that have not yet run on this database."""
    from alembic import command  # Alembic is imported here because importing it takes 0.2 s, and most starts do not need it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _make(connection: sa.Connection) -> None:
    """Make the newest tables, with the rows that the migrations would add. Then store the revision of the newest migration."""
    t.metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection)
    if connection.dialect.name == "postgresql":
        for table, columns in _UNSAMPLED.items():
            settings = ", ".join(f"ALTER COLUMN {column} SET STATISTICS 0" for column in columns)
            connection.execute(sa.text(f"ALTER TABLE {table} {settings}"))
    connection.execute(sa.insert(t.leading).values(id=1, term=0))
    connection.execute(sa.insert(t.organisation).values(id=FIRST_ORGANISATION, name=""))
    connection.execute(sa.insert(_VERSION).values(version_num=newest_revision()))
