"""Options that the server and the administrative commands share. Light: `sangdam serve` loads nothing for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from .settings import default_data_dir

P = ParamSpec("P")
R = TypeVar("R")


def storage_options(command: Callable[P, R]) -> Callable[P, R]:
    """`--data-dir`, `--database` and `--recordings`."""
    where = f"Folder for the server's key and SQLite file. [default: {default_data_dir(demo=False)}]"
    for option in (
        click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), default=None, help=where),
        click.option(
            "--recordings",
            type=click.Path(file_okay=False, path_type=Path),
            default=None,
            help="Folder for recordings. [default: one in the data folder]",
        ),
        click.option(
            "--database", default="", help="SQLAlchemy URL, such as postgresql+asyncpg://…; default: SQLite in the data folder."
        ),
    ):
        command = option(command)
    return command


def redis_option(*, required: bool) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`--redis`, also from the environment, because the URL may hold a password."""
    if required:
        return click.option("--redis", required=True, metavar="URL", envvar="SANGDAM_REDIS", help="Redis of the cluster.")
    return click.option(
        "--redis", default="", metavar="URL", envvar="SANGDAM_REDIS", help="Redis of a cluster; media workers are then its own."
    )


def secret_option(command: Callable[P, R]) -> Callable[P, R]:
    """`--secret-file`."""
    where = "File with the cluster's secret (or SANGDAM_SECRET in the environment)."
    path = click.Path(dir_okay=False, path_type=Path)
    return click.option("--secret-file", type=path, default=None, help=where)(command)
