"""Store which request of the API has reserved an idempotency key.

A server of the previous version does not store which request has reserved a key. So during a rolling upgrade, it can still
release a key that another request has reserved, or store a response under that key.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_answer", sa.Column("owner", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("api_answer", "owner")
