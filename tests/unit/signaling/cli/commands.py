"""Run commands of `sangdam` in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from signaling.cli.main import main


def run(folder: Path, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, [*words, "--data-dir", str(folder)], input=typed)


def done(folder: Path, *words: str, typed: str = "") -> str:
    result = run(folder, *words, typed=typed)
    assert result.exit_code == 0, result.output
    return result.stdout


def as_json(folder: Path, *words: str) -> Any:
    return json.loads(done(folder, *words, "--json"))


def a_shop(folder: Path) -> None:
    done(folder, "site", "add", "shop", "--name", "ko=가게", "--origin", "https://shop.example", "--language", "ko")
