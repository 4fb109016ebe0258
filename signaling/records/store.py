"""`Records`: the database, with all stored data. Each subject has a class in a file of its own."""

from __future__ import annotations

from .api_answers import ApiAnswers
from .api_tokens import ApiTokens
from .appointments import Appointments
from .arrivals import Arrivals
from .figures import Figures
from .first_start import FirstStart
from .history import History
from .lines import Lines
from .links import Links
from .logos import Logos
from .oidc import Oidc
from .organisations import Organisations
from .outbox import Outbox
from .passkeys import Passkeys
from .people import People
from .person_notes import PersonNotes
from .push import Pushes
from .replies import Replies
from .reports import Reports
from .sessions import Sessions
from .sign_ins import SignIns
from .staff_times import StaffTimes
from .threads import ThreadsRead
from .types import StaleEpoch, UnknownSession
from .webhooks import Webhooks

__all__ = ["Records", "StaleEpoch", "UnknownSession"]


class Records(
    Organisations, Logos, SignIns, Passkeys, Oidc, Replies, PersonNotes, Sessions, Lines, History, Outbox, Links, Figures,
    Reports, StaffTimes, Webhooks, ApiTokens, ApiAnswers, People, FirstStart, ThreadsRead, Arrivals, Pushes, Appointments,
):  # fmt: skip
    """The database. Open by `await Records.open(url)` and close by `close()`. Most methods run one transaction."""
