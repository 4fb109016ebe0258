"""What must outlive the process: sites, staff, sessions, lines, boards, pictures, events, audit.

`Records` is the only door; SQL and its dialects stay in this folder. SQLite (WAL) and PostgreSQL hold the same tables, made
by the Alembic migrations beside this file, which run when the records are opened.
"""

from .store import Records
from .types import (
    AuditRecord,
    Category,
    DayCounts,
    EarlierRecord,
    EventRecord,
    LineRecord,
    MessageRecord,
    Overtaken,
    PictureRecord,
    RecordsAway,
    SessionRecord,
    SignInRecord,
    Site,
    SiteKey,
    StaffRecord,
    StaleEpoch,
    UnknownSession,
)

__all__ = [
    "AuditRecord",
    "Category",
    "DayCounts",
    "EarlierRecord",
    "EventRecord",
    "LineRecord",
    "MessageRecord",
    "Overtaken",
    "PictureRecord",
    "Records",
    "RecordsAway",
    "SessionRecord",
    "SignInRecord",
    "Site",
    "SiteKey",
    "StaffRecord",
    "StaleEpoch",
    "UnknownSession",
]
