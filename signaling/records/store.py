"""`Records`: everything that is kept, each subject in a file of its own."""

from __future__ import annotations

from .history import History
from .lines import Lines
from .sessions import Sessions
from .sites_and_staff import Places
from .types import StaleEpoch, UnknownSession

__all__ = ["Records", "StaleEpoch", "UnknownSession"]


class Records(Places, Sessions, Lines, History):
    """Open with `await Records.open(url)`; `close()` ends it. Every method is one transaction."""
