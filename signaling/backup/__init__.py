"""A backup: one file with the database, the keys, the recordings and the files of an installation.

`making.py` writes a backup while the service runs, and `restoring.py` reads a backup into an empty installation. `archive.py`
defines the layout of the file, `sealed.py` encrypts it, and `databases.py` copies SQLite or PostgreSQL. `work_folders.py` makes
the temporary folders for backups and restores.
"""

from .failure import BackupFailed
from .making import Made, make, write
from .restoring import Restored, is_sealed, restore
from .sealed import passphrase_of
from .work_folders import remove_leftovers

__all__ = ["BackupFailed", "Made", "Restored", "is_sealed", "make", "passphrase_of", "remove_leftovers", "restore", "write"]
