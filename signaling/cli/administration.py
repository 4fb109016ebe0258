"""The administrative commands (from sites and staff to replies and exports) and the simulations."""

from .apply import apply
from .appointments import appointment
from .backup import backup, restore
from .categories import category
from .doctor import doctor
from .export import export
from .hours import category_hours
from .organisations import organisation
from .outcomes import outcomes
from .replies import replies
from .sessions import session
from .settings_list import settings
from .sign_in import sign_in
from .sign_in_provider import sign_in_provider
from .simulate import simulate
from .sites import site
from .staff import init, staff
from .tokens import token
from .webhooks import webhook

__all__ = [
    "apply",
    "appointment",
    "backup",
    "category",
    "category_hours",
    "doctor",
    "export",
    "init",
    "organisation",
    "outcomes",
    "replies",
    "restore",
    "session",
    "settings",
    "sign_in",
    "sign_in_provider",
    "simulate",
    "site",
    "staff",
    "token",
    "webhook",
]
