"""Add the term, a number that each new leader of a cluster raises."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "leading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leading")),
    )
    op.bulk_insert(table, [{"id": 1, "term": 0}])


def downgrade() -> None:
    op.drop_table("leading")
