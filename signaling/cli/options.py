"""Options that `sangdam serve` and the administrative commands share. Importing this module is cheap."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from signaling.config.proxies import Proxies, one_proxy, proxies_of
from signaling.config.secret import BadSecret, with_password
from signaling.config.settings import default_data_dir

ONE_PROXY = "one"
P = ParamSpec("P")
R = TypeVar("R")


class Address(click.ParamType[tuple[str, int]]):
    """HOST:PORT, converted to (host, port). An IPv6 address has brackets."""

    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Return (host, port)."""
        host, _, port = str(value).rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65_536:
            self.fail(f"“{value}” is not an address; write it as 127.0.0.1:9090.", param, ctx)
        return host.strip("[]"), int(port)


class Socket(click.ParamType[Path | tuple[str, int]]):
    """A path of a Unix socket, or HOST:PORT."""

    name = "SOCKET"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | tuple[str, int]:
        """Return the path, which begins with a slash, or (host, port)."""
        return Path(value) if str(value).startswith("/") else Address().convert(value, param, ctx)


class ProxyNetworks(click.ParamType[Proxies]):
    """Networks of proxies, separated by commas. Given without a value: one proxy on this machine or a private network."""

    name = "NETWORKS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Proxies:
        """Return the proxies."""
        if value == ONE_PROXY:
            return one_proxy()
        try:
            return proxies_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def origin(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Return the option's origin in canonical form, or "" when it is not given."""
    if not value:
        return ""
    from signaling.config import web_addresses

    try:
        return web_addresses.origin(value)
    except web_addresses.BadAddress as error:
        raise click.BadParameter(str(error)) from None


_FOLDER = click.Path(file_okay=False, path_type=Path)


def storage_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add `--data-dir`, `--database`, `--database-password-file`, `--recordings` and `--files` to a command."""
    where = f"Folder of the server's key and SQLite file. [default: {default_data_dir(demo=False)}]"
    command = _with_password_file(command, "database", "File with the database's password, if it is not in the URL.")
    for option in (
        click.option("--data-dir", type=_FOLDER, default=None, envvar="SANGDAM_DATA_DIR", help=where),
        click.option(
            "--recordings", type=_FOLDER, default=None, help="Folder of recordings. [default: a folder in the data folder]"
        ),
        click.option("--files", type=_FOLDER, default=None, help="Folder of sent files. [default: a folder in the data folder]"),
        click.option(
            "--database",
            default="",
            envvar="SANGDAM_DATABASE",
            help="SQLAlchemy URL, such as postgresql+asyncpg://… [default: SQLite in the data folder]",
        ),
    ):
        command = option(command)
    return command


def redis_option(*, required: bool) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return a decorator that adds `--redis` and `--redis-password-file` to a command."""
    where: dict[str, Any] = {"metavar": "URL", "envvar": "SANGDAM_REDIS"}
    if required:
        url = click.option("--redis", required=True, help="URL of the cluster's Redis.", **where)
    else:
        url = click.option(
            "--redis", default="", help="URL of the cluster's Redis. `sangdam media` then runs the workers.", **where
        )

    def options(command: Callable[..., R]) -> Callable[..., R]:
        return url(_with_password_file(command, "redis", "File with Redis' password, if it is not in the URL."))

    return options


def _with_password_file(command: Callable[..., R], name: str, what: str) -> Callable[..., R]:
    """Add an option for a password file to `command`, whose URL option `name` then contains the password."""
    file_name = f"{name}_password_file"

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> R:
        file = options.pop(file_name)
        try:
            url = with_password(options[name], file) if file is not None and options[name] else options[name]
        except BadSecret as error:
            raise click.ClickException(str(error)) from None
        return command(*arguments, **options | {name: url})

    path = click.Path(dir_okay=False, path_type=Path)
    option = f"--{name}-password-file"
    return click.option(option, file_name, type=path, default=None, envvar=f"SANGDAM_{file_name.upper()}", help=what)(run)


def secret_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add `--secret-file` to a command."""
    where = "File with the cluster's secret. [default: SANGDAM_SECRET in the environment]"
    path = click.Path(dir_okay=False, path_type=Path)
    return click.option("--secret-file", type=path, default=None, help=where)(command)
