from __future__ import annotations

from pathlib import Path

import argon2
import pytest
import sqlalchemy as sa

from signaling.access import identity
from signaling.records import database, schema


@pytest.fixture(scope="session")
def new_tables(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the content of the file of a new database.

    The database is made once for all tests, because making its tables takes longer than most commands.
    """
    path = tmp_path_factory.mktemp("tables") / "records.sqlite"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        schema.bring_up_to_date(connection)
    engine.dispose()
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path, new_tables: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    def with_tables(path: Path) -> None:
        private_file(path)
        if path.exists() and not path.stat().st_size:
            path.write_bytes(new_tables)

    private_file = database.private_file
    monkeypatch.setattr(database, "private_file", with_tables)
    monkeypatch.setattr(identity, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    return tmp_path / "data"
