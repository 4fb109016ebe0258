"""Add read marks, and the option whether a site shows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("read_marks", sa.Text(), server_default="on", nullable=False))
    op.create_table(
        "line_mark",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("participant", sa.Text(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("read", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_line_mark_session"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session", "participant", name=op.f("pk_line_mark")),
    )


def downgrade() -> None:
    op.drop_table("line_mark")
    op.drop_column("site", "read_marks")
