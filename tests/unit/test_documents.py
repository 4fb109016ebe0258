"""The Markdown of the documents is not broken.

Each row of a table and each command is on a line of its own, and each table begins with a row of column names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")]
RULE = re.compile(r"\s*\|(\s*:?-{3,}:?\s*\|)+\s*")


def outside_of_code(path: Path) -> Iterator[tuple[int, str]]:
    code = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        code ^= line.lstrip().startswith("```")
        if not code:
            yield number, line
    assert not code, f"{path.name}: a block of code has no end"


def test_rows_of_tables_have_lines_of_their_own() -> None:
    faults = []
    for path in DOCUMENTS:
        lines = [*outside_of_code(path), (0, "")]
        for (_, before), (number, line), (_, after) in zip(lines, lines[1:], lines[2:], strict=False):
            joined = re.search(r"\|\s*:?-{3,}", line) and not RULE.fullmatch(line)
            headless = line.lstrip().startswith("|") and not before.strip() and not RULE.fullmatch(after)
            if joined or headless:
                faults.append(f"{path.relative_to(ROOT)}:{number}: {line[:60]}")
    assert faults == []


def test_commands_have_lines_of_their_own() -> None:
    """Each command begins a line of its own in its block.

    So a line that begins with an option or an address must come after a line that ends with a backslash.
    """
    faults = []
    for path in DOCUMENTS:
        for block in re.findall(r"^```sh\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S):
            lines = block.splitlines()
            for before, line in pairwise(lines):
                if not before.endswith("\\") and re.match(r"\s*(-|\w+:)", line):
                    faults.append(f"{path.relative_to(ROOT)}: {line[:60]}")
    assert faults == []
