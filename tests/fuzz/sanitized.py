"""Fuzz the fast path with its C code under sanitizers: `make fuzz-sanitized`.

The sanitizers find wrong memory accesses and undefined behaviour. This module does not use libFuzzer, but mutates seeds at
random. In this build, libFuzzer would find no coverage, and would therefore forget its seeds. A failing case ends the run and is
kept in build/. Move this case to the target's folder in tests/fuzz/corpus. Targets are voices (`fastpath`), videos (`pictures`),
and voices and videos that are read from a socket (`batches`).
"""

from __future__ import annotations

import argparse
import hashlib
import mmap
import os
import random
import shlex
import subprocess
import sys
import time
from pathlib import Path

from media.transport import compile as build
from tests.fuzz.fastpath import LIBRARY, fuzz_batches, fuzz_fastpath, fuzz_pictures
from tests.fuzz.targets import SEEDS

TARGETS = {"fastpath": fuzz_fastpath, "pictures": fuzz_pictures, "batches": fuzz_batches}
FOLDER, CORPUS = Path(__file__).parents[2] / "build", Path(__file__).parent / "corpus"
MADE, UNDER_WAY = FOLDER / "fastpath-sanitized.so", FOLDER / "fuzz-fastpath-under-way"
FLAGS = ("-O1", "-g", "-fno-omit-frame-pointer", "-U_FORTIFY_SOURCE", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
LONGEST = 2048
MOST_CHANGES = 6


def mutated(data: bytes, dice: random.Random) -> bytes:
    """Return a mutation of the case, with changed bits and bytes, and with pieces that are inserted, removed or repeated."""
    made = bytearray(data)
    for _ in range(dice.randrange(MOST_CHANGES + 1)):
        at, size = dice.randrange(len(made) + 1), dice.choice((1, 1, 2, 4, dice.randrange(1, 100)))
        match dice.randrange(5):
            case 0 if at < len(made):
                made[at] ^= 1 << dice.randrange(8)
            case 1:
                made[at : at + size] = dice.choice((b"\0", b"\xff", dice.randbytes(1))) * min(size, len(made) - at)
            case 2:
                made[at:at] = dice.randbytes(size)
            case 3:
                del made[at : at + size]
            case _:
                begin = dice.randrange(len(made) + 1)
                made[at:at] = made[begin : begin + size]
    return bytes(made[:LONGEST])


def inside(target: str, count: int, seed: int) -> None:
    """Run cases of one target in this process.

    Any case can crash the process, so each case is stored in a file before it runs.
    """
    dice = random.Random(seed)
    given = SEEDS[target] + [each.read_bytes() for each in sorted((CORPUS / target).glob("*"))]
    with UNDER_WAY.open("w+b") as file:
        file.truncate(LONGEST + 2)
        noted = mmap.mmap(file.fileno(), LONGEST + 2)
        for number in range(count):
            data = given[number] if number < len(given) else mutated(dice.choice(given), dice)
            noted[: len(data) + 2] = len(data).to_bytes(2, "big") + data
            TARGETS[target](data)


def runtime() -> str:
    """Return the path of the sanitizers' own library, which must be loaded before Python."""
    found = subprocess.run(
        [*shlex.split(os.environ.get("CC", "cc")), "-print-file-name=libasan.so"], capture_output=True, text=True
    )
    path = found.stdout.strip()
    if found.returncode or not os.path.isabs(path):
        sys.exit("The compiler has no libasan.so (Debian's gcc brings it).")
    return path


def keep(name: str) -> Path:
    noted = UNDER_WAY.read_bytes()
    data = noted[2 : 2 + int.from_bytes(noted[:2], "big")]
    target = FOLDER / f"fuzz-{name}-{hashlib.sha256(data).hexdigest()[:16]}"
    target.write_bytes(data)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(prog="make fuzz-sanitized")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--inside", choices=TARGETS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        inside(given.inside, given.count, given.seed)
        return
    FOLDER.mkdir(exist_ok=True)
    reason = build.compile_to(MADE, FLAGS)
    if reason:
        sys.exit(reason)
    settings = {
        LIBRARY: str(MADE),
        "LD_PRELOAD": runtime(),
        "PYTHONMALLOC": "malloc",  # With this, the sanitizers also detect overruns of memory that Python allocates.
        "ASAN_OPTIONS": "detect_leaks=0",  # CPython leaks some memory by design.
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    for name in TARGETS:
        command = [
            sys.executable,
            "-m",
            "tests.fuzz.sanitized",
            f"--inside={name}",
            f"--count={given.count}",
            f"--seed={given.seed}",
        ]
        done = subprocess.run(command, env=os.environ | settings)
        if done.returncode:
            sys.exit(f"{name}: FAILED under the sanitizers, seed {given.seed}; the case is {keep(name)}")
        print(f"{name}: fine, {given.count} cases under the sanitizers, seed {given.seed}")


if __name__ == "__main__":
    main()
