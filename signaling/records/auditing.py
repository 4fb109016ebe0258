"""Audit entries.

An entry is stored in the transaction of its change. So the entry and the change are stored together, or neither is stored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec
import sqlalchemy as sa

from signaling.protocol.audit_actions import AuditAction

from . import tables as t
from .audit_entries import Entry
from .types import FIRST_ORGANISATION, Change


def _machine_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Audited:
    """An audit entry to store.

    The fields are those of `AuditRecord`. `organisation`: "" stands for the organisation that owns the subject. `at`: when the
    entry was made (Unix ms). People compare this time with their own clocks, so it comes from the machine's clock, and not from
    the server's steady clock (`live/clock.py`).
    """

    actor: str
    action: AuditAction
    subject: str
    detail: str = ""
    change: Change | None = None
    organisation: str = ""
    at: int = field(default_factory=_machine_ms, kw_only=True)


Note = Callable[[Change | None], Iterable[Audited]]
"""A function that makes the audit entries about a change.

The transaction of the change calls this function, because only the transaction knows which value the new value replaces. The
argument is the change, or None if the audit does not keep the values of this change.
"""


def entries_by(actor: str, entries: Iterable[Entry], organisation: str = "") -> list[Audited]:
    """Return these entries about changes of settings, with this actor and the present time."""
    return [Audited(actor, each.action, each.subject, each.detail, each.change, organisation) for each in entries]


def add_audit(connection: sa.Connection, entry: Audited | None, *, again: bool = False) -> None:
    """Store an audit entry, if there is one. `again`: the entry might already be stored; do not store an equal entry twice."""
    if entry is None:
        return
    values = {name: getattr(entry, name) for name in ("actor", "action", "subject", "at", "detail")}
    values["organisation"] = entry.organisation or owner_of(connection, entry.subject, entry.actor)
    if again:
        same = sa.select(t.audit.c.n).where(*(t.audit.c[name] == value for name, value in values.items()))
        if connection.execute(same).first() is not None:
            return
    values["change"] = None if entry.change is None else msgspec.to_builtins(entry.change)
    connection.execute(sa.insert(t.audit).values(values))


def add_all(connection: sa.Connection, entries: Iterable[Audited]) -> None:
    """Store audit entries, in order."""
    for each in entries:
        add_audit(connection, each)


def owner_of(connection: sa.Connection, subject: str, actor: str) -> str:
    """Return the organisation of an audit entry's subject.

    If the subject is gone, or no organisation owns it, return the actor's organisation, or else the first organisation.
    """
    kind, _, name = subject.partition("/")
    if kind == "organisation":
        return name
    found = None
    if (table := {"site": t.site, "staff": t.staff, "session": t.session, "token": t.api_token}.get(kind)) is not None:
        found = _owner(connection, table, name.partition("/")[0])
    return found or _owner(connection, t.staff, actor) or FIRST_ORGANISATION


def _owner(connection: sa.Connection, table: sa.Table, row: str) -> str | None:
    owner: str | None = connection.execute(sa.select(table.c.organisation).where(table.c.id == row)).scalar_one_or_none()
    return owner
