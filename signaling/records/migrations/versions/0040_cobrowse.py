"""Add the option whether a site's counselors may see the page on which the user is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("cobrowse", sa.Text(), server_default="off", nullable=False))


def downgrade() -> None:
    op.drop_column("site", "cobrowse")
