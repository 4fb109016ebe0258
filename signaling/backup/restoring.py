"""Restore a backup into an empty installation: completely, or not at all."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from signaling.config.private_files import KEYS
from signaling.config.settings import Settings
from signaling.records.schema import newest_revision

from .archive import DATABASE, FORMAT, About, ArchiveReader
from .databases import CopiedDatabase, database_at
from .failure import BackupFailed
from .sealed import MAGIC, SealedReader
from .work_folders import RESTORE, remove_leftovers, work_folder


class Restored(NamedTuple):
    """A restored backup. `parts`: the number of files in the backup. `size_bytes`: their total size."""

    about: About
    parts: int
    size_bytes: int


def is_sealed(source: io.BufferedReader) -> bool:
    """Return whether a backup is encrypted. After this call `source` is at its beginning again."""
    return source.peek(len(MAGIC)).startswith(MAGIC)


def restore(settings: Settings, source: io.BufferedReader, passphrase: str | None) -> Restored:
    """Restore a backup. After BackupFailed, this installation is as it was before, unless the exception names files that remain.

    First, everything is unpacked next to its final place and checked. Then the files are moved to their places. The database is
    filled last, because a filled database could not be emptied again. If filling the database fails, the files are moved back.
    """
    database = database_at(settings.database_url)
    remove_leftovers(settings)
    _require_empty(settings, database)
    places = {"keys": settings.data_dir, "recordings": settings.recordings_dir, "files": settings.files_dir}
    try:
        with ExitStack() as stack:
            plain = io.BufferedReader(SealedReader(source, passphrase)) if passphrase is not None else source
            archive = stack.enter_context(ArchiveReader(plain))
            about = archive.about()
            _require_fit(about, database)
            staged = {name: stack.enter_context(work_folder(place, RESTORE)) for name, place in places.items()}
            count, size = _unpack(archive, staged)
            copy = staged["keys"] / DATABASE
            moves = [(each, places[name] / each.name) for name in places for each in staged[name].iterdir() if each != copy]
            with _moved(moves):
                database.fill(copy)
    except OSError as error:
        raise BackupFailed(f"The backup cannot be restored: {error.strerror or error}.") from error
    return Restored(about, count, size)


@contextmanager
def _moved(moves: list[tuple[Path, Path]]) -> Iterator[None]:
    """Move files and folders from the first path of each pair to the second.

    If a move or the `with` block fails, move the files back. If some files cannot be moved back, raise BackupFailed with a
    sentence that names the files.
    """
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            source.rename(target)
            done.append((source, target))
        yield
    except BaseException as error:
        left = [target for source, target in reversed(done) if not _move_back(source, target)]
        if left:
            raise BackupFailed(
                f"The backup cannot be restored: {error}. "
                f"Remove what it has left behind before you try again: {', '.join(map(str, left))}."
            ) from error
        raise


def _move_back(source: Path, target: Path) -> bool:
    try:
        target.rename(source)
    except OSError:
        return False
    return True


def _unpack(archive: ArchiveReader, staged: dict[str, Path]) -> tuple[int, int]:
    count = size = 0
    for path, content in archive.parts():
        first, _, rest = path.partition("/")
        target = staged[first] / rest if rest else staged["keys"] / DATABASE
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with target.open("xb") as out:
            for data in content:
                size += out.write(data)
        target.chmod(0o600)
        count += 1
    if not (staged["keys"] / DATABASE).exists():
        raise BackupFailed("The backup is damaged: there is no database in it.")
    return count, size


def _require_empty(settings: Settings, database: CopiedDatabase) -> None:
    """Raise BackupFailed when the installation already has keys, recordings, files or tables."""
    found = [str(key) for key in settings.data_dir.glob(KEYS)]
    for folder in (settings.recordings_dir, settings.files_dir):
        found += [str(folder)] * (folder.is_dir() and any(folder.iterdir()))
    if not database.is_empty():
        found.append("the database")
    if found:
        raise BackupFailed(
            f"This installation is not empty: it has {', '.join(found)}. "
            "Restore into a new data folder and an empty database, with no server running."
        )


def _require_fit(about: About, database: CopiedDatabase) -> None:
    if about.format > FORMAT or about.revision > newest_revision():
        raise BackupFailed(
            f"This backup was made by the newer version {about.version}. This is version {version('sangdam')}; "
            "install that version or a newer one first."
        )
    if about.database != database.kind:
        raise BackupFailed(f"This backup holds a database of {about.database}, and the settings name one of {database.kind}.")
    if shutil.which("pg_restore") is None and database.kind == "postgresql":
        raise BackupFailed("pg_restore is not installed. Install it: apt-get install postgresql-client")
