"""Add the number of days for which a text conversation sleeps after its user has left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("thread_days", sa.Integer(), server_default="7", nullable=False))


def downgrade() -> None:
    op.drop_column("site", "thread_days")
