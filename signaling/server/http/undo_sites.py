"""Undo a change of a site or of one of its parts: settings, opening hours, outcomes, mails, logo, keys, and shared replies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from aiohttp import web
from msgspec import convert
from msgspec.structs import replace

from signaling.access.codes import MOST_KEYS
from signaling.access.rights import Thing, may, of_site
from signaling.mail.wording import checked_plan
from signaling.protocol.words import Action
from signaling.records import Audited, Change, Changed, Note, Site, SiteKey, TooManyReplies, version_of
from signaling.records.audit_entries import of_removed_site
from signaling.records.checks import Invalid, changes, checked_site
from signaling.records.mail_plan import MailPlan, fields_of, is_of_plan, plan_of, with_texts_of
from signaling.records.site_parts import Part, part_changed, part_named, plain_keys, plain_part, with_part
from signaling.records.site_settings import plain_site, with_plain_site
from signaling.records.wrap_up import check as check_outcomes
from signaling.server.app_keys import LIVE, RECORDS

from . import mail_plans
from .allowed import Asker
from .bodies import now_ms
from .errors import Refused, not_found
from .taking_back import taken_back

Undo = Callable[[web.Request, Asker, str, Change, Note], Awaitable[None]]


async def undo(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Undo a change of a site. `subject`: the site's id; for opening hours, also "/" and the category's id.

    Store the audit entries about the undo, which `note` makes, in the transaction of the undo. Raises Changed when the site was
    changed again later. Also raises Invalid and Refused.
    """
    await _undoing(change)(request, asker, subject, change, note)


def _undoing(change: Change) -> Undo:
    """Return the function that undoes this change of a site."""
    if change.before is None:
        return _remove
    if change.after is None:
        return _restore
    if part_named(change.after) is not None:
        return _part
    otherwise = _mail if is_of_plan(change.after) else _settings
    return _BY_FIELD.get(next(iter(change.after), ""), otherwise) if len(change.after) == 1 else otherwise


