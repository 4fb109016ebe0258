"""The command `sangdam captions`, and the options for captions that other commands have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from signaling.cli.main import main
from tests.ports import free_port


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"SANGDAM_SECRET": None})


def secret_in(folder: Path) -> Path:
    file = folder / "secret"
    file.write_text("0123456789abcdef" * 4)
    return file


def test_captions_ask_for_a_model_and_a_secret(tmp_path: Path) -> None:
    assert "--model" in run("captions").output
    assert "--secret-file" in run("captions", "--model", str(tmp_path)).output


def test_server_with_captions_asks_for_a_secret() -> None:
    found = run("serve", "--port", str(free_port()), "--captions-url", "http://127.0.0.1:7100")
    assert found.exit_code == 1
    assert "--secret-file" in found.output


@pytest.mark.slow
def test_folder_without_a_model_is_named_in_the_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "signaling.cli.main", "captions", "--model", str(tmp_path)]
    command += ["--secret-file", str(secret_in(tmp_path)), "--listen", f"127.0.0.1:{free_port()}"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 1
    assert f"{tmp_path} has no model.bin" in ended.stderr
    assert "Traceback" not in ended.stderr
