"""`sangdam apply`: an installation from a file, with a difference first.

`wanted.py` reads the file on top of the present installation, `difference.py` compares the two, `storing.py` stores the result.
"""

from .command import apply

__all__ = ["apply"]
