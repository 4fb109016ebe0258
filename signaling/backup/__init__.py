"""A backup: one file with the database, the keys, the recordings and the files of an installation.

`making.py` writes it while the service runs, `restoring.py` reads it into an empty installation. `archive.py` is the layout of
the file, `sealed.py` its encryption, `databases.py` the copy of SQLite or PostgreSQL. `work_folders.py` has the folders in which
they work.
"""

from .failure import BackupFailed
from .making import Made, make, write
from .restoring import Restored, is_sealed, restore
from .sealed import passphrase_of
from .work_folders import remove_leftovers

__all__ = ["BackupFailed", "Made", "Restored", "is_sealed", "make", "passphrase_of", "remove_leftovers", "restore", "write"]