async def _settings(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    records = request.app[RECORDS]
    site = await _site(request, asker, subject.partition("/")[0])
    now = plain_site(site)
    changed = checked_site(with_plain_site(site, taken_back(now, change)))
    was, is_now = changes(now, plain_site(changed))
    await records.save_site(changed, expected=version_of(site), audit=note(Change(before=was, after=is_now)))
    await request.app[LIVE].sessions.site_changed(site.id)


async def _part(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Undo a change of opening hours (`subject` names site and category), or of the outcomes."""
    records, (site_id, _, category) = request.app[RECORDS], subject.partition("/")
    part: Part = "hours" if category else "wrap_up"
    site = await _site(request, asker, site_id)
    if category and category not in site.categories:
        raise not_found()
    before, after = change.before or {}, change.after or {}
    if plain_part(site, part, category) != after[part]:
        raise Changed
    changed = with_part(site, part, before[part], category)
    _check_outcomes(changed)
    audit = note(part_changed(site, changed, part, category))
    await records.save_site(changed, expected=version_of(site), audit=audit)
    if part == "hours":
        await request.app[LIVE].sessions.hours_changed(site.id)


def _check_outcomes(site: Site) -> None:
    """Raise BadPlan when the outcomes name a category that has been removed."""
    if site.wrap_up is not None:
        check_outcomes(site.wrap_up, site.categories)


async def _logo(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    site = await _site(request, asker, subject)
    before, after = change.before or {}, change.after or {}
    audit = note(Change(before=after, after=before))
    if not await request.app[RECORDS].restore_logo(site.id, before["logo"], expected=after["logo"], audit=audit):
        raise Refused(409, "picture_gone", "This logo is no longer stored. Upload it again.")
    await request.app[LIVE].sessions.site_changed(site.id)


async def _mail(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    site = await _site(request, asker, subject)
    now = with_texts_of(fields_of(site.mail), change.after or {})
    await mail_plans.store(request, site, checked_plan(plan_of(taken_back(now, change))), note)


async def _key(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Remove a key that was added, or add a removed public key or address again. A removed secret cannot be restored."""
    site = await _site(request, asker, subject, "keys.change")
    before, after = (change.before or {})["key"], (change.after or {})["key"]
    present = dict(zip((key.kid for key in site.keys), plain_keys(site.keys), strict=True))
    kid = (before or after)["kid"]
    if present.get(kid) != after:
        raise Changed
    keys = [key for key in site.keys if key.kid != kid]
    if before is not None:
        if len(keys) >= MOST_KEYS:
            raise Invalid({"kid": "too_many"})
        keys.append(convert(before, SiteKey))
    audit = note(Change(before=change.after, after=change.before))
    await request.app[RECORDS].save_site(replace(site, keys=keys), expected=version_of(site), audit=audit)


async def _replies(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Undo an import of the saved replies that a site shares."""
    site = await _site(request, asker, subject, "replies.change")
    before, after = (change.before or {})["replies"], (change.after or {})["replies"]
    audit = note(Change(before=change.after, after=change.before))
    await _put_back(request, site, present=after, wanted=before, audit=audit)


async def undo_reply(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Undo a change of one saved reply that a site shares. `subject`: the reply's id. The change contains the reply's site.

    Raises Changed when the reply was changed again later, and Refused with the reason not_found or too_many_replies.
    """
    before, after = change.before, change.after
    audit = note(Change(before=after, after=before))
    site = await _site(request, asker, (before or after or {})["site"], "replies.change")
    if after is not None and "picture" in after:
        if not await request.app[RECORDS].remove_reply_picture(after["picture"], subject, site=site.id, audit=audit):
            raise Changed
    else:
        await _put_back(request, site, present={subject: after}, wanted={subject: before}, audit=audit)


async def _put_back(
    request: web.Request, site: Site, *, present: dict[str, Any], wanted: dict[str, Any], audit: Iterable[Audited]
) -> None:
    try:
        await request.app[RECORDS].put_replies_back(site.id, present, wanted, now_ms(), audit=audit)
    except TooManyReplies as error:
        raise Refused(409, "too_many_replies", f"At most {error.most} replies can be saved. Remove some first.") from None


async def _remove(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Undo the adding of a site: remove the site. The site's past sessions stay.

    Raises Changed when the site's settings have been changed since the site was added. Also raises Changed when the site has got
    secrets, a logo or replies, because they would be lost.
    """
    site = await _site(request, asker, subject, "sites.add")
    added = {name: value for name, value in (change.after or {}).items() if name != "parts"}
    taken_back(plain_site(site), Change(before=None, after=added))
    if site.logo or any(key.secret for key in site.keys) or await request.app[RECORDS].shared_replies(site.id):
        raise Changed
    await request.app[RECORDS].remove_site(site.id, audit=note(of_removed_site(site).change))


async def _restore(request: web.Request, asker: Asker, subject: str, change: Change, note: Note) -> None:
    """Undo the removal of a site: add the site again with its hours, outcomes, mails and public keys.

    The site's past sessions belong to the site again.
    """
    organisation, plain = asker.member.organisation, change.before or {}
    if not may(asker.member, "sites.add", Thing(organisation)):
        raise not_found()
    settings = {name: value for name, value in plain.items() if name != "parts"}
    parts = plain.get("parts", {})
    site = checked_site(with_plain_site(Site(id=subject, organisation=organisation), settings))
    for category, hours in parts.get("hours", {}).items():
        site = with_part(site, "hours", hours, category)
    site = with_part(site, "wrap_up", parts.get("wrap_up"))
    site = replace(site, mail=convert(parts.get("mail", {}), MailPlan), keys=convert(parts.get("keys", []), list[SiteKey]))
    _check_outcomes(site)
    try:
        await request.app[RECORDS].save_site(site, expected="", audit=note(Change(before=None, after=plain)))
    except ValueError:
        raise Invalid({"id": "taken"}) from None
    await request.app[LIVE].sessions.site_changed(site.id)


async def _site(request: web.Request, asker: Asker, site_id: str, action: Action = "sites.change") -> Site:
    """Return the site, if the asker may do this action to the site. Raises Refused(not_found) otherwise."""
    site = await request.app[RECORDS].site(site_id)
    if site is None or not may(asker.member, action, of_site(site)):
        raise not_found()
    return site


_BY_FIELD: Final[dict[str, Undo]] = {"logo": _logo, "key": _key, "replies": _replies}
