"""Add the pictures of saved replies, and the option whether a site's panel names its counselors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("staff_names", sa.Text(), server_default="shown", nullable=False))
    op.create_table(
        "reply_picture",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), server_default="", nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["reply"], ["saved_reply.id"], name=op.f("fk_reply_picture_reply"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_picture")),
    )
    op.create_index(op.f("ix_reply_picture_reply"), "reply_picture", ["reply"])


def downgrade() -> None:
    op.drop_table("reply_picture")
    op.drop_column("site", "staff_names")
