"""Run a real clamd for tests. This clamd listens on a Unix socket, and recognises only one virus: `VIRUS`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_S = 30.0
VIRUS = b"a file that this test calls a virus"
SIGNATURE = f"Test.Virus:0:*:{VIRUS.hex()}\n"  # a line in .ndb format: name, any file type, any offset, these bytes


@contextmanager
def running_clamd(most: str = "30M") -> Iterator[Path]:
    """Start clamd, and yield its Unix socket. `most`: the largest stream that clamd scans (its StreamMaxLength)."""
    program = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program, "clamd is missing: make packages"
    folder = Path(tempfile.mkdtemp(prefix="sangdam-clamd-"))
    (folder / "signatures").mkdir()
    (folder / "signatures" / "test.ndb").write_text(SIGNATURE)
    path = folder / "clamd.sock"
    settings = [f"LocalSocket {path}", f"DatabaseDirectory {folder / 'signatures'}", f"StreamMaxLength {most}", "Foreground yes"]
    (folder / "clamd.conf").write_text("\n".join(settings) + "\n")
    process = subprocess.Popen([program, "--config-file", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL)
    try:
        _wait_for(path, process)
        yield path
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                time.sleep(0.05)  # clamd is ready when its socket accepts a connection
            else:
                return
    raise AssertionError("clamd did not start")
