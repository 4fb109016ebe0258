"""Add files that people send each other, and the size of the largest file that a site accepts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("file_mb", sa.Integer(), server_default="25", nullable=False))
    op.create_table(
        "file",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("mime", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name="fk_file_session", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_file"),
    )
    op.create_index("ix_file_session", "file", ["session"])
    if op.get_bind().dialect.name == "postgresql":  # otherwise PostgreSQL's statistics keep samples of erased names
        op.execute("ALTER TABLE file ALTER COLUMN name SET STATISTICS 0")


def downgrade() -> None:
    op.drop_table("file")
    op.drop_column("site", "file_mb")
