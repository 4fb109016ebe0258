"""The layout of a backup. A backup is a tar archive, so common tools can show its content.

The archive contains, in this order:

- `about.json`: the origin of the backup (`About`).
- The parts: `database`, `keys/NAME`, `recordings/SESSION/…`, `files/SESSION/…`.
- `manifest.jsonl`: path, size and SHA-256 of every part, in the order of the parts. A backup without a manifest was cut off.

The archive is written and read in one pass, with one buffer in memory.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO, Literal, Self

import msgspec
from msgspec import Struct

from signaling.config.private_files import KEYS
from signaling.protocol.reading import Reader, Unreadable, by
from signaling.protocol.texts import Exact

from .failure import BackupFailed

FORMAT = 1
ABOUT, MANIFEST, DATABASE = "about.json", "manifest.jsonl", "database"
FOLDERS = ("keys", "recordings", "files")
BUFFER_BYTES = 1 << 20
_MOST_ABOUT_BYTES = 1 << 16
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,200}")

DatabaseKind = Literal["sqlite", "postgresql"]


class About(Struct, kw_only=True):
    """The origin of a backup. `revision`: version of the database's tables. `made_at`: when the backup was made (Unix ms)."""

    format: int
    version: Annotated[str, by(Exact(50))]
    database: DatabaseKind
    revision: Annotated[str, by(Exact(50))]
    made_at: int


_read_about: Reader[About] = Reader(About)


class Part(Struct, kw_only=True):
    """One line of a backup's manifest: a file in the backup."""

    path: str
    bytes: int
    sha256: str


class ArchiveWriter:
    """Writes a backup to `target`. Call `about` first and `finish` last."""

    def __init__(self, target: BinaryIO) -> None:
        self._tar = tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - finish() closes it
        self._manifest = tempfile.TemporaryFile()  # noqa: SIM115 - finish() closes it
        self.count, self.size_bytes = 0, 0

    def about(self, about: About) -> None:
        """Write the archive's first file, which says where the backup comes from (`About`)."""
        with tempfile.TemporaryFile() as source:
            source.write(msgspec.json.encode(about))
            self._copy(ABOUT, source)

    def add(self, path: str, source: BinaryIO) -> None:
        """Add an open file to the backup under this path.

        If the file grows during this call, only the bytes that it had when the call began are added.
        """
        size, digest = self._copy(path, source)
        self.count += 1
        self.size_bytes += size
        self._manifest.write(msgspec.json.encode(Part(path=path, bytes=size, sha256=digest)) + b"\n")

    def finish(self) -> None:
        """Write the manifest and the end of the archive."""
        self._copy(MANIFEST, self._manifest)
        self._manifest.close()
        self._tar.close()

    def _copy(self, path: str, source: BinaryIO) -> tuple[int, str]:
        """Copy a file into the archive. Return the size and the SHA-256 of the file."""
        info = tarfile.TarInfo(path)
        info.size = source.seek(0, 2)
        info.mode = 0o600
        source.seek(0)
        counted = _Hashed(source)
        try:
            self._tar.addfile(info, counted)  # type: ignore[arg-type]  # tarfile only calls `read`
        except OSError as error:
            raise BackupFailed(f"{path} cannot be copied: {error}.") from error
        _forget(self._tar)
        return info.size, counted.digest.hexdigest()


def _forget(tar: tarfile.TarFile) -> None:
    """Free the memory of `tarfile`, which remembers each file that it has written or read."""
    tar.members.clear()  # type: ignore[attr-defined]  # typeshed does not know `members`


class _Hashed:
    def __init__(self, source: BinaryIO) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


class ArchiveReader:
    """Reads a backup from `source`. Raises BackupFailed for anything that `ArchiveWriter` would not write."""

    def __init__(self, source: BinaryIO) -> None:
        try:
            self._tar = tarfile.open(fileobj=source, mode="r|", bufsize=BUFFER_BYTES)  # noqa: SIM115 - lives as long as `source`
        except tarfile.TarError:
            raise BackupFailed("This file is not a backup of Sangdam, or its beginning is damaged.") from None
        self._seen = tempfile.TemporaryFile()  # noqa: SIM115 - __exit__ closes it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._seen.close()

    def about(self) -> About:
        """Return the origin of the backup. Call this first.

        Raises BackupFailed if the file is no backup, or if a newer version of Sangdam made it.
        """
        member = self._next()
        if member is None or member.name != ABOUT or member.size > _MOST_ABOUT_BYTES:
            raise BackupFailed("This file is not a backup of Sangdam.")
        try:
            return _read_about(b"".join(self._content(member)))
        except Unreadable:
            raise BackupFailed("This backup was made by a newer version of Sangdam, or its beginning is damaged.") from None

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield the path and the content of each part of the backup.

        The caller must read each content to its end before it takes the next part. After the last part, the manifest is checked.
        Raises BackupFailed when the backup is damaged.
        """
        while (member := self._next()) is not None:
            if member.name == MANIFEST:
                self._check_manifest(member)
                return
            path = checked_path(member.name)
            yield path, self._noted(path, member)
        raise BackupFailed("The backup is damaged: its end is missing.")

    def _next(self) -> tarfile.TarInfo | None:
        try:
            member = self._tar.next()
        except (tarfile.TarError, EOFError, OSError):
            raise BackupFailed("The backup is damaged: a part of it cannot be read.") from None
        _forget(self._tar)
        if member is not None and not member.isreg():
            raise BackupFailed("The backup is damaged: it contains something that is not a file.")
        return member

    def _content(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        source, left = self._tar.extractfile(member), member.size
        while left and source is not None:
            try:
                data = source.read(min(left, BUFFER_BYTES))
            except (tarfile.TarError, EOFError, OSError):
                data = b""
            if not data:
                raise BackupFailed("The backup is damaged: its end is missing.")
            left -= len(data)
            yield data

    def _noted(self, path: str, member: tarfile.TarInfo) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for data in self._content(member):
            digest.update(data)
            yield data
        part = Part(path=path, bytes=member.size, sha256=digest.hexdigest())
        self._seen.write(msgspec.json.encode(part) + b"\n")

    def _check_manifest(self, member: tarfile.TarInfo) -> None:
        size = self._seen.seek(0, 2)
        self._seen.seek(0)
        same = size == member.size
        for data in self._content(member):
            same = same and self._seen.read(len(data)) == data
        if not same:
            raise BackupFailed("The backup is damaged: a part differs from its checksum.")


def checked_path(name: str) -> str:
    """Return `name` if a part of a backup may have this path. Raises BackupFailed for other paths, such as "files/../../x"."""
    first, *rest = PurePosixPath(name).parts or ("",)
    good = name == DATABASE or (first in FOLDERS and rest and all(_NAME.fullmatch(each) for each in rest))
    if not good or (first == "keys" and (len(rest) != 1 or not fnmatch(rest[0], KEYS))) or str(PurePosixPath(name)) != name:
        raise BackupFailed("The backup is damaged: it contains a file that no backup has.")
    return name


def files_in(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Yield (path in the backup, path on disk) for every file in `folder` and its subfolders.

    Links and unfinished uploads are left out. Files and folders whose name does not match `_NAME`, such as ".x", are left out,
    too.
    """
    try:
        here = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return  # the folder does not exist: nothing was stored in it yet, or its session has just been erased
    for path in here:
        if path.is_symlink() or not _NAME.fullmatch(path.name) or (prefix == "files" and path.name == "arriving"):
            continue
        if path.is_dir():
            yield from files_in(path, f"{prefix}/{path.name}")
        elif path.is_file():
            yield f"{prefix}/{path.name}", path
