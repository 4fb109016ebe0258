"""The administrative commands (first operator, sites, categories, keys, staff, sessions, export) and the simulations."""

from .export import export
from .hours import category_hours
from .sessions import session
from .simulate import simulate
from .sites import category, site
from .staff import init, staff

__all__ = ["category", "category_hours", "export", "init", "session", "simulate", "site", "staff"]
