"""Add the counts for reports. After its next start, the server counts the sessions that already exist."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

KEY = ("organisation", "site", "category", "language", "counselor")
COUNTS = (
    "offered", "answered", "in_time", "given_up", "messages", "callbacks", "wait_ms", "finished", "talk_ms",
    "help_asked", "help_joined", "transfers_asked", "transferred", "rated", "rating_sum",
    *(f"waits_{number:02d}" for number in range(19)),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in KEY),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("grain", "slot", *KEY, name=op.f("pk_report")),
    )
    op.add_column("session", sa.Column("counted", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_session_counted", "session", ["counted", "ended_at"])


def downgrade() -> None:
    op.drop_index("ix_session_counted", "session")
    op.drop_column("session", "counted")
    op.drop_table("report")
