"""Sums of the time that each member of staff was in each state, for reports.

Pure. The leading server passes each change of a member's state to a `Tally`. The tally divides the time into slots of `SLOT_MS`,
as reports do. Then `StaffTimes` adds the tally's sums to the stored sums.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, get_args

from .report_counts import DAY_MS, SLOT_MS

StaffKind = Literal["ready", "busy", "wrap_up", "paused", "away"]
KINDS: Final[tuple[StaffKind, ...]] = get_args(StaffKind)
"""The kinds of time of a member at work.

"ready": the member gets users' requests; this includes the time in which a request rings. "busy": the member is in a
conversation. "wrap_up": the member is in the wrap-up after a conversation. "paused": the member has turned requests off. "away":
the server has turned requests off after a missed request or a long wrap-up, or the member's page is disconnected.
"""
SUMS = tuple(f"{kind}_ms" for kind in KINDS)


class StaffKey(NamedTuple):
    """The key of a database row with sums of a member's time.

    `grain`: "fine" for a slot of `SLOT_MS`, or "day" for a day of UTC. `slot`: the start of the slot or day, in Unix ms.
    """

    grain: str
    slot: int
    organisation: str
    staff: str


Sums = dict[StaffKey, Counter[str]]
"""Key of a row → name of a sum (one of `SUMS`, such as "ready_ms") → milliseconds."""


def kind_of(state: str, why_away: str) -> StaffKind | None:
    """Return the kind of time for a member's state in the matcher, or None if the member is not at work.

    `why_away`: why the server has set the member's state to "away"; "" if the member chose this state.
    """
    match state:
        case "available" | "reserved":
            return "ready"
        case "busy":
            return "busy"
        case "wrap_up":
            return "wrap_up"
        case "away":
            return "away" if why_away else "paused"
        case "lost":
            return "away"
    return None


def pieces(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Divide the period from `begin` to `end` (Unix ms, `end` exclusive) into slots of `SLOT_MS`.

    Yield the start of each slot, and how many milliseconds of the period lie in this slot.
    """
    while begin < end:
        slot = begin - begin % SLOT_MS
        until = min(end, slot + SLOT_MS)
        yield slot, until - begin
        begin = until


class _Open(NamedTuple):
    """A member's present state. `since`: the time before this moment (Unix ms) is already in the sums."""

    organisation: str
    kind: StaffKind
    since: int


class Tally:
    """The sums of staff's time that are not in the database yet, and the present state of each member of staff."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._sums: Sums = defaultdict(Counter)

    def enter(self, organisation: str, staff: str, kind: StaffKind | None, at: int) -> None:
        """Add the time of the member's former state to the sums, and begin a new state at `at` (Unix ms).

        `kind`: the new state's kind; None: the member leaves work.
        """
        before = self._open.pop(staff, None)
        if before is not None:
            self._add(before, staff, at)
            # `at` can be before the last call of `take`, which has already counted the time up to that call
            at = max(at, before.since)
        if kind is not None:
            self._open[staff] = _Open(organisation, kind, at)

    def take(self, now: int) -> Sums:
        """Return the sums of staff's time up to `now` (Unix ms), and reset them."""
        for staff, present in self._open.items():
            self._add(present, staff, now)
            self._open[staff] = present._replace(since=max(now, present.since))
        found, self._sums = self._sums, defaultdict(Counter)
        return found

    def put_back(self, sums: Sums) -> None:
        """Add back sums of staff's time that could not be stored."""
        for key, counts in sums.items():
            self._sums[key].update(counts)

    def _add(self, present: _Open, staff: str, until: int) -> None:
        for slot, ms in pieces(present.since, until):
            fine = StaffKey("fine", slot, present.organisation, staff)
            for key in (fine, fine._replace(grain="day", slot=slot - slot % DAY_MS)):
                self._sums[key][f"{present.kind}_ms"] += ms
