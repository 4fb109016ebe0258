"""`sangdam doctor`: look for what is wrong with this installation."""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from urllib.parse import urlsplit

import click
import msgspec
from rich.console import Console
from rich.text import Text

from signaling.config.sources import SERVER
from signaling.doctor import Examined, Told, examine, reached, told
from signaling.doctor.sentences import LANGUAGES

from .options import settings_from, settings_options
from .typed import json_option

_MARKS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "fault": ("fault", "bold red")}


@click.command()
@settings_options(SERVER.values())
@json_option
@click.option(
    "--reach",
    multiple=True,
    metavar="ADDRESS:PORT",
    callback=lambda _context, _option, given: [_address(each) for each in given],
    help="Only ask whether a media worker answers at this UDP address. Run it on another machine. Repeatable.",
)
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the sentences.")
def doctor(*, as_json: bool, language: str, reach: list[tuple[str, int]], **options: Any) -> None:
    """Look for what is wrong with this installation, and say what to do.

    Use the settings of the server. With --reach, only test the given UDP addresses; that needs no settings. The exit status is 0
    when all is well, 1 after warnings, 2 after faults.
    """
    found = asyncio.run(reached(reach) if reach else examine(Examined(settings=settings_from(options))))
    sentences = [told(each, language) for each in found]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(sentences), indent=2))
    else:
        _print(sentences)
    states = {each.state for each in sentences}
    sys.exit(2 if "fault" in states else 1 if "warning" in states else 0)


def _address(given: str) -> tuple[str, int]:
    """Parse "203.0.113.7:40000" or "[2001:db8::7]:40000" into host and port. Raises BadParameter for a text of another form."""
    try:
        parts = urlsplit(f"//{given}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise click.BadParameter("Give an address and a port, such as 203.0.113.7:40000.")
    return host, port


def _print(sentences: list[Told]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for each in sentences:
        mark, style = _MARKS[each.state]
        console.print(Text.assemble((f"{mark:>7}  ", style), each.says))
        if each.do:
            console.print(Text.assemble("         → ", (each.do, "bold" if each.state == "fault" else "")))
