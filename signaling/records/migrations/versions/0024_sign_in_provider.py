"""Add the sign-in provider (OpenID Connect).

Add tables for the provider's settings, for the staff whom the provider knows, and for the provider's tokens of each sign-in.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oidc_settings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oidc_settings")),
    )
    op.create_table(
        "staff_subject",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_staff_subject_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_staff_subject")),
    )
    op.create_index(op.f("ix_staff_subject_staff"), "staff_subject", ["staff"])
    op.create_table(
        "provider_sign_in",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("sid", sa.Text(), server_default="", nullable=False),
        sa.Column("tokens", sa.Text(), server_default="", nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["token_hash"], ["sign_in.token_hash"], name=op.f("fk_provider_sign_in_token_hash"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_provider_sign_in")),
    )


def downgrade() -> None:
    for table in ("provider_sign_in", "staff_subject", "oidc_settings"):
        op.drop_table(table)
