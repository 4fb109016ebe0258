"""Counts of sessions for reports. The counts of finished sessions are added up in the database, so a report reads few rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from . import tables as t
from .database import LONG_S, Database, insert_into
from .realm import WHOLE, Realm
from .report_counts import COUNTS, DAY_MS, EVENTS, SLOT_MS, Counts, Event, Key, OutcomeKey, Span, count, outcomes_of, spans

SETTLED_AFTER_MS = 20 * 60_000
"""Milliseconds from a session's end until the session is counted, so that its wrap-up is counted, too.

A rating that comes later is added to the counts (`rated_late`).
"""
_AT_ONCE = 500  # at most this many sessions are counted in one transaction
_FINAL = ("closed", "message_left")
_DAYS_TO_MONDAY = 3  # days from the last Monday of 1969 to 1 January 1970, a Thursday

By = Literal["hour", "day", "week", "site", "category", "language", "counselor", "outcome"]
UNITS_MS: Final[dict[str, int]] = {"hour": 3_600_000, "day": DAY_MS, "week": 7 * DAY_MS}
_OF_A_SITE: Final = ("category", "outcome")  # each site has its own categories and outcomes
Group = tuple[str, ...]
"""The key of one row of a report.

By hour, day or week: a tuple with the start of the local hour, day or week. The start is a number in a text: ms since 1970 on the
local clock. By another property: (site,), (site, category), (site, outcome), (language,) or (counselor,).
"""


class Reports(Database):
    """Stores and reads counts of finished sessions, by time or by another property."""

    async def count_finished(self, now: int) -> int:
        """Store the counts of sessions that have finished and are not counted yet. Return how many sessions were counted.

        Each session is counted once, even if several servers call this method at the same time.
        """
        total = 0
        while True:
            done = await self._transaction(lambda connection: _count_some(connection, now), writes=True)
            total += done
            if done < _AT_ONCE:
                return total

    async def report(
        self, begin: int, end: int, by: By, zone: ZoneInfo, site: str = "", realm: Realm = WHOLE
    ) -> dict[Group, Counts]:
        """Count the sessions whose users asked for a counselor between `begin` and `end`, for each row of the report.

        `begin`, `end`: Unix ms, rounded down to quarters of an hour; `end` is exclusive. `site`: only this site, or "" for all
        sites of the realm.
        """
        found: dict[Group, Counts] = defaultdict(Counter)
        async with self._reading(LONG_S) as connection:
            whole = [Span(begin - begin % SLOT_MS, end - end % SLOT_MS, 0)]
            for span in spans(begin, end, zone) if by in UNITS_MS else whole:
                table = t.report_outcome if by == "outcome" else t.report
                stored = await connection.execute(
                    _stored(table, span.begin, span.end, span.offset, by).where(_inside(table, realm, site))
                )
                for row in stored.mappings():
                    found[_group(row, by, row["unit"])].update({name: int(row[name]) for name in COUNTS})
                recent = await connection.run_sync(_recent, span.begin, span.end, _inside(t.session, realm, site))
                for key, outcome, counts in recent:
                    found[_group(key._asdict() | {"outcome": outcome}, by, _unit(key.slot, span.offset, by))].update(counts)
        return found


def local_units(begin: int, end: int, by: By, zone: ZoneInfo) -> list[Group]:
    """Return the key of the report's row for each hour, day or week from `begin` to `end` (Unix ms, exclusive), in order.

    `by`: "hour", "day" or "week".
    """
    units: set[int] = set()
    for span in spans(begin, end, zone):
        first, last = (_unit(slot, span.offset, by) for slot in (span.begin, span.end - 1))
        units.update(range(first, last + 1))
    return [_group({}, by, unit) for unit in sorted(units)]


def _group(row: Any, by: By, unit: int) -> Group:
    if by in UNITS_MS:
        shift = _DAYS_TO_MONDAY * DAY_MS if by == "week" else 0
        return (str(unit * UNITS_MS[by] - shift),)
    return (row["site"], row[by]) if by in _OF_A_SITE else (row[by],)


def _unit(slot: int, offset: int, by: By) -> int:
    """Return the number of the local hour, day or week to which `slot` (the begin of a quarter of an hour, Unix ms) belongs.

    `offset`: ms by which local time is ahead of UTC. Return 0 if the report is not by time.
    """
    shift = _DAYS_TO_MONDAY * DAY_MS if by == "week" else 0
    return (slot + offset + shift) // UNITS_MS[by] if by in UNITS_MS else 0


def _stored(table: sa.Table, begin: int, end: int, offset: int, by: By) -> sa.Select[Any]:
    c = table.c
    sums = [sa.func.sum(c[name]).label(name) for name in COUNTS]
    if by in UNITS_MS:
        shift = offset + (_DAYS_TO_MONDAY * DAY_MS if by == "week" else 0)
        unit = ((c.slot + shift) // UNITS_MS[by]).label("unit")
        return sa.select(unit, *sums).where(_between(table, "site", begin, end)).group_by(unit)
    groups = [c.site, c[by]] if by in _OF_A_SITE else [c[by]]
    first, last = -(-begin // DAY_MS) * DAY_MS, end // DAY_MS * DAY_MS  # begin and end of the whole UTC days in the period, ms
    here = _between(table, "fine", begin, end)
    if first < last:
        edges = [_between(table, "fine", *each) for each in ((begin, first), (last, end))]
        here = sa.or_(_between(table, "day", first, last), *edges)
    return sa.select(sa.literal(0).label("unit"), *groups, *sums).where(here).group_by(*groups)


def _inside(table: sa.Table, realm: Realm, site: str) -> sa.ColumnElement[bool]:
    inside = realm.where(table.c.organisation, table.c.site)
    return inside & (table.c.site == site) if site else inside


def _between(table: sa.Table, grain: str, begin: int, end: int) -> sa.ColumnElement[bool]:
    c = table.c
    return (c.grain == grain) & (c.slot >= begin) & (c.slot < end)


_SESSION = [t.session.c[name] for name in (
    "id", "organisation", "site", "category", "language", "counselor", "state",
    "started_at", "waiting_at", "active_at", "ended_at", "rating_score", "wrap_up_outcome",
)]  # fmt: skip


def _recent(connection: sa.Connection, begin: int, end: int, inside: sa.ColumnElement[bool]) -> list[tuple[Key, str, Counts]]:
    """Return key, outcome and counts of each session that `count_finished` has not stored yet.

    Only sessions whose users asked for a counselor in this period are included.
    """
    c = t.session.c
    asked = sa.func.coalesce(c.waiting_at, c.started_at)
    here = c.counted.is_(False) & (asked >= begin) & (asked < end) & inside
    rows = connection.execute(sa.select(*_SESSION).where(here)).mappings().all()
    return _counted(connection, rows)


def _counted(connection: sa.Connection, rows: Sequence[Any]) -> list[tuple[Key, str, Counts]]:
    """Return key, outcome and counts of each session whose user asked for a counselor."""
    made = [(row["wrap_up_outcome"], count(row, events)) for row, events in _with_events(connection, rows)]
    return [(one[0], outcome, one[1]) for outcome, one in made if one is not None]


def _with_events(connection: sa.Connection, rows: Sequence[Any]) -> list[tuple[Any, list[Event]]]:
    """Return each session together with the events that a report counts."""
    c = t.event.c
    events: dict[str, list[Event]] = defaultdict(list)
    for begin in range(0, len(rows), _AT_ONCE):
        names = [row["id"] for row in rows[begin : begin + _AT_ONCE]]
        wanted = c.session.in_(names) & c.kind.in_(EVENTS)
        for event in connection.execute(sa.select(c.session, c.kind, c.data, c.at).where(wanted).order_by(c.n)).mappings():
            events[event["session"]].append((event["kind"], event["data"], event["at"]))
    return [(row, events[row["id"]]) for row in rows]


def _count_some(connection: sa.Connection, now: int) -> int:
    c = t.session.c
    finished = c.counted.is_(False) & c.state.in_(_FINAL) & (c.ended_at < now - SETTLED_AFTER_MS)
    query = sa.select(*_SESSION).where(finished).order_by(c.ended_at).limit(_AT_ONCE).with_for_update(skip_locked=True)
    rows = connection.execute(query).mappings().all()
    sums: dict[Key, Counts] = defaultdict(Counter)
    outcomes: dict[OutcomeKey, Counts] = defaultdict(Counter)
    for key, outcome, counts in _counted(connection, rows):
        for each in key.in_all_grains():
            sums[each].update(counts)
        for one in outcomes_of(key, outcome):
            outcomes[one].update(counts)
    _add(connection, t.report, sums)
    _add(connection, t.report_outcome, outcomes)
    if rows:
        connection.execute(sa.update(t.session).where(c.id.in_([row["id"] for row in rows])).values(counted=True))
    return len(rows)


def rated_late(connection: sa.Connection, session_id: str, score: int) -> None:
    """Add a new rating to the stored counts, if the session is counted already. Call this before the rating is stored.

    Users may rate a session for a day after its end, but the session is counted after `SETTLED_AFTER_MS`. The session's row stays
    locked until the end of the transaction, so that the rating is counted once.
    """
    c = t.session.c
    here = sa.and_(c.id == session_id, c.end_reason != "erased")
    row = connection.execute(sa.select(*_SESSION, c.counted).where(here).with_for_update()).mappings().first()
    if row is None or not row["counted"] or (one := count(dict(row), ())) is None:
        return
    key, before = one[0], row["rating_score"]
    change = Counter(rated=int(before is None), rating_sum=score - (before or 0))
    _add(connection, t.report, dict.fromkeys(key.in_all_grains(), change))
    _add(connection, t.report_outcome, dict.fromkeys(outcomes_of(key, row["wrap_up_outcome"]), change))


def _add(connection: sa.Connection, table: sa.Table, sums: Mapping[Any, Counts]) -> None:
    """Add counts to the stored counts, by key: a `Key` or an `OutcomeKey`.

    The rows are sorted, so that two servers that add at the same time do not deadlock.
    """
    if not sums:
        return
    insert = insert_into(connection, table)
    more = {name: table.c[name] + insert.excluded[name] for name in COUNTS}
    added = [{**key._asdict(), **{name: sums[key][name] for name in COUNTS}} for key in sorted(sums)]
    connection.execute(insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=more), added)
