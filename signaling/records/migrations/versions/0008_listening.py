"""Add the option whether operators may listen in on a site's calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("listening", sa.Text(), server_default="off", nullable=False))


def downgrade() -> None:
    op.drop_column("site", "listening")
