from __future__ import annotations

from pathlib import Path

import argon2
import pytest

from signaling.access import identity


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(identity, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    return tmp_path / "data"
