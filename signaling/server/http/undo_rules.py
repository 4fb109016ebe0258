"""Undo a change of the rules for signing in, of the sign-in provider, or of the wallboard's thresholds."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from msgspec import convert, to_builtins

from signaling.access.oidc.setting_up import ProviderForm, plain
from signaling.access.rights import Thing, may
from signaling.protocol.words import Action
from signaling.records import Change, Changed, Note, SignInRules, Threshold, version_of
from signaling.records.sign_ins import INSTALLATION, rules_of
from signaling.server.app_keys import LIVE, RECORDS

from . import oidc, sign_in_rules, thresholds
from .allowed import Asker
from .errors import not_found
from .taking_back import taken_back


async def undo(request: web.Request, asker: Asker, _: str, change: Change, note: Note) -> None:
    """Undo a change of the installation's rules for signing in, or of its provider."""
    _require(asker, "sign_in.change")
    if _is_of_rules(change.after or {}):
        await _undo_rules(request, asker, INSTALLATION, change, note)
    else:
        await _undo_provider(request, INSTALLATION, change, note)


async def undo_own(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Undo a change of an organisation's own sign-in rules, or of its own sign-in provider. `subject`: the organisation's id.

    Raises Refused(not_found) when the asker belongs to another organisation.
    """
    _require(asker, "sign_in.rules")
    if subject != asker.member.organisation:
        raise not_found()
    if _is_of_rules(change.after or {}):
        await _undo_rules(request, asker, rules_of(subject), change, note)
    else:
        await _undo_provider(request, rules_of(subject), change, note)


async def undo_thresholds(request: web.Request, asker: Asker, _: str, change: Change, note: Note) -> None:
    """Undo a change of the wallboard's thresholds."""
    _require(asker, "thresholds.change")
    organisation, records = asker.member.organisation, request.app[RECORDS]
    wanted = taken_back(thresholds.plain(await records.thresholds(organisation)), change)
    kept = [Threshold(figure=figure, amber=pair[0], red=pair[1]) for figure, pair in wanted.items() if pair is not None]
    await records.save_thresholds(kept, organisation, audit=note(_reversed(change)))
    await request.app[LIVE].boards.load_thresholds(organisation)


def _require(asker: Asker, action: Action) -> None:
    if not may(asker.member, action, Thing(asker.member.organisation)):
        raise not_found()


def _is_of_rules(fields: dict[str, Any]) -> bool:
    return bool(fields) and fields.keys() <= set(SignInRules.__struct_fields__)


def _reversed(change: Change) -> Change:
    return Change(before=change.after, after=change.before)


async def _undo_rules(request: web.Request, asker: Asker, row: str, change: Change, note: Note) -> None:
    stored = await request.app[RECORDS].sign_in_rules(row)
    wanted = convert(taken_back(to_builtins(stored), change), SignInRules)
    await sign_in_rules.store_rules(request, asker, wanted, row, version_of(stored), note(_reversed(change)))


async def _undo_provider(request: web.Request, of: str, change: Change, note: Note) -> None:
    """Restore the provider's earlier settings, or remove a provider that was added. The client secret stays unchanged."""
    stored = await request.app[RECORDS].oidc_settings(of)
    if stored is None:
        raise Changed
    wanted, former = taken_back(plain(stored), change), None
    if change.before is not None:
        former = await oidc.checked(request, convert(wanted, ProviderForm), stored, of)
    await oidc.store(request, former, of, stored, note(_reversed(change)))
