"""Run targets under libFuzzer: `python -m tests.fuzz.run TARGET… [options of libFuzzer]`. `tests.fuzz` starts this command.

Each target runs in a fork of this process, because libFuzzer ends the process in which it runs, and loading the targets takes ten
seconds. The output of a target goes to build/fuzz-TARGET.log. This process prints the name and the exit status of each target.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

LOOKED_AT = [
    "media",
    "signaling.protocol",
    "signaling.access",
    "signaling.files",
    "signaling.images.header",
    "signaling.images.heif",
    "signaling.server.http",
    "aioice",
    "aiortc.rtcsctptransport",
]
AT_ONCE = 2
KEPT = Path(__file__).parent / "corpus"
BUILD = Path("build")

with atheris.instrument_imports(include=LOOKED_AT):
    from tests.fuzz.targets import LONGEST, SEEDS, TARGETS


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz one target with libFuzzer in this process. This function never returns."""
    logging.disable(logging.CRITICAL)
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    for kept in (KEPT / name).glob("*"):
        shutil.copy(kept, corpus)
    arguments = [sys.argv[0], str(corpus), f"-max_len={LONGEST.get(name, 2048)}", f"-artifact_prefix={BUILD}/fuzz-{name}-"]
    atheris.Setup([*arguments, "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0", *options], TARGETS[name])
    atheris.Fuzz()


def main() -> None:
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    BUILD.mkdir(exist_ok=True)
    running: dict[int, str] = {}
    for name in sys.argv[1:]:
        if name in options:
            continue
        if len(running) == AT_ONCE:
            _await_one(running)
        pid = os.fork()
        if pid == 0:
            output = os.open(BUILD / f"fuzz-{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(output, 1)
            os.dup2(output, 2)
            fuzz(name, options)
        running[pid] = name
    while running:
        _await_one(running)


def _await_one(running: dict[int, str]) -> None:
    pid, status = os.wait()
    print(running.pop(pid), os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
