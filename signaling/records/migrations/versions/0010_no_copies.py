"""Remove copies of earlier sessions from sessions' briefs, and samples of people's texts from PostgreSQL's statistics."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AT_ONCE = 500  # one query reads at most this many sessions
MARK = b'"earlier_sessions":[{'

# Columns with texts or names of people. PostgreSQL must keep no statistics about these columns, because its statistics hold
# samples of the values, which no erasure reaches.
TEXTS = {
    "session": ("user_ref", "user_name", "brief", "snapshot", "rating_words", "wrap_up_notes", "wrap_up_outcome", "token_hash"),
    "line": ("id", "name", "text", "args"),
    "board_update": ("data",),
    "event": ("data",),
    "message": ("contact", "text"),
    "picture": ("data",),
}
TYPES = {"brief": "bytea", "snapshot": "bytea", "args": "json", ("board_update", "data"): "bytea", ("picture", "data"): "bytea"}
TYPES |= {("event", "data"): "json"}


def upgrade() -> None:
    connection = op.get_bind()
    _drop_copies(connection)
    if connection.dialect.name != "postgresql":
        return
    for table, columns in TEXTS.items():
        for column in columns:
            kind = TYPES.get((table, column)) or TYPES.get(column, "text")
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")
            # Setting the type that the column already has drops the column's statistics and does not rewrite the table.
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}")


def _drop_copies(connection: sa.Connection) -> None:
    session = sa.table("session", sa.column("id", sa.Text), sa.column("brief", sa.LargeBinary))
    after = ""
    while True:
        query = sa.select(session).where(session.c.id > after).order_by(session.c.id).limit(AT_ONCE)
        rows = connection.execute(query).all()
        if not rows:
            return
        after = rows[-1].id
        for row in rows:
            if MARK not in bytes(row.brief):
                continue
            brief = json.loads(row.brief)
            brief["earlier_sessions"] = []
            without = json.dumps(brief, ensure_ascii=False, separators=(",", ":")).encode()
            connection.execute(sa.update(session).where(session.c.id == row.id).values(brief=without))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in TEXTS.items():
            for column in columns:
                op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS -1")
