"""The actions that the audit records: who read, heard or changed what. The operator's page has words for each."""

from __future__ import annotations

from typing import Literal

AuditAction = Literal[
    "sign_in",
    "sign_in.refused",
    "sign_out",
    "end_session",
    "listen.begin",
    "listen.end",
    "session.read",
    "session.erase",
    "transcript.export",
    "picture.read",
    "file.read",
    "file.infected",
    "line.edit",
    "line.retract",
    "callback.invite",
    "recording.play",
    "recording.export",
    "recording.copy",
    "site.save",
    "site.remove",
    "site.key_add",
    "site.key_remove",
    "category.save",
    "category.remove",
    "category.hours",
    "thresholds.save",
    "site.wrap_up",
    "note.save",
    "note.remove",
    "reply.save",
    "reply.remove",
    "reply.import",
    "staff.add",
    "staff.change",
    "staff.password",
    "staff.remove",
]
