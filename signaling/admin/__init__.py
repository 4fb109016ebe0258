"""Commands that keep the records: the first operator, sites with categories and keys, staff, sessions."""

from .sessions import session
from .sites import category, site
from .staff import init, staff

__all__ = ["category", "init", "session", "site", "staff"]
