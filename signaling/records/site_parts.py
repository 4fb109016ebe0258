"""The parts of a site that have pages of their own: a category's opening hours, and the outcomes. Pure.

The audit holds such a part as plain values before and after a change, and can undo the change.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from .opening_hours import Hours
from .types import Change, Site
from .wrap_up import WrapUpPlan

Part = Literal["hours", "wrap_up"]
_KINDS: Final[dict[Part, Any]] = {"hours": Hours | None, "wrap_up": WrapUpPlan | None}


def part_named(fields: Collection[str]) -> Part | None:
    """Return the part to which a change belongs, or None.

    That is the part whose name is the only one among the changed fields.
    """
    return next((part for part in _KINDS if set(fields) == {part}), None)


def plain_part(site: Site, part: Part, category: str = "") -> Any:
    """Return a part of the site as plain values. `category`: the category whose opening hours are meant."""
    value = site.categories[category].hours if part == "hours" else getattr(site, part)
    return msgspec.to_builtins(value)


def part_changed(before: Site, after: Site, part: Part, category: str = "") -> Change:
    """Return the change of a part for the audit."""
    return Change(before={part: plain_part(before, part, category)}, after={part: plain_part(after, part, category)})


def with_part(site: Site, part: Part, plain: Any, category: str = "") -> Site:
    """Return the site with a part from plain values."""
    value = msgspec.convert(plain, _KINDS[part])
    if part == "hours":
        return replace(site, categories=site.categories | {category: replace(site.categories[category], hours=value)})
    return replace(site, **{part: value})
