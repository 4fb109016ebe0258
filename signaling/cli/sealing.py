"""Make the key with which a command encrypts secrets, such as a client secret, that the server must read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click

from signaling.access.codes import signing_secret
from signaling.config.seal import Seal
from signaling.config.secret import CAPTIONS_VARIABLE, VARIABLE, BadSecret, read_secret
from signaling.config.sources import SERVER

from .options import setting_option
from .typed import settings_here

R = TypeVar("R")
MOST_SECRET = 500  # a client secret has at most this many characters; the operators' page has the same limit
_MOST_BYTES = 10_000  # a file with a secret has at most this many bytes


def sealing_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options for the key that encrypts secrets.

    In a cluster, the key is derived from the cluster's secret. On a single server, the key is in a file in the data folder.
    """
    return setting_option(SERVER["redis"])(setting_option(SERVER["secret_file"])(command))


def seal_here(redis: str, secret_file: Path | None) -> Seal:
    """Return the `Seal` (encryption) of the installation that the running command's options name.

    Raises ClickException when the installation's key or secret cannot be found.
    """
    settings = settings_here()
    if redis:
        try:
            settings = replace(settings, secret=read_secret(secret_file))
        except BadSecret as error:
            raise click.ClickException(str(error)) from None
    elif settings.database and not (settings.data_dir / "server.key").exists():
        # `signing_secret` would make a new key in this folder, and the server could not decrypt what this key has encrypted.
        raise click.ClickException(
            f"{settings.data_dir} has no server.key. "
            "Name the server's folder with --data-dir, or in a cluster --redis and the secret."
        )
    return Seal(signing_secret(settings))


def given_secret(variable: str, file: str | Path | None) -> str:
    """Return a secret from an environment variable or a file. Return "" if neither is named.

    A secret is never an argument of a command, because other users of the machine can read arguments. Raises ValueError with a
    sentence when both are named, or when the secret is missing or unusable.
    """
    if variable and file:
        raise ValueError("Name either the variable or the file with the client secret.")
    if variable:
        if variable in (VARIABLE, CAPTIONS_VARIABLE):
            raise ValueError(f"{variable} is a secret of Sangdam itself, which no provider may get.")
        if not (found := os.environ.get(variable, "").strip()):
            raise ValueError(f"The environment variable {variable} is not set.")
        return _one_line(found)
    if not file:
        return ""
    try:
        with Path(file).open("rb") as opened:
            found = opened.read(_MOST_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"The file with the client secret cannot be read: {type(error).__name__}.") from None
    if not found:
        raise ValueError("The file with the client secret is empty.")
    return _one_line(found)


def _one_line(secret: str) -> str:
    if len(secret) > MOST_SECRET or not secret.isprintable():
        raise ValueError(f"A client secret is one line of at most {MOST_SECRET} characters.")
    return secret
