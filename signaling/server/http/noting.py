"""Audit entries about changes of settings. Each entry is stored in the transaction of its change."""

from __future__ import annotations

from signaling.protocol.audit_actions import AuditAction
from signaling.records import Audited, Change, Note


def entry(actor: str, action: AuditAction, subject: str, detail: str = "", *, organisation: str = "") -> tuple[Audited]:
    """Return an audit entry about a change, in a tuple. The arguments are fields of `Audited`."""
    return (Audited(actor, action, subject, detail, None, organisation),)


def noting(actor: str, action: AuditAction, subject: str, detail: str = "", *, organisation: str = "") -> Note:
    """Return a function that makes the audit entry about a change. The arguments are fields of `Audited`."""

    def note(change: Change | None) -> tuple[Audited]:
        return (Audited(actor, action, subject, detail, change, organisation),)

    return note
