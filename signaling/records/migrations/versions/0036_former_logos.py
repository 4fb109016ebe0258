"""Add the time at which a logo was stored. Former logos now stay stored, so that a change of the logo can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_logo", sa.Column("saved_at", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    former = "DELETE FROM site_logo WHERE NOT EXISTS (SELECT 1 FROM site WHERE site.logo = site_logo.id)"
    op.execute(former)
    op.drop_column("site_logo", "saved_at")
