"""Run a real PostgreSQL from Debian's package for tests.

The server keeps its data in a folder of its own. It listens on loopback unless a test gives another `host`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.ports import free_port


def _programs() -> Path:
    """Return the folder that contains the programs of the newest PostgreSQL installed from Debian."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise RuntimeError("These tests need PostgreSQL. Install it: sudo apt-get install --no-install-recommends postgresql")
    return found[-1].parent


def _as_nobody_special(*command: str | Path) -> list[str]:
    """Return the command. If this process is root, the command runs as `postgres`, because PostgreSQL refuses to run as root."""
    words = [str(word) for word in command]
    return ["runuser", "-u", "postgres", "--", *words] if os.geteuid() == 0 else words


class PostgresServer:
    """A PostgreSQL server. `url`: its address for SQLAlchemy. Committed data survives `stop` and `start`.

    `primary`: if given, the new server is a streaming replica of this primary until `promote`. `within`: words before each
    command, for example to run the server in a network namespace.
    """

    def __init__(
        self, folder: Path, primary: PostgresServer | None = None, *, host: str = "127.0.0.1", within: tuple[str, ...] = ()
    ) -> None:
        self.port = free_port()
        self.host = host
        self.url = f"postgresql+asyncpg://sangdam@{host}:{self.port}/postgres"
        self._folder = folder
        self._within = within
        self.data = folder / "data"
        self._programs = _programs()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        if primary is None:
            self._run("initdb", "-D", self.data, "-A", "trust", "-U", "sangdam", "-E", "UTF8", "--no-sync")
            self._admit_everybody()
        else:
            where = ("-h", primary.host, "-p", str(primary.port), "-U", "sangdam")
            self._run("pg_basebackup", "-D", self.data, *where, "-R", "-X", "stream", "-c", "fast", "--no-sync")

    def _admit_everybody(self) -> None:
        """Let PostgreSQL accept connections from every IP address, because tests run Sangdam's servers in network namespaces.

        Only programs on this machine can reach this server.
        """
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n")

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = _as_nobody_special(self._programs / program, *arguments)
        subprocess.run([*self._within, *command], check=True, cwd="/", stdout=subprocess.DEVNULL)

    def start(self) -> None:
        where = f"-p {self.port} -c listen_addresses={self.host} -c unix_socket_directories={self._folder} -c fsync=off"
        self._run("pg_ctl", "-D", self.data, "-w", "-l", self._folder / "log", "-o", where, "start")

    def promote(self) -> None:
        """Make this PostgreSQL replica a primary."""
        self._run("pg_ctl", "-D", self.data, "-w", "promote")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def freeze(self) -> None:
        """Freeze all processes of the server (SIGSTOP) until `thaw`. Connections stay open, but the server answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, what: signal.Signals) -> None:
        chief = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{chief}/task/{chief}/children").read_text().split()
        for pid in (chief, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, what)


def both(first: PostgresServer, second: PostgresServer) -> str:
    """Return an address that names both servers. A database client that wants the primary tries both."""
    hosts = "&".join(f"host={each.host}:{each.port}" for each in (first, second))
    return f"postgresql+asyncpg://sangdam@/postgres?{hosts}"


@contextmanager
def running_postgres(
    primary: PostgresServer | None = None, *, host: str = "127.0.0.1", within: tuple[str, ...] = ()
) -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="sangdam-postgres-"))
    server = PostgresServer(folder, primary, host=host, within=within)
    server.start()
    try:
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):  # a test can have left the server frozen
            server.stop()
        shutil.rmtree(folder)
