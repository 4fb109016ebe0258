"""Add the option whether a site's calls may have captions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("captions", sa.Text(), server_default="live", nullable=False))


def downgrade() -> None:
    op.drop_column("site", "captions")
