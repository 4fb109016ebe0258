"""The counts of one session for a report, and the percentiles of waits that a report computes from the counts.

Pure. A report adds up the counts of its sessions. `Reports` stores the counts of finished sessions, so the counts remain when the
sessions are deleted. Waits are counted in buckets (`WAITS_UP_TO_S`), because counts can be added up, but percentiles cannot.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
SLOT_MS = 900_000
"""Length of a slot in ms. Today every time zone's offset from UTC is a multiple of 15 minutes, so no slot lies in two local
hours."""
ANSWERED_IN_TIME_MS = 20_000  # a user who waited at most this many ms counts as answered in time
WAITS_UP_TO_S = (2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1800, 3600)
"""Upper limits, in seconds, of the buckets in which users' waits are counted. A further bucket counts all longer waits."""
WAITS = tuple(f"waits_{number:02d}" for number in range(len(WAITS_UP_TO_S) + 1))
COUNTS = (
    "offered", "answered", "in_time", "given_up", "messages", "callbacks", "wait_ms", "finished", "talk_ms",
    "help_asked", "help_joined", "transfers_asked", "transferred", "rated", "rating_sum", "handled", "handle_ms", *WAITS,
)  # fmt: skip

_PROPERTIES = ("organisation", "site", "category", "language", "counselor")
EVENTS = ("help", "transfer", "owner", "callback", "after", "closed")  # kinds of events that `count` reads

Counts = Counter[str]
Event = tuple[str, Mapping[str, Any], int]  # (kind, data, time in Unix ms) of a session's event


class Key(NamedTuple):
    """The key of a group of sessions whose counts are added up in one row.

    A *slot* is a quarter of an hour (`SLOT_MS`). Each session is counted in three groups, one of each *grain*, so that a report
    over a year reads few rows. Grain "fine": the sessions of one slot with equal organisation, site, category, language and
    counselor. Grain "day": such a group for one day of UTC. Grain "site": the sessions of one slot with equal organisation and
    site; the other three fields are "". `slot`: the start of the slot or day in Unix ms.
    """

    grain: str
    slot: int
    organisation: str
    site: str
    category: str
    language: str
    counselor: str

    def in_all_grains(self) -> tuple[Key, Key, Key]:
        """Return the keys of the three groups in which a session is counted. This key must have the grain "fine".

        The result is this key, and the keys with the grains "day" and "site" of the groups that contain the same session.
        """
        day = self._replace(grain="day", slot=self.slot - self.slot % DAY_MS)
        return self, day, Key("site", self.slot, self.organisation, self.site, "", "", "")


class OutcomeKey(NamedTuple):
    """The key of a group of sessions of one site that ended with the same outcome. `grain`: "fine" or "day", as in `Key`.

    `outcome`: the outcome's id; "" for sessions without one.
    """

    grain: str
    slot: int
    organisation: str
    site: str
    outcome: str


def outcomes_of(key: Key, outcome: str) -> tuple[OutcomeKey, OutcomeKey]:
    """Return the two keys under which a session with this outcome is counted: one for its time slot, and one for its day.

    `key`: the session's key with the grain "fine".
    """
    fine = OutcomeKey("fine", key.slot, key.organisation, key.site, outcome)
    return fine, fine._replace(grain="day", slot=key.slot - key.slot % DAY_MS)


def asked_at(session: Mapping[str, Any]) -> int | None:
    """Return when the user asked for a counselor (Unix ms), or None if the user only opened the page."""
    waiting_at: int | None = session["waiting_at"]
    if waiting_at is None and session["state"] == "message_left":
        return int(session["started_at"])
    return waiting_at


