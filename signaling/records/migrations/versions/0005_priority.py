"""Add the priority of categories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("category", sa.Column("priority", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("category", "priority")
