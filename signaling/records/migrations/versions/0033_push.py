"""Add the browsers that get pushes, and the outbox of pushes. Store to which organisation a mail about staff accounts belongs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mail", sa.Column("organisation", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "push_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_key")),
    )
    op.create_table(
        "push_device",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("sign_in", sa.Text(), nullable=True),
        sa.Column("session", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("endpoint_hash", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("stands_by", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sign_in"], ["sign_in.token_hash"], name=op.f("fk_push_device_sign_in"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_push_device_session"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_device")),
    )
    for column in ("sign_in", "session", "endpoint_hash"):
        op.create_index(op.f(f"ix_push_device_{column}"), "push_device", [column])
    op.create_table(
        "push_message",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device"], ["push_device.id"], name=op.f("fk_push_message_device"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_push_message")),
    )
    op.create_index(op.f("ix_push_message_device"), "push_message", ["device"])
    op.create_index(op.f("ix_push_message_key"), "push_message", ["key"])
    op.create_index("ix_push_message_rank_next_at", "push_message", ["rank", "next_at"])


def downgrade() -> None:
    for table in ("push_message", "push_device", "push_key"):
        op.drop_table(table)
    op.drop_column("mail", "organisation")
