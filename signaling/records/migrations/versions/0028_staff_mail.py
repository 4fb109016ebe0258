"""Add mail addresses of staff, the browsers in which they have signed in, and answers to messages that users left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def upgrade() -> None:
    op.add_column("staff", _text("mail"))
    op.add_column("staff", _text("locale"))
    op.create_table(
        "staff_device",
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("sign_in", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_staff_device_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff", "token_hash", name=op.f("pk_staff_device")),
    )
    op.add_column("message", _text("mail"))


def downgrade() -> None:
    op.drop_column("message", "mail")
    op.drop_table("staff_device")
    op.drop_column("staff", "locale")
    op.drop_column("staff", "mail")
