"""Run Debian's coturn for tests, on a loopback port and with the configuration that we ship."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "turnserver.conf"
START_S = 10.0


def own_address() -> str:
    """Return this machine's address for outgoing connections, at which other machines reach its media workers.

    The function sends no packet.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        return str(probe.getsockname()[0])


class TurnServer:
    """A coturn server.

    `worker`: the only address to which the TURN server relays. `secret_file`: the value of `--turn-secret-file`.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self.port = free_port()
        self.worker = worker
        self.secret_file = folder / "turn.secret"
        self.secret_file.write_text(secrets.token_hex(32) + "\n")
        self.log = folder / "turn.log"
        self._folder = folder

    @property
    def url(self) -> str:
        return f"turn:127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        program = shutil.which("turnserver")
        if program is None:
            raise RuntimeError("These tests need coturn. Install it: sudo apt-get install --no-install-recommends coturn")
        text = CONFIGURATION.read_text().replace("<the secret>", self.secret_file.read_text().strip())
        text = text.replace("<address of the media workers>", self.worker).replace("\nsyslog\n", "\n")
        file = self._folder / "turnserver.conf"
        file.write_text(text)
        options = ["-c", str(file), "-p", str(self.port), "-L", "127.0.0.1", "-E", self.worker, "-E", "::1"]
        options += [
            "--pidfile",
            str(self._folder / "turn.pid"),
            "-b",
            str(self._folder / "turn.db"),
            "--log-file",
            "stdout",
            "-v",
        ]
        with self.log.open("wb") as log:
            process = subprocess.Popen([program, *options], stdout=log, stderr=log)
        try:
            self._wait(process)
            yield
        finally:
            process.terminate()
            process.wait(5)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        give_up = time.monotonic() + START_S
        while True:
            assert process.poll() is None, self.log.read_text()[-2000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert time.monotonic() < give_up, "coturn does not answer"
            time.sleep(0.02)
