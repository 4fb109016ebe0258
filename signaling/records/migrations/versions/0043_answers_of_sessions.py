"""Store which session a remembered response of the API is about, so that an erasure of the session also erases the response.

A server of the previous version does not store which session a response is about. So a response that it stored stays for up to a
day.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_answer", sa.Column("session", sa.Text(), server_default="", nullable=False))
    op.create_index(op.f("ix_api_answer_session"), "api_answer", ["session"])


def downgrade() -> None:
    op.drop_index(op.f("ix_api_answer_session"), table_name="api_answer")
    op.drop_column("api_answer", "session")
