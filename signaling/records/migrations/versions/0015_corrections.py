"""Add corrections of chat lines, and add replies to chat lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("line", sa.Column("rev", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("line", sa.Column("change", sa.Text(), server_default="", nullable=False))
    op.add_column("line", sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("line", sa.Column("reply_to", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("line", sa.Column("former", sa.JSON(), server_default="[]", nullable=False))
    op.execute("UPDATE line SET rev = seq")
    op.create_index("ix_line_session_rev", "line", ["session", "rev"])
    # without this statement, PostgreSQL's statistics would hold samples of replaced texts (see 0010)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE line ALTER COLUMN former SET STATISTICS 0")


def downgrade() -> None:
    op.drop_index("ix_line_session_rev", "line")
    for column in ("former", "reply_to", "changed_at", "change", "rev"):
        op.drop_column("line", column)
