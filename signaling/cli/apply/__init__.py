"""`sangdam apply`: change an installation so that it matches a file. The command first shows what it would change.

`wanted.py` makes the wanted installation from the present one and the file. `difference.py` compares the wanted and the present
installation. `storing.py` stores the difference.
"""

from .command import apply

__all__ = ["apply"]
