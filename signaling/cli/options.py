"""Options of commands, made from the table of settings.

A flag overrides the environment, and the environment overrides the file.

Importing this module is fast.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from signaling.config.secret import BadSecret, with_password
from signaling.config.setting import Setting
from signaling.config.settings import MailServer, Settings, default_data_dir
from signaling.config.sources import CONFIG_VARIABLE, SERVER, BadConfig, check_environment, read_config

STORAGE = ("data_dir", "database", "database_password_file", "recordings", "files")
CONFIG = "config_file"  # the parameter that gets the value of `--config`
R = TypeVar("R")


class _Value(click.ParamType[Any]):
    """The click type of one setting's option.

    An error message names the source of the value: flag, environment variable or key in the file.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.name = setting.kind.metavar.lower() or "boolean"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the setting's value from its text. A value that is not a text is the default, and is returned as it is.

        Raises BadParameter when the text is not valid.
        """
        if not isinstance(value, str) or value == self.setting.default:
            return value
        try:
            return self.setting.kind.read(value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param, param_hint=self._source(param, ctx)) from None

    def split_envvar_value(self, rv: str) -> list[str]:
        """Return the values in a repeatable setting's environment variable. Commas or spaces separate the values."""
        return re.split(r"[,\s]+", rv.strip())

    def _source(self, param: click.Parameter | None, ctx: click.Context | None) -> str:
        source = ctx.get_parameter_source(param.name) if ctx is not None and param is not None and param.name else None
        if source is ParameterSource.ENVIRONMENT:
            return self.setting.variable
        if source is ParameterSource.DEFAULT_MAP and ctx is not None:
            return f"{self.setting.full_name} in {ctx.params[CONFIG]}"
        return self.setting.flag


def setting_option(setting: Setting, parameter: str = "") -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return a decorator that adds the flag of a setting to a command that has `--config`.

    `parameter`: the name of the command's parameter, if it is not the setting's name.
    """
    parameter = parameter or setting.name
    flag = f"--{parameter.replace('_', '-')}"
    default = f" [default: {setting.default_shown}]" if setting.default_shown else ""
    told: dict[str, Any] = {"envvar": setting.variable, "help": setting.help + default, "default": setting.default}
    told |= {"type": _Value(setting), "hidden": parameter != setting.name}
    if setting.kind.metavar == "":
        return click.option(flag, parameter, is_flag=True, flag_value="true", **told)
    told |= {"metavar": setting.kind.metavar, "multiple": setting.repeatable}
    if setting.bare is not None:
        told |= {"is_flag": False, "flag_value": setting.bare}
    return click.option(flag, parameter, **told)


def _read_file(context: click.Context, _parameter: click.Parameter, file: Path | None) -> Path | None:
    """Check the environment. Then make the values in the file of `--config` the defaults of the command's flags.

    Return `file`, which is None if the command was called without `--config`.
    """
    try:
        check_environment(os.environ)
        found = read_config(file) if file is not None else {}
    except BadConfig as error:
        raise click.UsageError(str(error), context) from None
    names = {each.name: each.type.setting.full_name for each in context.command.params if isinstance(each.type, _Value)}
    context.default_map = {parameter: found[name] for parameter, name in names.items() if parameter and name in found}
    return file


def settings_options(settings: Iterable[Setting], *, prefixed: bool = False) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Return a decorator that adds `--config` and the flags of these settings to a command.

    `prefixed`: whether each parameter's name begins with the name of the setting's section, as in "media_port". A command that
    has settings of several sections needs these longer names, because two sections can have settings of the same name.
    """
    declared = [each for each in settings if not each.only_environment]

    def add(command: Callable[..., R]) -> Callable[..., R]:
        for each in reversed(declared):
            command = setting_option(each, each.parameter if prefixed else each.name)(command)
        return click.option(
            "--config",
            CONFIG,
            type=click.Path(dir_okay=False, path_type=Path),
            is_eager=True,
            envvar=CONFIG_VARIABLE,
            metavar="FILE",
            callback=_read_file,
            help="TOML file with settings. Flags and SANGDAM_ variables go before it.",
        )(command)

    return add


def storage_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options that say where the database, the recordings and the files are."""
    return settings_options([SERVER[name] for name in STORAGE])(command)


def settings_from(options: dict[str, Any]) -> Settings:
    """Return the settings of a command's options.

    Raises ClickException when a password file cannot be read, or when the settings of mail contradict each other.
    """
    given = {name: value for name, value in options.items() if name in SERVER}
    if given.get("data_dir") is None:
        given["data_dir"] = default_data_dir(demo=bool(given.get("demo")))
    for name in ("database", "redis"):
        if url := given.get(name):
            given[name] = joined(url, given.get(f"{name}_password_file"))
    settings = Settings(**given)
    return replace(settings, mail=_mail_server(settings))


def _mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server of the settings, or None when none is set.

    Raises ClickException when the settings of mail contradict each other, or when the password file cannot be read.
    """
    if settings.smtp is None:
        return None
    from signaling.protocol.mail_addresses import BadAddress, address_of

    try:
        sender = address_of(settings.mail_from)
    except BadAddress:
        raise click.ClickException("Mails need a from-address: --mail-from talk@shop.example") from None
    file, user = settings.smtp_password_file, settings.smtp_user
    if (user == "") != (file is None):
        raise click.ClickException("A login at the mail server needs both --smtp-user and --smtp-password-file.")
    if user and settings.smtp_tls == "none":
        raise click.ClickException("A password is never sent without encryption: use --smtp-tls starttls or tls.")
    try:
        password = file.read_text().strip() if file is not None else ""
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"The mail server's password cannot be read: {type(error).__name__}") from None
    host, port = settings.smtp
    return MailServer(
        host=host, port=port, sender=sender, tls=settings.smtp_tls, user=user, password=password, ca=settings.smtp_ca
    )


def joined(url: str, password_file: Path | None) -> str:
    """Return the URL with the password from the file. Without a file, return the URL unchanged.

    Raises ClickException when the file cannot be read.
    """
    try:
        return with_password(url, password_file) if password_file is not None else url
    except BadSecret as error:
        raise click.ClickException(str(error)) from None
