"""File permissions: only the system account that runs the server may read the server's files, whatever the umask is.

Folders get the mode 0700, and files 0600. Wider permissions, such as those from an earlier version, are corrected when the server
or a command starts. Files of other accounts and shared folders (such as /tmp) are left as they are.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

FOLDER, FILE = 0o700, 0o600
KEYS = "*.key"  # Pattern of our key files in the data folder. Backups contain these files.
OURS = ("records.sqlite*", KEYS)  # Patterns of our files in the data folder: the database with its write-ahead log, and the keys.


def keep_private() -> None:
    """Set the umask, so that only this system account can read new files of this process and of its child processes."""
    os.umask(0o777 & ~FOLDER)


def private_data(data_dir: Path, *folders: Path) -> None:
    """Make the data folder if it is missing, and correct the permissions in it and in `folders` (recordings, files).

    Raises OSError when the folder cannot be made.
    """
    data_dir.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    _correct(data_dir, FOLDER)
    for pattern in OURS:
        for path in data_dir.glob(pattern):
            _correct(path, FILE)
    for folder in filter(Path.is_dir, folders):
        _correct(folder, FOLDER)
        for path in _inside(folder):
            _correct(path, FOLDER if path.is_dir() else FILE)


def private_file(path: Path) -> None:
    """Make an empty file that only this system account can read, or correct the permissions of an existing file.

    The permissions of SQLite's files next to this file (-wal, -shm) are corrected, too. The file's folder must exist.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, FILE))
    except OSError:
        return  # the code that opens the file afterwards reports the error
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        _correct(each, FILE)


def _inside(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink():
            continue
        yield path
        if path.is_dir():
            yield from _inside(path)


def _correct(path: Path, mode: int) -> None:
    try:
        here = path.lstat()
        if here.st_uid != os.geteuid() or here.st_mode & stat.S_ISVTX or stat.S_ISLNK(here.st_mode):
            return
        if stat.S_IMODE(here.st_mode) & ~mode:
            path.chmod(mode)
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("other users may read this file", path=str(path), error=type(error).__name__)
