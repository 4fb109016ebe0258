"""Count handle times (conversation and wrap-up), and add the counts of sessions by outcome.

Sessions that were counted before this version have no handle time and no counts by outcome. During a rolling upgrade, servers of
the previous version do not add these figures either.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

WAITS = tuple(f"waits_{number:02d}" for number in range(19))
NEW = ("handled", "handle_ms")
COUNTS = (
    "offered", "answered", "in_time", "given_up", "messages", "callbacks", "wait_ms", "finished", "talk_ms",
    "help_asked", "help_joined", "transfers_asked", "transferred", "rated", "rating_sum", *NEW, *WAITS,
)  # fmt: skip


def upgrade() -> None:
    for name in NEW:
        op.add_column("report", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "report_outcome",
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("organisation", "site", "outcome")),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("grain", "slot", "organisation", "site", "outcome"),
    )


def downgrade() -> None:
    op.drop_table("report_outcome")
    for name in NEW:
        op.drop_column("report", name)
