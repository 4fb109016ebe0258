"""A real PostgreSQL for the time of the tests: Debian's, in a folder of its own, on loopback only."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _programs() -> Path | None:
    """The newest PostgreSQL that Debian has installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


def _as_nobody_special(*command: str | Path) -> list[str]:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    words = [str(word) for word in command]
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else words


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """SQLAlchemy URL of an empty database, or of the one that SANGDAM_TEST_POSTGRES names (it is emptied!)."""
    if importlib.util.find_spec("asyncpg") is None:
        pytest.fail("These tests need asyncpg. Install it: pip install asyncpg")
    if given := os.environ.get("SANGDAM_TEST_POSTGRES"):
        yield given
        return
    programs = _programs()
    if programs is None:
        pytest.fail("These tests need PostgreSQL. Install it: sudo apt-get install --no-install-recommends postgresql")
    folder = Path(tempfile.mkdtemp(prefix="sangdam-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    control = (programs / "pg_ctl", "-D", data, "-w")

    def run(*command: str | Path) -> None:
        subprocess.run(_as_nobody_special(*command), check=True, cwd="/", stdout=subprocess.DEVNULL)

    run(programs / "initdb", "-D", data, "-A", "trust", "-U", "sangdam", "-E", "UTF8", "--no-sync")
    run(*control, "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql+asyncpg://sangdam@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder)
