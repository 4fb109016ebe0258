"""Build the fast path (fastpath.c, pictures.c, feedback.c) if there is a C compiler: `python media/transport/compile.py`.

This file imports no other module of the project, so that the wheel's build hook can use it. The build needs only libc's headers:
cffi opens the library at run time, and pylibsrtp provides libsrtp.
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
HEADER = FOLDER / "fastpath.h"
SOURCES = [FOLDER / f"{name}.c" for name in ("fastpath", "pictures", "feedback")]
LIBRARY = FOLDER / "_fastpath.so"
FLAGS = ["-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"]


def fingerprint() -> str:
    """Return the fingerprint of the sources. A library with another fingerprint is not used."""
    made_of = [HEADER, FOLDER / "inside.h", *SOURCES]
    return hashlib.sha256(b"".join(each.read_bytes() for each in made_of)).hexdigest()[:16]


def is_fresh(library: Path = LIBRARY) -> bool:
    """Return whether the library exists and was built from the present sources."""
    return library.exists() and fingerprint().encode() in library.read_bytes()


def compile_to(library: Path = LIBRARY, extra: tuple[str, ...] = ()) -> str:
    """Build the library. Return "", or the reason why the library could not be built. `extra`: more compiler flags."""
    if sys.platform != "linux":
        return "only Linux has recvmmsg"
    compiler = shlex.split(os.environ.get("CC", "cc"))
    if not compiler or shutil.which(compiler[0]) is None:
        return "no C compiler (Debian: gcc and libc6-dev)"
    # the compiler writes to a file with another name, so that parallel builds and a starting worker never see an unfinished
    # library
    made = library.with_suffix(f".{os.getpid()}.tmp")
    command = [*compiler, *FLAGS, *extra, f'-DFASTPATH_SOURCE="{fingerprint()}"', "-o", str(made), *map(str, SOURCES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # the machine owner's own compiler
    if done.returncode:
        made.unlink(missing_ok=True)
        return f"{compiler[0]} failed: {done.stderr.strip()[-2000:]}"
    made.replace(library)
    return ""


def make() -> str:
    """Build the library unless it is fresh. Return "", or the reason why the library cannot be built. Also print this reason."""
    reason = "" if is_fresh() else compile_to()
    if reason:
        print(f"The fast path of the relay was not built ({reason}). The service runs without it and needs more processor time.")
    return reason


if __name__ == "__main__":
    make()
