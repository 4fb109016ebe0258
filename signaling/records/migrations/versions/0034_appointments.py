"""Add appointments: sites' settings for appointments, the booked times of staff, working hours, and keys of calendars."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("appointments", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "staff_plan",
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("hours", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("calendar_hash", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_staff_plan_staff"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff", name=op.f("pk_staff_plan")),
    )
    op.create_index(op.f("ix_staff_plan_calendar_hash"), "staff_plan", ["calendar_hash"])
    op.create_table(
        "appointment_cell",
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.id"], name=op.f("fk_appointment_cell_staff"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session"], ["session.id"], name=op.f("fk_appointment_cell_session"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff", "cell", name=op.f("pk_appointment_cell")),
    )
    op.create_index(op.f("ix_appointment_cell_session"), "appointment_cell", ["session"])


def downgrade() -> None:
    op.drop_table("appointment_cell")
    op.drop_table("staff_plan")
    op.drop_column("site", "appointments")
