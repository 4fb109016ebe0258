"""Add the outcomes, tags and templates from which staff choose after a conversation, tags of sessions, and notes about people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("wrap_up", sa.JSON(), nullable=True))
    op.add_column("session", sa.Column("wrap_up_tags", sa.JSON(), server_default="[]", nullable=False))
    op.create_table(
        "person_note",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), server_default="", nullable=False),
        sa.Column("user_ref", sa.Text(), server_default="", nullable=False),
        sa.Column("session", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_note")),
    )
    op.create_index("ix_person_note_site_user_ref", "person_note", ["site", "user_ref"])
    # otherwise PostgreSQL's statistics hold samples of these texts, which no erasure reaches
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (("session", "wrap_up_tags"), ("person_note", "user_ref"), ("person_note", "text")):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


def downgrade() -> None:
    op.drop_table("person_note")
    op.drop_column("session", "wrap_up_tags")
    op.drop_column("site", "wrap_up")
