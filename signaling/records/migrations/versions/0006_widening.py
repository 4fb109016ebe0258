"""Add the waiting times after which users' requests in a category are also offered to staff of other categories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("category", sa.Column("widens_s", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("category", "widens_s")
