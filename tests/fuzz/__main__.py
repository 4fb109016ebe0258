"""Run every fuzz target COUNT times: `make fuzz COUNT=10000000`.

A case that fails is kept in build/. Fix the bug, then move the case to tests/fuzz/corpus/TARGET. Every later run starts with
the cases in that folder.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.targets import TARGETS


class Fuzzed(NamedTuple):
    target: str
    passed: bool
    output: str


def fuzz(targets: list[str], *options: str) -> Iterator[Fuzzed]:
    """Run these fuzz targets. Yield the outcome of each target when the target has ended."""
    command = [sys.executable, "-m", "tests.fuzz.run", *targets, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            target, status = line.split()
            yield Fuzzed(target, status == "0", Path("build", f"fuzz-{target}.log").read_text(errors="replace")[-4000:])


def main() -> None:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("targets", nargs="*", default=list(TARGETS), help=", ".join(TARGETS))
    parser.add_argument("--count", type=int, default=100_000, help="cases for each target")
    given = parser.parse_args()
    waited = set(given.targets)
    for done in fuzz(given.targets, f"-runs={given.count}"):
        print(f"{done.target}: {'fine' if done.passed else 'FAILED'}, {given.count} cases", flush=True)
        if done.passed:
            waited.remove(done.target)
        else:
            print(done.output)
    sys.exit(bool(waited))


if __name__ == "__main__":
    main()
