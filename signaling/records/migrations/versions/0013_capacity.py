"""Give staff a capacity for texts, and a capacity for calls.

A member with an earlier capacity of N gets a capacity of N texts and one call. A member who had one session at a time still gets
no texts during a call.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

staff = sa.table(
    "staff",
    sa.column("capacity", sa.Integer),
    sa.column("texts", sa.Integer),
    sa.column("calls", sa.Integer),
    sa.column("texts_in_call", sa.Boolean),
)


def upgrade() -> None:
    op.add_column("staff", sa.Column("texts", sa.Integer(), server_default="3", nullable=False))
    op.add_column("staff", sa.Column("calls", sa.Integer(), server_default="1", nullable=False))
    op.add_column("staff", sa.Column("texts_in_call", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.execute(sa.update(staff).values(texts=sa.case((staff.c.capacity > 0, staff.c.capacity), else_=1), calls=1))
    op.execute(sa.update(staff).where(staff.c.texts == 1).values(texts_in_call=False))
    op.drop_column("staff", "capacity")


def downgrade() -> None:
    op.add_column("staff", sa.Column("capacity", sa.Integer(), server_default="1", nullable=False))
    op.execute(sa.update(staff).values(capacity=sa.case((staff.c.texts > 0, staff.c.texts), else_=1)))
    for column in ("texts", "calls", "texts_in_call"):
        op.drop_column("staff", column)
