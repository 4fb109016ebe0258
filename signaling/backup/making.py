"""Make a backup of an installation, while the service runs."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from signaling.config.private_files import KEYS
from signaling.config.settings import Settings

from .archive import DATABASE, FORMAT, About, ArchiveWriter, files_in
from .databases import database_at
from .failure import BackupFailed
from .sealed import SealedWriter, check_passphrase
from .work_folders import BACKUP, remove_leftovers, work_folder


class Made(NamedTuple):
    """A finished backup. `parts`: the number of files in the backup. `size_bytes`: their total size."""

    parts: int
    size_bytes: int


def make(settings: Settings, target: Path, passphrase: str | None) -> Made:
    """Write a backup to the file `target`, which must not exist.

    If the backup cannot be made, raises BackupFailed and leaves no unfinished file.
    """
    if target.exists():
        raise BackupFailed(f"{target} exists already. Choose another name.")
    unfinished = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            made = write(settings, out, passphrase)
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(target)
    except OSError as error:
        raise BackupFailed(f"The backup cannot be written: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return made


def write(settings: Settings, out: BinaryIO, passphrase: str | None) -> Made:
    """Write a backup to `out`. With a passphrase, the backup is encrypted.

    Raises BackupFailed, and OSError when `out` or the disk fails.

    The database is copied first and the files after it, so the backup has every file that the database's copy names. Only files
    that are erased while the backup is made are left out.
    """
    if passphrase is not None:
        check_passphrase(passphrase)
    database = database_at(settings.database_url)
    remove_leftovers(settings)
    with work_folder(settings.data_dir, BACKUP) as work:
        copy = work / DATABASE
        database.copy(copy)
        about = About(
            format=FORMAT,
            version=version("sangdam"),
            database=database.kind,
            revision=database.revision(),
            made_at=time.time_ns() // 1_000_000,
        )
        return _write(settings, out, copy, passphrase, about)


def _write(settings: Settings, out: BinaryIO, copy: Path, passphrase: str | None, about: About) -> Made:
    sealed = SealedWriter(out, passphrase) if passphrase is not None else None
    archive = ArchiveWriter(cast(BinaryIO, sealed) if sealed is not None else out)
    archive.about(about)
    for path, file in _parts(settings, copy):
        try:
            with file.open("rb") as source:
                archive.add(path, source)
        except FileNotFoundError:
            continue  # the session of this file was erased a moment ago
    archive.finish()
    if sealed is not None:
        sealed.close()
    return Made(archive.count, archive.size_bytes)


def _parts(settings: Settings, copy: Path) -> Iterator[tuple[str, Path]]:
    yield DATABASE, copy
    for key in sorted(settings.data_dir.glob(KEYS)):
        if key.is_file() and not key.is_symlink():
            yield f"keys/{key.name}", key
    yield from files_in(settings.recordings_dir, "recordings")
    yield from files_in(settings.files_dir, "files")
