"""A backup: one file with the database, the keys, the recordings and the files of an installation.

`making.py` writes a backup while the service runs, and `restoring.py` reads a backup into an empty installation. `archive.py` has
the layout of the file, `sealed.py` its encryption, and `databases.py` copies SQLite or PostgreSQL.
"""

from .failure import BackupFailed
from .making import Made, make, write
from .restoring import Restored, is_sealed, restore
from .sealed import passphrase_of

__all__ = ["BackupFailed", "Made", "Restored", "is_sealed", "make", "passphrase_of", "restore", "write"]
