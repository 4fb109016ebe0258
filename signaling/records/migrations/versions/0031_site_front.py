"""Add settings for what a site shows its users, and organisations' rules for signing in.

The settings are logo, launcher, channels, notices to users, and forms.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_SITE = (
    ("logo", sa.Text(), ""),
    ("corner", sa.Text(), "right"),
    ("launcher_texts", sa.JSON(), "{}"),
    ("channels", sa.JSON(), '["text", "voice", "video"]'),
    ("waiting_notice", sa.JSON(), "{}"),
    ("recording_notice", sa.JSON(), "{}"),
)


def upgrade() -> None:
    for name, kind, default in _SITE:
        op.add_column("site", sa.Column(name, kind, server_default=default, nullable=False))
    op.add_column("category", sa.Column("form", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "site_logo",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), server_default="", nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"], name=op.f("fk_site_logo_site"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_logo")),
    )
    op.create_index(op.f("ix_site_logo_site"), "site_logo", ["site"])
    op.add_column("sign_in_rules", sa.Column("provider", sa.Text(), server_default="offered", nullable=False))
    op.add_column("sign_in_rules", sa.Column("hours", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    # an earlier version reads only the rules of the installation
    op.execute("DELETE FROM sign_in_rules WHERE id <> 'installation'")
    op.drop_column("sign_in_rules", "hours")
    op.drop_column("sign_in_rules", "provider")
    op.drop_table("site_logo")
    op.drop_column("category", "form")
    for name, _, _ in reversed(_SITE):
        op.drop_column("site", name)
