"""`sangdam backup` and `sangdam restore`: a backup of the whole installation."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import click

from signaling import backup as backups
from signaling.backup import BackupFailed

from .options import settings_from, storage_options

_FILE = click.Path(dir_okay=False, path_type=Path)
_STANDARD = Path("-")
_passphrase_option = click.option(
    "--passphrase-file", type=_FILE, default=None, help="File with the passphrase of the encryption."
)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--encrypt", is_flag=True, help="Encrypt the backup. Asks for a passphrase, if there is no --passphrase-file.")
@_passphrase_option
@storage_options
def backup(*, file: Path, encrypt: bool, passphrase_file: Path | None, **options: Any) -> None:
    """Write everything that this installation keeps into FILE, while the service runs.

    If FILE is “-”, write to standard output.
    """
    settings = settings_from(options)
    with _told():
        passphrase = backups.passphrase_of(passphrase_file) if passphrase_file is not None else None
        if encrypt and passphrase is None:
            passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
        if file == _STANDARD:
            made = backups.write(settings, sys.stdout.buffer, passphrase)
            sys.stdout.buffer.flush()
        else:
            made = backups.make(settings, file, passphrase)
    sealed = "encrypted" if passphrase is not None else "not encrypted: whoever has it can read every conversation"
    click.echo(f"{file}: {made.parts} parts, {_size(made.size_bytes)}, {sealed}.", err=file == _STANDARD)


@click.command()
@click.argument("file", type=_FILE)
@_passphrase_option
@storage_options
def restore(*, file: Path, passphrase_file: Path | None, **options: Any) -> None:
    """Restore the backup FILE into an empty installation, while no server runs. If FILE is “-”, read standard input."""
    with _told(), _opened(file) as source:
        passphrase = None
        if backups.is_sealed(source):
            if passphrase_file is not None:
                passphrase = backups.passphrase_of(passphrase_file)
            elif file == _STANDARD:
                raise BackupFailed("This backup is encrypted. Give its passphrase with --passphrase-file.")
            else:
                passphrase = click.prompt("Passphrase", hide_input=True)
        found = backups.restore(settings_from(options), source, passphrase)
    made_at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(found.about.made_at / 1000))
    click.echo(f"Restored {found.parts} parts, {_size(found.size_bytes)}, from a backup of {made_at}.")


@contextmanager
def _told() -> Iterator[None]:
    """Turn BackupFailed, and an OSError of a file, into a ClickException with a sentence."""
    try:
        yield
    except BackupFailed as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'The backup'}: {error.strerror}.") from None


@contextmanager
def _opened(file: Path) -> Iterator[io.BufferedReader]:
    if file == _STANDARD:
        yield cast(io.BufferedReader, sys.stdin.buffer)
        return
    with file.open("rb") as source:
        yield source


def _size(count_bytes: int) -> str:
    size = float(count_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
