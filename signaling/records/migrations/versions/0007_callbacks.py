"""Add the setting that says whether a site offers callbacks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("callbacks", sa.Text(), server_default="offered", nullable=False))


def downgrade() -> None:
    op.drop_column("site", "callbacks")
