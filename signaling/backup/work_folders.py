"""Temporary folders in which backups are made and restored: private, and locked while in use.

A work folder holds a copy of the installation's data, also of data that is erased meanwhile. So no such folder may stay behind:
the next backup or restore removes the folders of killed processes.
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

BACKUP, RESTORE = "backup-in-progress-", "restore-in-progress-"  # prefixes of the work folders' names
_NEW_S = 60.0  # a folder this new may belong to a process that has not locked it yet


@contextmanager
def work_folder(place: Path, prefix: str) -> Iterator[Path]:
    """Make a work folder in `place`. Moving its content elsewhere in `place` takes no time. Remove the folder afterwards."""
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

    The folders of running processes stay, and so do folders newer than `_NEW_S`.
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
        return False  # the folder is gone already, or is not ours
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True
