"""Temporary folders in which backups are made and restored: private, and locked while in use.

A work folder holds a copy of the installation's data, even of data that is erased from the installation in the meantime. So no
work folder may stay behind. If a process was killed, the next backup or restore, or the next start of the server, removes the
process's work folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signaling.config.settings import Settings

BACKUP, RESTORE = "backup-in-progress-", "restore-in-progress-"  # Prefixes of the work folders' names.
_NEW_S = 60.0  # A folder younger than this many seconds might belong to a process that has not locked the folder yet.


@contextmanager
def work_folder(place: Path, prefix: str) -> Iterator[Path]:
    """Make a work folder in `place`, and remove it at the end of the `with` block.

    A file can be moved from the work folder to another folder in `place` without copying.
    """
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place) as made:
        lock = os.open(made, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(made)
        finally:
            os.close(lock)


def remove_leftovers(settings: Settings) -> None:
    """Remove the work folders of killed processes.

    The folders of running processes stay. Folders younger than `_NEW_S` stay, too.
    """
    for place in {settings.data_dir, settings.recordings_dir, settings.files_dir}:
        for prefix in (BACKUP, RESTORE):
            for left in place.glob(f"{prefix}*"):
                if not left.is_symlink() and _is_unused(left):
                    shutil.rmtree(left, ignore_errors=True)


def _is_unused(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < _NEW_S:
            return False
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return False  # the folder is gone already, or another user of the machine owns it
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
