"""Add the wallboard's thresholds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "threshold",
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("amber", sa.Float(), nullable=False),
        sa.Column("red", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("figure", name=op.f("pk_threshold")),
    )


def downgrade() -> None:
    op.drop_table("threshold")
