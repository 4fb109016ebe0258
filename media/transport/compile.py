"""Builds fastpath.c where there is a C compiler: `python media/transport/compile.py`. Imports nothing of this project, so that
the build hook of the wheel can use it.

No header but those of libc is needed: the library is opened by cffi, and libsrtp is handed to it by pylibsrtp.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCE, HEADER = FOLDER / "fastpath.c", FOLDER / "fastpath.h"
LIBRARY = FOLDER / "_fastpath.so"
FLAGS = ["-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"]


def fingerprint() -> str:
    """Of the sources; a library that was made of others is not used."""
    return hashlib.sha256(HEADER.read_bytes() + SOURCE.read_bytes()).hexdigest()[:16]


def is_fresh(library: Path = LIBRARY) -> bool:
    return library.exists() and fingerprint().encode() in library.read_bytes()


def compile_to(library: Path = LIBRARY, extra: tuple[str, ...] = ()) -> str:
    """ "" when the library is there, else why it is not."""
    if sys.platform != "linux":
        return "only Linux has recvmmsg"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    if not compiler or shutil.which(compiler[0]) is None:
        return "no C compiler (Debian: gcc and libc6-dev)"
    made = library.with_suffix(f".{os.getpid()}.tmp")  # so that two builds at once, and a worker that starts, see it whole
    command = [*compiler, *FLAGS, *extra, f'-DFASTPATH_SOURCE="{fingerprint()}"', "-o", str(made), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # the machine owner's own compiler
    if done.returncode:
        made.unlink(missing_ok=True)
        return f"{compiler[0]} failed: {done.stderr.strip()[-2000:]}"
    made.replace(library)
    return ""


def make() -> str:
    """As `compile_to`, unless it is there; says aloud why not."""
    reason = "" if is_fresh() else compile_to()
    if reason:
        print(f"The fast path of the relay is not built ({reason}); the service runs without it, and needs more processor.")
    return reason


if __name__ == "__main__":
    make()
