"""Add the browser and network of a sign-in, one-time links for a new password, and second factors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_in", sa.Column("device", sa.Text(), server_default="", nullable=False))
    op.add_column("sign_in", sa.Column("network", sa.Text(), server_default="", nullable=False))
    op.add_column("sign_in", sa.Column("proved_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("sign_in", sa.Column("limited", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "reset_link",
        sa.Column("token_hash", sa.Text(), nullable=False),
        _staff(),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        _of_staff("reset_link"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_reset_link")),
    )
    op.create_table(
        "totp",
        _staff(),
        sa.Column("seed", sa.Text(), server_default="", nullable=False),
        sa.Column("used_step", sa.BigInteger(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        _of_staff("totp"),
        sa.PrimaryKeyConstraint("staff", name=op.f("pk_totp")),
    )
    op.create_table(
        "recovery_code",
        _staff(),
        sa.Column("code_hash", sa.Text(), nullable=False),
        _of_staff("recovery_code"),
        sa.PrimaryKeyConstraint("staff", "code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "sign_in_rules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("second_factor", sa.Text(), server_default="off", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_rules")),
    )


def downgrade() -> None:
    for table in ("sign_in_rules", "recovery_code", "totp", "reset_link"):
        op.drop_table(table)
    for column in ("limited", "proved_at", "network", "device"):
        op.drop_column("sign_in", column)


def _staff() -> sa.Column[str]:
    return sa.Column("staff", sa.Text(), nullable=False)


def _of_staff(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f(f"fk_{table}_staff"), ondelete="CASCADE")
