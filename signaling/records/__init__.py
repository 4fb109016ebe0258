"""The records: the database, with all data that outlives the process.

Examples are sites, staff, sessions, chat lines, boards, pictures, events, and the audit log. Other packages call the methods of
`Records`. Outside this folder, only `signaling/backup` and `signaling/doctor` contain SQL. SQLite (WAL) and PostgreSQL have the
same tables. Opening the database runs the Alembic migrations in this folder, which make or upgrade the tables.
"""

from .api_tokens import ApiToken, TooManyTokens
from .auditing import Audited, Note
from .figures import Threshold, Wait
from .oidc import OidcSettings, ProviderRole, ProviderSignIn, RoleRule
from .passkeys import PasskeyRecord, TooManyPasskeys
from .person_notes import PersonNote, TooManyNotes
from .realm import WHOLE, Realm
from .replies import ReplyPicture, SavedReply, TooManyReplies, TooManyReplyPictures
from .search import Search
from .sign_ins import SignInRules, TotpRecord
from .store import Records
from .types import (
    FIRST_ORGANISATION,
    AuditRecord,
    Category,
    Change,
    Changed,
    DayCounts,
    EarlierRecord,
    EventRecord,
    FileRecord,
    LineRecord,
    MessageRecord,
    Organisation,
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
    version_of,
)

__all__ = [
    "FIRST_ORGANISATION",
    "WHOLE",
    "ApiToken",
    "AuditRecord",
    "Audited",
    "Category",
    "Change",
    "Changed",
    "DayCounts",
    "EarlierRecord",
    "EventRecord",
    "FileRecord",
    "LineRecord",
    "MessageRecord",
    "Note",
    "OidcSettings",
    "Organisation",
    "Overtaken",
    "PasskeyRecord",
    "PersonNote",
    "PictureRecord",
    "ProviderRole",
    "ProviderSignIn",
    "Realm",
    "Records",
    "RecordsAway",
    "ReplyPicture",
    "RoleRule",
    "SavedReply",
    "Search",
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
    "TooManyTokens",
    "TotpRecord",
    "UnknownSession",
    "Wait",
    "version_of",
]
