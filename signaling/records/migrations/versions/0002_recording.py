"""Add the option whether a site's calls may be recorded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("recording", sa.Text(), server_default="off", nullable=False))


def downgrade() -> None:
    op.drop_column("site", "recording")
