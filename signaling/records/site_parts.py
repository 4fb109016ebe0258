"""The parts of a site's settings that have pages of their own: a category's opening hours, and the outcomes.

Pure. The audit stores such a part as plain values, before and after a change, and can undo the change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from .opening_hours import Hours
from .types import Change, Site, SiteKey
from .wrap_up import WrapUpPlan

Part = Literal["hours", "wrap_up"]
_KINDS: Final[dict[Part, Any]] = {"hours": Hours | None, "wrap_up": WrapUpPlan | None}


def part_named(fields: Collection[str]) -> Part | None:
    """Return the part of a site's settings to which the changed fields belong.

    Return None unless all changed fields belong to one of these parts: opening hours, or the wrap-up plan. `fields`: names of the
    changed fields.
    """
    return next((part for part in _KINDS if set(fields) == {part}), None)


def plain_part(site: Site, part: Part, category: str = "") -> Any:
    """Return a part of the site's settings as plain values, or None if the site has no own values for this part.

    `category`: the category whose opening hours are returned. For an unknown category, return None.
    """
    if part == "hours":
        found = site.categories.get(category)
        return msgspec.to_builtins(found.hours if found else None)
    return msgspec.to_builtins(getattr(site, part))


def plain_keys(keys: Iterable[SiteKey]) -> list[dict[str, str]]:
    """Return a site's keys for the audit: their ids, public keys and addresses, never their secrets."""
    return [{"kid": key.kid, "public": key.public, "address": key.address} for key in keys]


def part_changed(before: Site, after: Site, part: Part, category: str = "") -> Change:
    """Return the change of one part of a site's settings, as the audit stores it."""
    return Change(before={part: plain_part(before, part, category)}, after={part: plain_part(after, part, category)})


def with_part(site: Site, part: Part, plain: Any, category: str = "") -> Site:
    """Return the site after replacing one part of its settings. `category`: a category of the site, if the part is "hours".

    Raises KeyError for an unknown category, and msgspec.ValidationError for values of a wrong type.
    """
    value = msgspec.convert(plain, _KINDS[part])
    if part == "hours":
        return replace(site, categories=site.categories | {category: replace(site.categories[category], hours=value)})
    return replace(site, **{part: value})
