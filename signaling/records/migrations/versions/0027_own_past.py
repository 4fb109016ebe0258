"""Add the option whether users may read their own earlier conversations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("own_past", sa.Text(), server_default="shown", nullable=False))


def downgrade() -> None:
    op.drop_column("site", "own_past")
