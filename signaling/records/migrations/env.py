"""Alembic runs this file. The connection comes from `database.py`, or from `-x url=…` when somebody runs `alembic` by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from signaling.records.tables import metadata

given: sa.Connection | None = context.config.attributes.get("connection")


def run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata)
    context.run_migrations()


if given is not None:
    run(given)
else:
    with sa.create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as opened:
        run(opened)
