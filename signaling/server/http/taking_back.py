"""Take one earlier change out of the present settings, and keep later changes of other fields."""

from __future__ import annotations

from typing import Any

from signaling.records import Change, Changed


def taken_back(now: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return the present settings `now` with this change reverted.

    Raises Changed when a field of the change was changed again later.
    """
    before, after = change.before or {}, change.after or {}
    if any(now.get(name) != value for name, value in after.items()):
        raise Changed
    return now | before
