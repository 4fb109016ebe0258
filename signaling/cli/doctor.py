"""`sangdam doctor`: look for what is wrong with this installation."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.text import Text

from signaling.config.sources import SERVER
from signaling.doctor import Examined, Told, examine, told
from signaling.doctor.sentences import LANGUAGES

from .options import settings_from, settings_options
from .typed import json_option

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "fault": ("fault", "bold red")}


@click.command()
@settings_options(SERVER.values())
@json_option
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the sentences.")
def doctor(*, as_json: bool, language: str, **options: Any) -> None:
    """Look for what is wrong with this installation, and say what to do.

    Use the settings of the server. Ends with 0 when all is well, 1 after warnings, 2 after faults.
    """
    found = asyncio.run(examine(Examined(settings=settings_from(options))))
    sentences = [told(each, language) for each in found]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(sentences), indent=2))
    else:
        _print(sentences)
    states = {each.state for each in sentences}
    sys.exit(2 if "fault" in states else 1 if "warning" in states else 0)


def _print(sentences: list[Told]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for each in sentences:
        mark, style = _MARKS[each.state]
        console.print(Text.assemble((f"{mark:>7}  ", style), each.says))
        if each.do:
            console.print(Text.assemble("         → ", (each.do, "bold" if each.state == "fault" else "")))
