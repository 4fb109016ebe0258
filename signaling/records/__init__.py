"""The records: what outlives the process (sites, staff, sessions, lines, boards, pictures, events, audit, saved replies).

Other packages use `Records` only; SQL and its dialects stay in this folder. SQLite (WAL) and PostgreSQL have the same tables.
Opening the records runs the Alembic migrations in this folder, which make or upgrade the tables.
"""

from .figures import Threshold, Wait
from .passkeys import PasskeyRecord, TooManyPasskeys
from .person_notes import PersonNote, TooManyNotes
from .replies import ReplyPicture, SavedReply, TooManyReplies, TooManyReplyPictures
from .sign_ins import SignInRules, TotpRecord
from .store import Records
from .types import (
    AuditRecord,
    Category,
    DayCounts,
    EarlierRecord,
    EventRecord,
    FileRecord,
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
    "FileRecord",
    "LineRecord",
    "MessageRecord",
    "Overtaken",
    "PasskeyRecord",
    "PersonNote",
    "PictureRecord",
    "Records",
    "RecordsAway",
    "ReplyPicture",
    "SavedReply",
    "SessionRecord",
    "SignInRecord",
    "SignInRules",
    "Site",
    "SiteKey",
    "StaffRecord",
    "StaleEpoch",
    "Threshold",
    "TooManyNotes",
    "TooManyPasskeys",
    "TooManyReplies",
    "TooManyReplyPictures",
    "TotpRecord",
    "UnknownSession",
    "Wait",
]
