"""`sangdam apply`: change an installation to what a file describes. The command first shows what it would change.

`wanted.py` makes the wanted installation from the present one and the file. `difference.py` compares the two. `storing.py`
stores the difference.
"""

from .command import apply

__all__ = ["apply"]
