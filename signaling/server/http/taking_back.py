"""Take a change of settings back, in the present settings."""

from __future__ import annotations

from typing import Any

from signaling.records import Change, Changed


def taken_back(now: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return the present settings `now` with this change taken back. Raises Changed when a field was changed again since then."""
    before, after = change.before or {}, change.after or {}
    if any(now.get(name) != value for name, value in after.items()):
        raise Changed
    return now | before
