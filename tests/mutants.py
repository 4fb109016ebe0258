"""`make mutants`: put each mistake of mutants.toml into a copy of the matcher's Lua, and show that the tests notice it.

Each mutant gets a copy of the sources and one run of the contract tests. The run stops at the first failing test, and Hypothesis
does not shrink the failing example. A mutant is caught if the tests fail. The command fails if the tests of a mutant pass, take
too long, or end in another way. First of all, the command runs the tests on an unchanged copy. If the tests fail on this copy,
the command ends, because the other results would mean nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from time import monotonic
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
SUITE: Final = (
    "tests/contract/matcher/test_store.py",
    "tests/contract/matcher/test_emptied.py",
    "tests/contract/matcher/test_redis_faults.py::test_step_whose_reply_was_lost_runs_once",
    "tests/contract/matcher/test_lockstep.py",
)
FIRST_S: Final = 600  # time limit in seconds for the run on the unchanged copy
TIMES: Final = 4  # longest duration of a mutant's run, as a multiple of the unchanged copy's run; at least `LEAST_S` are allowed
LEAST_S: Final = 90
PASSED, FAILED = 0, 1  # exit codes of pytest; any other code means that pytest could not run the tests


def copy_to(folder: Path) -> None:
    for name in ("matcher", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "browser", "peers"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def sow(folder: Path, mutant: dict[str, Any]) -> None:
    path = folder / "matcher" / "redis" / "lua" / f"{mutant['file']}.lua"
    source = path.read_text("utf-8")
    if source.count(mutant["here"]) != 1:
        sys.exit(f"{path.name} has not exactly one place for: {mutant['says']}")
    path.write_text(source.replace(mutant["here"], mutant["there"]), "utf-8")


def run(folder: Path, limit_s: float) -> str:
    """Run the tests on a copy of the sources.

    Return "passed", "caught", "too slow", or another text that says how the run ended.
    """
    command = [sys.executable, "-m", "pytest", "-qx", "--hypothesis-profile=mutants", "-p", "no:cacheprovider", *SUITE]
    try:
        ended = subprocess.run(
            command, cwd=folder, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)}, capture_output=True, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        return "too slow"
    return {PASSED: "passed", FAILED: "caught"}.get(ended.returncode, f"broken ({ended.returncode})")


def known() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((ROOT / "tests" / "mutants.toml").read_text("utf-8"))["mutant"]
    return found


def main() -> None:
    mutants = known()
    wrong, limit_s = 0, float(FIRST_S)
    for mutant in [None, *mutants]:
        with tempfile.TemporaryDirectory(prefix="sangdam-mutant-") as name:
            folder = Path(name)
            copy_to(folder)
            if mutant is not None:
                sow(folder, mutant)
            began = monotonic()
            found = run(folder, limit_s)
            took_s = monotonic() - began
        wanted = "caught" if mutant else "passed"
        wrong += found != wanted
        said = mutant["says"] if mutant else "(nothing changed)"
        print(f"{found if found == wanted or found != 'passed' else 'SURVIVED':12} {took_s:5.1f} s  {said}", flush=True)
        if mutant is None and wrong:
            sys.exit("The tests fail without any mistake sown.")
        if mutant is None:
            limit_s = max(LEAST_S, TIMES * took_s)
    print(f"\n{len(mutants) - wrong} of {len(mutants)} caught")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
