"""Store the time of each change in a board's journal, so that a replay shows the board as it was at any moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("board_update", sa.Column("at", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("board_update", "at")
