"""Change a database so that it looks as an earlier version of Sangdam would have left it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

from signaling.records import schema


async def downgrade(url: str, revision: str) -> None:
    """Undo the migrations after `revision`."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    engine = create_async_engine(url)
    async with engine.begin() as connection:

        def undo(here: object) -> None:
            config.attributes["connection"] = here
            command.downgrade(config, revision)

        await connection.run_sync(undo)
    await engine.dispose()
