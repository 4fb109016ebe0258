"""Add public keys of partners, and addresses at which partners publish keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_key", sa.Column("public", sa.Text(), server_default="", nullable=False))
    op.add_column("site_key", sa.Column("address", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    # an earlier version would use each of these keys as a key with an empty secret
    op.execute("DELETE FROM site_key WHERE secret = ''")
    op.drop_column("site_key", "address")
    op.drop_column("site_key", "public")
