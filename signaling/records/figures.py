"""Figures for the wallboard, the operators' overview: users' waits, counts of today's sessions, and operators' thresholds."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from msgspec import Struct

from . import tables as t
from .auditing import Audited, add_all
from .database import Database, lock_parent
from .realm import WHOLE, Realm
from .types import FIRST_ORGANISATION, DayCounts

ANSWERED_IN_TIME_MS = 20_000  # a user who waited at most this many milliseconds counts as answered in time
_MOST_WAITS = 20_000  # at most this many users' waits are read for the wallboard's curves
_FINAL = ("closed", "message_left")
_DAY_MS = 86_400_000


class Wait(Struct, frozen=True, kw_only=True):
    """One user's wait for a counselor. All times are Unix ms.

    `answered_at`: None if no counselor has answered. `ended_at`: when the user left without an answer, else None.
    """

    asked_at: int
    answered_at: int | None = None
    ended_at: int | None = None


class Threshold(Struct, frozen=True, kw_only=True):
    """The values at which one figure of the wallboard turns amber and red."""

    figure: str
    amber: float
    red: float


class Figures(Database):
    """Counts sessions for the wallboard, and stores the wallboard's thresholds."""

    async def counts_today(self, since_ms: int, realm: Realm = WHOLE) -> DayCounts:
        """Count the sessions whose users asked for a counselor at or after `since_ms` (Unix ms).

        Only sessions at the sites of `realm` count; by default, these are all sites of the first organisation.
        """
        c = t.session.c
        asked_at = sa.func.coalesce(c.waiting_at, c.started_at)
        served = c.active_at.is_not(None)
        left = c.active_at.is_(None) & c.state.in_(_FINAL) & (c.waiting_at.is_not(None) | (c.state == "message_left"))
        in_time = served & (c.active_at - asked_at <= ANSWERED_IN_TIME_MS)
        count = sa.func.count
        [row] = await self._all(
            sa.select(
                count().filter(served).label("served"),
                count().filter(left).label("left"),
                count().filter(in_time).label("in_time"),
                sa.func.avg(c.rating_score).label("rating"),
            ).where(asked_at >= since_ms, realm.where(c.organisation, c.site))
        )
        answered_or_given_up = row["served"] + row["left"]
        return DayCounts(
            served=row["served"],
            left=row["left"],
            service_level_percent=round(100 * row["in_time"] / answered_or_given_up, 1) if answered_or_given_up else None,
            rating=round(float(row["rating"]), 2) if row["rating"] is not None else None,
        )

    async def waits(self, since_ms: int, realm: Realm = WHOLE) -> list[Wait]:
        """Return users' waits at the sites that `realm` covers, if they ended at or after `since_ms` (Unix ms) or still go on.

        At most `_MOST_WAITS` are returned, those of the newest sessions. Sessions that began more than a day before `since_ms`
        are left out. Booked callbacks are left out, too.
        """
        c = t.session.c
        unanswered_end = sa.case((c.active_at.is_(None) & c.state.in_(_FINAL), c.ended_at))
        over_at = sa.func.coalesce(c.active_at, unanswered_end)
        asked = c.waiting_at.is_not(None) & (c.state != "callback") & (c.started_at >= since_ms - _DAY_MS)
        asked &= realm.where(c.organisation, c.site)
        columns = c.waiting_at.label("asked_at"), c.active_at.label("answered_at"), unanswered_end.label("ended_at")
        query = sa.select(*columns).where(asked & (over_at.is_(None) | (over_at >= since_ms)))
        rows = await self._all(query.order_by(c.started_at.desc()).limit(_MOST_WAITS))
        return [Wait(**row) for row in rows]

    async def thresholds(self, organisation: str = FIRST_ORGANISATION) -> list[Threshold]:
        """Return the thresholds that the organisation has set for figures of the wallboard."""
        rows = await self._all(sa.select(t.threshold).where(t.threshold.c.organisation == organisation))
        return [Threshold(figure=row["figure"], amber=row["amber"], red=row["red"]) for row in rows]

    async def save_thresholds(
        self, thresholds: list[Threshold], organisation: str = FIRST_ORGANISATION, *, audit: Iterable[Audited] = ()
    ) -> None:
        """Replace all thresholds of the organisation. `audit`: audit entries to store in the same transaction."""
        values = [{"organisation": organisation, "figure": one.figure, "amber": one.amber, "red": one.red} for one in thresholds]

        def save(connection: sa.Connection) -> None:
            lock_parent(connection, t.organisation, organisation)
            connection.execute(sa.delete(t.threshold).where(t.threshold.c.organisation == organisation))
            if values:
                connection.execute(sa.insert(t.threshold), values)
            add_all(connection, audit)

        await self._transaction(save, writes=True)
