"""Files that people send each other: their names, their kinds by content, and the folder that holds them.

The only other package of `signaling` that this package imports is `protocol`.
"""

from .kinds import Content, look
from .names import file_name
from .refusal import FileRefused
from .store import Files, Part

__all__ = ["Content", "FileRefused", "Files", "Part", "file_name", "look"]
