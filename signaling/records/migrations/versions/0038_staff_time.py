"""Add the times that staff spent in each state, for reports. Times before this version are not known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SUMS = ("ready_ms", "busy_ms", "wrap_up_ms", "paused_ms", "away_ms")


def upgrade() -> None:
    op.create_table(
        "staff_time",
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint("grain", "slot", "organisation", "staff", name=op.f("pk_staff_time")),
    )


def downgrade() -> None:
    op.drop_table("staff_time")
