"""Deadlines of the matcher, by kind.

Each kind has one duration, and the clock never runs backwards. So within a kind, deadlines fall due in the order in which they
were added.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

Kind = Literal["reservation", "entered", "suspended", "excluded", "wrap_up", "lease"]
KINDS: tuple[Kind, ...] = ("reservation", "entered", "suspended", "excluded", "wrap_up", "lease")

Key = tuple[str, ...]  # the id of a request or of a member; for the kind "excluded", both ids


class Deadlines:
    """Every running deadline: at most one for each kind and key."""

    def __init__(self) -> None:
        # A plain dict would need longer to find its first key, because the search passes all deleted entries before this key.
        self._due: dict[Kind, OrderedDict[Key, int]] = {kind: OrderedDict() for kind in KINDS}

    def set(self, kind: Kind, key: Key, at_ms: int) -> None:
        due = self._due[kind]
        due[key] = at_ms
        due.move_to_end(key)

    def clear(self, kind: Kind, key: Key) -> None:
        self._due[kind].pop(key, None)

    def at_ms(self, kind: Kind, key: Key) -> int | None:
        return self._due[kind].get(key)

    def next_ms(self) -> int | None:
        firsts = [next(iter(due.values())) for due in self._due.values() if due]
        return min(firsts, default=None)

    def take(self, now_ms: int) -> tuple[Kind, Key] | None:
        """Remove and return the earliest deadline that is due at `now_ms`, or None."""
        earliest: tuple[int, Kind, Key] | None = None
        for kind, due in self._due.items():
            if due:
                key, at = next(iter(due.items()))
                if at <= now_ms and (earliest is None or at < earliest[0]):
                    earliest = (at, kind, key)
        if earliest is None:
            return None
        _, kind, key = earliest
        del self._due[kind][key]
        return kind, key
