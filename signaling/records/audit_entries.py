"""Make the audit entries about changes of sites and staff, and decide whether the audit can undo a change.

Pure. The pages, the command line and `sangdam apply` use these functions.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct, to_builtins

from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.reasons import UndoReason

from .checks import changes
from .mail_plan import fields_of, with_texts_of
from .opening_hours import Hours
from .site_parts import part_changed, plain_keys
from .site_settings import plain_site
from .staff_settings import settings_of_member
from .types import Change, Site, SiteKey, StaffRecord

Undoable = Literal["", "yes", UndoReason]
"""Says if the audit can undo the change of an entry.

"yes": the audit can undo the change. "": the entry is about no change of settings. Any other word is the reason why the audit
cannot undo the change.
"""
_WITHOUT_VALUES: Final[dict[str, Undoable]] = {  # audit action without stored values → why it cannot be undone
    "site.key_remove": "secret_gone", "token.remove": "secret_gone", "webhook.rotate": "secret_gone",
    "webhook.remove": "secret_gone", "staff.remove": "person_gone", "reply.import": "texts_gone",
}  # fmt: skip


class Entry(Struct, frozen=True, kw_only=True):
    """An audit entry without its actor and its time."""

    action: AuditAction
    subject: str
    detail: str = ""
    change: Change | None = None


def of_site(before: Site | None, after: Site) -> list[Entry]:
    """Return one audit entry for each changed part of a site.

    An operators' page changes only one part of a site, and its entry is equal to the entry for this part here. `before`: None for
    a new site.
    """
    subject, former, found = f"site/{after.id}", before or Site(id=after.id), []
    # the audit entry about the hours of a removed category comes before the entry about the removal
    for category in {**former.categories, **after.categories}:
        change = part_changed(former, after, "hours", category)
        if change.before != change.after:
            found.append(Entry(action="category.hours", subject=f"{subject}/{category}", change=change))
    was, now = changes(plain_site(before) if before else None, plain_site(after))
    if was != now:
        own = Entry(action="site.save", subject=subject, change=Change(before=was, after=now))
        found = [own, *found] if before is None else [*found, own]
    if after.wrap_up != former.wrap_up:
        found.append(Entry(action="site.wrap_up", subject=subject, change=part_changed(former, after, "wrap_up")))
    if after.mail != former.mail:
        one, other = fields_of(former.mail), fields_of(after.mail)
        was, now = changes(with_texts_of(one, other), with_texts_of(other, one))
        found.append(Entry(action="site.mail", subject=subject, change=Change(before=was, after=now)))
    found += [of_key(after, key, added=False) for key in former.keys if key not in after.keys]
    return found + [of_key(after, key, added=True) for key in after.keys if key not in former.keys]


def of_key(site: Site, key: SiteKey, *, added: bool) -> Entry:
    """Return the audit entry about a site's key that was added or retired. The entry holds no secret."""
    [plain] = plain_keys([key])
    none, this = {"key": None}, {"key": plain}
    change = Change(before=none, after=this) if added else Change(before=this, after=none)
    return Entry(action="site.key_add" if added else "site.key_remove", subject=f"site/{site.id}", detail=key.kid, change=change)


def of_removed_site(site: Site) -> Entry:
    """Return the audit entry about a removed site.

    The entry holds the values from which the site can be made again, but no secrets, pictures or saved replies.
    """
    hours = {each.id: to_builtins(each.hours) for each in site.categories.values() if each.hours is not None}
    parts: dict[str, Any] = {
        "hours": hours,
        "wrap_up": to_builtins(site.wrap_up),
        "mail": to_builtins(site.mail),
        "keys": [plain for key, plain in zip(site.keys, plain_keys(site.keys), strict=True) if not key.secret],
    }
    change = Change(before=plain_site(site) | {"parts": parts}, after=None)
    return Entry(action="site.remove", subject=f"site/{site.id}", change=change)


def of_member(before: StaffRecord | None, after: StaffRecord) -> Entry:
    """Return the audit entry about a new or changed member. If no setting has changed, the entry holds no values."""
    was, now = changes(plain_member(before) if before else None, plain_member(after))
    change = Change(before=was, after=now) if was != now else None
    return Entry(action="staff.change" if before else "staff.add", subject=f"staff/{after.id}", change=change)


def of_working_hours(staff: str, before: Hours | None, after: Hours | None) -> Entry:
    """Return the audit entry about a member's new working hours.

    `before`, `after`: None if the member works during the opening hours of the categories.
    """
    change = Change(before={"working_hours": to_builtins(before)}, after={"working_hours": to_builtins(after)})
    return Entry(action="staff.hours", subject=f"staff/{staff}", change=change)


def plain_member(member: StaffRecord) -> dict[str, Any]:
    """Return the member's settings for the audit, without the hash of the password."""
    found: dict[str, Any] = to_builtins(settings_of_member(member))
    return found


def undoable(action: str, change: Change | None) -> Undoable:
    """Return whether the audit can undo an entry with this action and change (see `Undoable`)."""
    if change is None:
        return _WITHOUT_VALUES.get(action, "")
    before, after = change.before or {}, change.after or {}
    if before.get("picture"):
        return "picture_gone"
    if (key := before.get("key")) and not (key["public"] or key["address"]):
        return "secret_gone"
    if before.keys() & after.keys() & {"issuer"} and before["issuer"] != after["issuer"]:
        return "secret_gone"
    if action == "sign_in.provider" and change.after is None:
        return "secret_gone"
    return "yes"
