"""`sangdam settings`: every setting, its value, and where the value comes from. This module also makes docs/settings.md."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table
from rich.text import Text

from signaling.config.setting import Setting
from signaling.config.sources import CAPTIONS, MEDIA, SERVER, all_settings

from .options import settings_options
from .typed import json_option, show

_SOURCES = {
    ParameterSource.COMMANDLINE: "flag",
    ParameterSource.ENVIRONMENT: "environment",
    ParameterSource.DEFAULT_MAP: "file",
}


@click.command()
@settings_options(all_settings(), prefixed=True)
@json_option
@click.option("--markdown", is_flag=True, help="Print the page docs/settings.md.")
def settings(*, as_json: bool, markdown: bool, config_file: Path | None, **given: Any) -> None:
    """List all settings, their values, and where each value comes from."""
    if markdown:
        click.echo(page(), nl=False)
        return
    context = click.get_current_context()
    rows = [_row(context, each, given) for each in all_settings()]
    if as_json:
        show(rows, as_json=True)
        return
    table = Table("setting", "value", "from")
    for row in rows:
        style = "" if row["from"] != "default" else "dim"
        table.add_row(*(Text(str(row[name])) for name in ("setting", "value", "from")), style=style)
    Console().print(table)


def _row(context: click.Context, setting: Setting, given: dict[str, Any]) -> dict[str, Any]:
    if setting.only_environment:
        value = os.environ.get(setting.variable, "")
        source = "environment" if value else "default"
        return {"setting": setting.variable, "value": _value_of(setting, value), "from": source}
    source = _SOURCES.get(context.get_parameter_source(setting.parameter) or ParameterSource.DEFAULT, "default")
    return {"setting": setting.full_name, "value": setting.shown(given[setting.parameter]), "from": source}


def _value_of(setting: Setting, text: str) -> str:
    try:
        return setting.shown(setting.kind.read(text)) if text else setting.default_shown
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=setting.variable) from None


# --- the page ----------------------------------------------------------------------------------------------------------

_HEAD = """\
# Settings

`sangdam settings --markdown` writes this page from the table in `signaling/config/settings.py`; a test compares them.

Each setting can be given in three ways. The first that is given counts:

1. a flag: `sangdam serve --public-url https://counsel.example`
2. a variable in the environment: `SANGDAM_PUBLIC_URL=https://counsel.example`
3. a key in a TOML file, which `--config FILE` or `SANGDAM_CONFIG` names:

```toml
public-url = "https://counsel.example"
announce = ["203.0.113.7"]
trust-proxy = true          # or networks: "10.0.0.0/8,192.0.2.7"

[media]                     # for `sangdam media`
listen = "10.0.0.21"
```

`sangdam settings` lists all settings, their values, and where each value comes from. A wrong name or a wrong value is an
error, in all three ways. An empty variable counts as not given. A variable of a repeatable setting holds values with
commas or spaces between them.

Passwords and secrets come from files or the environment, and never from a flag: other users of a machine can read the
command lines of its processes. `sangdam settings` shows them as "set".

In Kubernetes, a service with the name `sangdam` puts variables such as `SANGDAM_PORT=tcp://…` into each container. Give the
service another name, or set `enableServiceLinks: false`.
"""


def page() -> str:
    """Return the text of docs/settings.md."""
    media = [each for each in MEDIA.values() if each.section]
    folders = "`--data-dir`, `--database`, `--database-password-file`, `--recordings` and `--files`"
    commands = f"## The server\n\n`sangdam serve`. Commands that read the records take {folders}.\n"
    return "\n".join(
        [
            *(_HEAD, commands, *_table(SERVER.values()), ""),
            *("## Media workers", "", "`sangdam media`.", "", *_table(media), ""),
            *("## Captions", "", "`sangdam captions`.", "", *_table(each for each in CAPTIONS.values() if each.section), ""),
        ]
    )


def _table(declared: Iterable[Setting]) -> list[str]:
    rows = ["| flag and key | variable | default | meaning |", "|---|---|---|---|"]
    for each in declared:
        flag = "none" if each.only_environment else f"`{each.flag} {each.kind.metavar}`".replace(" `", "`").replace("|", "\\|")
        rows.append(f"| {flag} | `{each.variable}` | {each.default_shown} | {each.help} |")
    return rows
