"""Add organisations, and further roles of staff. The audit now stores the values before and after a change.

One organisation gets everything that existed before. The operators become owners of this organisation and administrators of the
installation, because they could do everything before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OWNED = ("site", "staff", "session", "audit")


def upgrade() -> None:
    organisations = op.create_table(
        "organisation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.bulk_insert(organisations, [{"id": "main", "name": ""}])
    for table in OWNED:
        op.add_column(table, sa.Column("organisation", sa.Text(), server_default="main", nullable=False))
    op.add_column("staff", sa.Column("offices", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("staff", sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.execute("""UPDATE staff SET offices = '["administrator", "owner"]' WHERE role = 'operator'""")
    op.add_column("audit", sa.Column("change", sa.JSON(), nullable=True))
    op.create_index("ix_audit_organisation_n", "audit", ["organisation", "n"])
    _replace_thresholds(
        sa.Column("organisation", sa.Text(), server_default="main", nullable=False), key=["organisation", "figure"]
    )


def _replace_thresholds(*more: sa.Column[str], key: list[str]) -> None:
    """Make the table of thresholds again with another primary key, which SQLite cannot change in place."""
    op.rename_table("threshold", "threshold_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE threshold_before RENAME CONSTRAINT pk_threshold TO pk_threshold_before")
    op.create_table(
        "threshold",
        *more,
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("amber", sa.Float(), nullable=False),
        sa.Column("red", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_threshold")),
    )
    if not more:
        op.execute("DELETE FROM threshold_before WHERE organisation <> 'main'")
    op.execute("INSERT INTO threshold (figure, amber, red) SELECT figure, amber, red FROM threshold_before")
    op.drop_table("threshold_before")


def downgrade() -> None:
    _replace_thresholds(key=["figure"])
    op.drop_index("ix_audit_organisation_n", "audit")
    op.drop_column("audit", "change")
    for column in ("active", "offices"):
        op.drop_column("staff", column)
    for table in OWNED:
        op.drop_column(table, "organisation")
    op.drop_table("organisation")
