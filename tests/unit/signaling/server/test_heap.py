"""A process that frees large blocks gives their memory back to the system.

This holds even if the process keeps small blocks that it has allocated later.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

# Prints how many MiB a process keeps of eight pictures that it no longer needs.
KEEPS = """
import resource, sys
from pathlib import Path
from signaling.server.heap import give_back_large_blocks

def resident_mib():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

if sys.argv[1] == "fixed":
    give_back_large_blocks()
first = b"x" * (8 << 20)
del first
before = resident_mib()
pictures, small = [], []
for _ in range(8):
    pictures.append(b"x" * (4 << 20))
    small.append(b"x" * 100_000)
pictures.clear()
print(resident_mib() - before)
"""


def kept_mib(how: str) -> float:
    return float(subprocess.run([sys.executable, "-c", KEEPS, how], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_free_pictures_leave_the_process() -> None:
    assert kept_mib("fixed") < 4
    assert kept_mib("as it was") > 16, "this C library has no such rule, so the module is not needed"
