"""Every example of docs/api.md works with the real application. The examples run in the order of the page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
EXAMPLES = re.findall(r"```(sh|python)\n(.*?)```", TEXT, re.DOTALL)
SAYS = [
    '"name":"S"',
    "s-schema demo-shop closed",
    '"sessions":["s-schema"]',
    "",
    '"kind":"EdDSA"',
    '"code":',
    "/call#invite=",
    "#0f5f57",
    '"sessions":1',
]


def test_every_example_runs(server: Any, tmp_path: Path) -> None:
    assert len(EXAMPLES) == len(SAYS)
    environment = {**os.environ, "SANGDAM": server.url, "TOKEN": server.token}
    for (language, text), says in zip(EXAMPLES, SAYS, strict=True):
        command = ["bash", "-euc", text] if language == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, (text, done.stdout, done.stderr)
        assert says in done.stdout, text
    assert (tmp_path / "person.zip").read_bytes().startswith(b"PK")
