"""The administrative commands (from sites and staff to replies and exports) and the simulations."""

from .export import export
from .hours import category_hours
from .outcomes import outcomes
from .replies import replies
from .sessions import session
from .sign_in import sign_in
from .simulate import simulate
from .sites import category, site
from .staff import init, staff

__all__ = [
    "category",
    "category_hours",
    "export",
    "init",
    "outcomes",
    "replies",
    "session",
    "sign_in",
    "simulate",
    "site",
    "staff",
]
