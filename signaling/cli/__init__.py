"""The administrative commands (operators, sites, categories, keys, staff, replies, sessions, export) and the simulations."""

from .export import export
from .hours import category_hours
from .replies import replies
from .sessions import session
from .simulate import simulate
from .sites import category, site
from .staff import init, staff

__all__ = ["category", "category_hours", "export", "init", "replies", "session", "simulate", "site", "staff"]
