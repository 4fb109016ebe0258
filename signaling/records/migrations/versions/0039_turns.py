"""Let organisations take turns when mails are sent, and let push services take turns when pushes are sent.

Keep the texts of mails and pushes out of PostgreSQL's statistics.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_UNSAMPLED = {"mail": ("address", "args", "why"), "push_message": ("args",)}


def upgrade() -> None:
    op.add_column("mail", sa.Column("shared_by", sa.Text(), server_default="", nullable=False))
    op.add_column("push_message", sa.Column("host", sa.Text(), server_default="", nullable=False))
    op.execute(
        "UPDATE mail SET shared_by = CASE WHEN organisation != '' THEN organisation"
        " ELSE coalesce((SELECT site.organisation FROM site WHERE site.id = mail.site), '') END WHERE state = 'queued'"
    )
    op.execute(
        "UPDATE push_message SET host = coalesce("
        "(SELECT push_device.host FROM push_device WHERE push_device.id = push_message.device), '')"
    )
    op.drop_index("ix_mail_state_rank_next_at", "mail")
    op.create_index("ix_mail_turn", "mail", ["state", "rank", "shared_by", "next_at", "created_at"])
    op.create_index("ix_mail_state_next_at", "mail", ["state", "next_at"])
    op.drop_index("ix_push_message_rank_next_at", "push_message")
    op.create_index("ix_push_message_turn", "push_message", ["rank", "host", "next_at"])
    op.create_index("ix_push_message_next_at", "push_message", ["next_at"])
    op.create_index("ix_push_message_until", "push_message", ["until"])
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _UNSAMPLED.items():
            settings = ", ".join(f"ALTER COLUMN {column} SET STATISTICS 0" for column in columns)
            op.execute(f"ALTER TABLE {table} {settings}")


def downgrade() -> None:
    for name in ("ix_push_message_turn", "ix_push_message_next_at", "ix_push_message_until"):
        op.drop_index(name, "push_message")
    op.create_index("ix_push_message_rank_next_at", "push_message", ["rank", "next_at"])
    op.drop_index("ix_mail_turn", "mail")
    op.drop_index("ix_mail_state_next_at", "mail")
    op.create_index("ix_mail_state_rank_next_at", "mail", ["state", "rank", "next_at"])
    op.drop_column("push_message", "host")
    op.drop_column("mail", "shared_by")
