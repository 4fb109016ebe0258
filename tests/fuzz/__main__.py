"""Run every fuzz target COUNT times: `make fuzz COUNT=10000000`.

A case that fails is kept in build/. Fix the bug, then move the case to tests/fuzz/corpus/TARGET. Every later run starts with
the cases in that folder.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.fuzz.targets import TARGETS


def fuzz(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz.run", name, *options]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("targets", nargs="*", default=list(TARGETS), help=", ".join(TARGETS))
    parser.add_argument("--count", type=int, default=100_000, help="cases for each target")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with ThreadPoolExecutor(given.jobs) as pool:
        failed = False
        runs = pool.map(lambda name: (name, fuzz(name, f"-runs={given.count}")), given.targets)
        for name, done in runs:
            print(f"{name}: {'fine' if done.returncode == 0 else 'FAILED'}, {given.count} cases")
            if done.returncode:
                failed = True
                print(done.stdout[-4000:])
    sys.exit(failed)


if __name__ == "__main__":
    main()
