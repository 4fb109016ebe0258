"""Undo a change of settings that the audit log shows.

The server refuses to undo a change if somebody has changed one of its fields again later.

Each undo is stored in one transaction with its own audit entry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from msgspec import ValidationError

from signaling.protocol.reasons import UndoReason
from signaling.records import AuditRecord, Change, Note
from signaling.records.audit_entries import undoable
from signaling.records.wrap_up import BadPlan
from signaling.server.app_keys import RECORDS

from . import undo_rules, undo_sites, undo_staff
from .allowed import Asker, asker_of
from .bodies import path_id
from .errors import Refused, answer, not_found
from .noting import noting

routes = web.RouteTableDef()

Undo = Callable[[web.Request, Asker, str, Change, Note], Awaitable[None]]
_BY_KIND: Final[dict[str, Undo]] = {
    "site": undo_sites.undo, "reply": undo_sites.undo_reply, "staff": undo_staff.undo, "organisation": undo_rules.undo_own,
    "installation": undo_rules.undo, "wallboard": undo_rules.undo_thresholds,
}  # fmt: skip  # a table: first part of an audit entry's subject → function that undoes the change
_NO_SETTINGS: Final = "This entry changed no settings."
_WHY: Final[dict[UndoReason, str]] = {
    "secret_gone": "This cannot be undone, because the secret is stored nowhere any more. Make a new one.",
    "picture_gone": "This cannot be undone, because the picture is stored nowhere any more. Upload it again.",
    "person_gone": "This cannot be undone, because removed people are not kept. Add the person again.",
    "texts_gone": "This cannot be undone, because the audit does not keep so many texts. Import the former file again.",
    "category_gone": "This cannot be undone, because its outcomes name a removed category. Add the category again first.",
    "other_form": "This cannot be undone, because these settings have changed their form.",
}


@routes.post("/api/operator/audit/{n}/undo")
async def undo(request: web.Request) -> web.Response:
    """Undo one change of settings. The undoing is audited as another change, which can be undone, too."""
    asker = await asker_of(request)
    entry = await _asked(request, asker)
    change = entry.change
    state = undoable(entry.action, change)
    kind, _, rest = entry.subject.partition("/")
    undoing = _BY_KIND.get(kind)
    if state != "yes" and state != "":  # two comparisons, because mypy would not narrow the type by `in`
        raise Refused(409, state, _WHY[state])
    if state == "" or change is None or undoing is None:
        raise Refused(409, "wrong_state", _NO_SETTINGS)
    organisation = asker.member.organisation  # not looked up by site: a removed site's organisation is no longer in the database
    note = noting(asker.member.id, "settings.undo", entry.subject, f"#{entry.n}", organisation=organisation)
    try:
        await undoing(request, asker, rest, change, note)
    except ValidationError as error:  # an older version has stored values in the audit log that this version does not know
        raise Refused(409, "other_form", _WHY["other_form"]) from error
    except BadPlan as error:
        raise Refused(409, "category_gone", f"{_WHY['category_gone']} {error}") from error
    return answer({})


async def _asked(request: web.Request, asker: Asker) -> AuditRecord:
    """Return the audit entry that the path names. Raises Refused(not_found) when the asker's organisation has no such entry."""
    number = path_id(request, "n")
    entry = None
    if number.isascii() and number.isdigit() and len(number) < 18:
        entry = await request.app[RECORDS].audit_entry(int(number), asker.member.organisation)
    if entry is None:
        raise not_found()
    return entry