def count(session: Mapping[str, Any], events: Iterable[Event]) -> tuple[Key, Counts] | None:
    """Return the key of the group of sessions in which this session is counted, and the session's counts.

    The group has the grain "fine": see `Key`. Return None if the user did not ask for a counselor. `session`: a row of the table
    `session`. `events`: the session's events whose kind is in `EVENTS`, in order.
    """
    at = asked_at(session)
    if at is None:
        return None
    key = Key("fine", at - at % SLOT_MS, *(session[name] for name in _PROPERTIES))
    events = list(events)
    counts = Counter(offered=1) + _from_events(events)
    answered_at, ended_at = session["active_at"], session["ended_at"]
    if answered_at is not None:
        wait_ms = max(0, answered_at - at)
        counts.update(answered=1, wait_ms=wait_ms, in_time=int(wait_ms <= ANSWERED_IN_TIME_MS))
        counts[WAITS[bisect_left(WAITS_UP_TO_S, wait_ms / 1000)]] += 1
        if ended_at is not None:
            talk_ms = max(0, ended_at - answered_at)
            counts.update(finished=1, talk_ms=talk_ms)
            if (wrap_up_ms := _wrap_up_ms(events)) is not None:
                counts.update(handled=1, handle_ms=talk_ms + wrap_up_ms)
    elif session["state"] == "message_left":
        counts["messages"] += 1
    elif session["state"] == "closed" and not counts["callbacks"]:
        counts["given_up"] += 1
    if session["rating_score"] is not None:
        counts.update(rated=1, rating_sum=session["rating_score"])
    return key, counts


def _from_events(events: Iterable[Event]) -> Counts:
    """Count requests for help, requests for transfers, professionals who joined, and transfers that succeeded.

    A session with a booked callback counts as one callback, even if the callback was moved.
    """
    counts: Counts = Counter()
    transfer = False
    for kind, data, _ in events:
        if kind == "transfer" and "how" in data:
            transfer = True
            counts["transfers_asked"] += 1
        elif kind == "help" and "category" in data:
            transfer = False
            counts["help_asked"] += 1
        elif kind == "help" and data.get("state") == "joined" and not transfer:
            counts["help_joined"] += 1
        elif kind == "owner" and transfer:
            counts["transferred"] += 1
        elif kind == "callback" and data.get("state") == "scheduled":
            counts["callbacks"] = 1
    return counts


def _wrap_up_ms(events: Iterable[Event]) -> int | None:
    """Return how long the wrap-up after the conversation took (ms), or None if there was no wrap-up, or it is not over."""
    began = None
    for kind, _, at in events:
        if kind == "after":
            began = at
        elif kind == "closed" and began is not None:
            return max(0, at - began)
    return None


def percentile_s(counts: Mapping[str, int], share: float) -> float | None:
    """Return the wait in seconds that `share` of the answered users did not exceed. Return None if nobody was answered.

    `share`: above 0, at most 1. The value is interpolated within its bucket. Waits above the last limit count as equal to that
    limit.
    """
    numbers = [counts.get(name, 0) for name in WAITS]
    wanted = share * sum(numbers)
    if not wanted:
        return None
    passed, low = 0, 0.0
    for number, high in zip(numbers, (*WAITS_UP_TO_S, WAITS_UP_TO_S[-1]), strict=True):
        if number and passed + number >= wanted:
            return round(low + (high - low) * (wanted - passed) / number, 1)
        passed, low = passed + number, float(high)
    return float(WAITS_UP_TO_S[-1])


class Span(NamedTuple):
    """A period in which a zone has one offset from UTC. `begin`, `end` (exclusive): Unix ms. `offset`: the offset in ms."""

    begin: int
    end: int
    offset: int


def spans(begin: int, end: int, zone: ZoneInfo) -> Iterator[Span]:
    """Divide a period at each change of the zone's offset from UTC.

    `begin`, `end`: Unix ms; both are rounded down to the start of a time slot (`SLOT_MS`).
    """
    at, end = begin - begin % SLOT_MS, end - end % SLOT_MS
    start, offset = at, _offset_ms(at, zone)
    while at < end:
        at += SLOT_MS
        here = _offset_ms(at, zone)
        if here != offset or at >= end:
            yield Span(start, at, offset)
            start, offset = at, here


def _offset_ms(at: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds() * 1000)
