"""Count and time what happens in this server. `server/metrics.py` exposes the results. No label identifies a person."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, Literal

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from signaling.records import Records

LAG_EVERY_S = 0.25  # Seconds between two measurements of the event loop's lag.
WAIT_S = (2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)  # Upper bounds, in seconds, of the buckets in the histogram of waits.
RoomWhere = Literal["near", "far", "any"]
ROOMS: tuple[RoomWhere, ...] = ("near", "far", "any")
QUICK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Meters:
    """Counters and timers of one server. No counter is global."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        own: dict[str, Any] = {"registry": self.registry}
        self._waits = Histogram(
            "sangdam_wait_seconds", "From the request until somebody accepted", ["kind"], buckets=WAIT_S, **own
        )
        self._rings = Counter("sangdam_rings", "Reservations that have ended", ["kind", "outcome"], **own)
        self._rooms = Counter("sangdam_rooms_opened", "Rooms opened on media workers, by the worker's region", ["where"], **own)
        for where in ROOMS:
            self._rooms.labels(where)
        self._statements = Histogram(
            "sangdam_statement_duration_seconds", "Statements to the database", ["kind"], buckets=QUICK_S, **own
        )
        self._requests = Counter("sangdam_http_requests", "HTTP requests answered", ["route", "method", "status"], **own)
        self._durations = Histogram(
            "sangdam_http_request_duration_seconds",
            "From a request's headers to the beginning of its answer",
            ["route", "method"],
            buckets=QUICK_S,
            **own,
        )
        self._lag = Histogram("sangdam_event_loop_lag_seconds", "How late a timer came", buckets=QUICK_S, **own)

    def ring_ended(self, kind: str, outcome: str, waited_ms: int) -> None:
        """Count a ring (alert about a request) that has ended. If somebody accepted, also record how long the request waited.

        `kind`: user, callback, help or transfer. `outcome`: accepted, declined, expired or cancelled. `waited_ms`: the
        time since the request was made or, for a callback, since the callback was due.
        """
        self._rings.labels(kind, outcome).inc()
        if outcome == "accepted":
            self._waits.labels(kind).observe(max(0, waited_ms) / 1000)

    def room_opened(self, where: RoomWhere) -> None:
        """Count a session's room that was opened on a media worker.

        `where`: "near" for a worker of the user's region, "far" for another worker, "any" if the user's region is not known.
        """
        self._rooms.labels(where).inc()

    def http_answered(self, route: str, method: str, status: int, took_s: float | None) -> None:
        """Count one HTTP request.

        `route`: the route's pattern. Never pass the path, because a path can name a session. `took_s`: the request's duration;
        None for a WebSocket, because the time for which a WebSocket is open is not the duration of a request.
        """
        self._requests.labels(route, method, str(status)).inc()
        if took_s is not None:
            self._durations.labels(route, method).observe(took_s)

    def watch_records(self, records: Records) -> None:
        """Time every SQL statement that `records` sends, from sending the statement to receiving its result."""

        def before(connection: sa.Connection, *_: Any) -> None:
            connection.info["sangdam_began"] = monotonic()

        def after(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
            began = connection.info.pop("sangdam_began", None)
            if began is not None:
                kind = "read" if statement.lstrip()[:6].upper() == "SELECT" else "write"
                self._statements.labels(kind).observe(monotonic() - began)

        for engine in records.engines:
            sa.event.listen(engine, "before_cursor_execute", before)
            sa.event.listen(engine, "after_cursor_execute", after)

    async def watch_loop(self) -> None:
        """Measure the event loop's lag, which is how late a timer fires. Runs until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            self._lag.observe(max(0.0, loop.time() - due))
