"""Add the number of guests whom people in a site's conversations may invite."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("guests", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("site", "guests")
