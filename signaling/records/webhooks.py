"""Webhooks: the endpoints of organisations, and the outbox of events for them.

`announcing.py` puts events into the outbox. A sender tries to deliver these events, and stores the result of each try. The events
of one session reach an endpoint in order: no event is sent to an endpoint while an older event of the same session waits for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import Struct, to_builtins

from . import tables as t
from .announcing import KEPT_TRYING_MS, Event, announce, row, session_event
from .auditing import Audited, add_all
from .database import lock_parent
from .leading import Leading
from .realm import Realm
from .types import DUE_NOW

MOST_ENDPOINTS = 20  # one organisation has at most this many webhook endpoints
MOST_QUEUED = 50_000  # if this many events wait for an endpoint, `mark_crowded` stops the storing of further events for it
MOST_ATTEMPTS = 10  # at most this many attempts to deliver one event are kept, the newest ones
PAGE_SIZE = 50  # `deliveries` returns at most this many events
# an event that no longer waits (delivered, given up, or its endpoint is off) is kept until this many days after it was stored
_KEPT_DAYS = 7
_DAY_MS = 86_400_000

EndpointState = Literal["on", "off", "failed"]
DeliveryState = Literal["queued", "sent", "failed"]
_w, _d = t.webhook.c, t.webhook_delivery.c


class TooManyEndpoints(Exception):
    """The organisation already has as many endpoints as allowed."""


class SameEvents(Exception):
    """Another endpoint that is switched on already gets an event of the same type at the same URL. The event would arrive twice.

    Both endpoints belong to one organisation. The error does not name the other endpoint, because a member whose rights are
    limited to some sites may be unable to see it.
    """


class Endpoint(Struct, frozen=True, kw_only=True):
    """A webhook endpoint of an organisation.

    `sites`: the endpoint gets only events of these sites; None: events of all sites. `secret`, `old_secret`: encrypted secrets;
    the old secret is valid until `old_until`. `state`: "failed" if the server has switched the endpoint off, because the
    endpoint accepted no event for three days or answered with status 410. `failures`: how many tries have failed since the last
    success; only failures of the endpoint itself count (see `not_delivered`). `why`: why the last of these tries failed, or "".
    `paused_until`: no event is sent before this time. `crowded`: too many events wait, and new ones are not stored. `well_at`:
    when an event was last delivered; 0: never. Times are Unix ms.
    """

    id: str
    organisation: str
    url: str
    events: list[str]
    sites: list[str] | None = None
    secret: str = ""
    old_secret: str = ""
    old_until: int = 0
    state: EndpointState = "on"
    why: str = ""
    failures: int = 0
    paused_until: int = 0
    crowded: bool = False
    well_at: int = 0
    created_at: int = 0


class Attempt(Struct, frozen=True, kw_only=True):
    """One try to deliver an event.

    `status`: HTTP status of the response, or 0 without a response. `why`: a word that says why the try failed, or "". `answer`:
    the first bytes of the response's body.
    """

    at: int
    took_ms: int
    status: int = 0
    why: str = ""
    answer: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """An event for one endpoint. `event`: the event's `webhook-id`. `until`: when the sender stops trying. Times are Unix ms."""

    n: int
    endpoint: str
    event: str
    type: str
    session: str
    body: str
    state: DeliveryState
    at: int
    next_at: int
    until: int
    tries: int = 0
    done_at: int | None = None
    attempts: list[dict[str, Any]] = []


class Webhooks(Leading):
    """The webhook endpoints, and the outbox with the events for them."""

    # --- endpoints -------------------------------------------------------------------------------------------------------

    async def endpoints(self, realm: Realm | None = None) -> list[Endpoint]:
        """Return the endpoints whose sites all belong to the realm (an organisation, or some of its sites), oldest first.

        `realm` None: all endpoints.
        """
        inside = _w.organisation == realm.organisation if realm else sa.true()
        rows = await self._all(sa.select(t.webhook).where(inside).order_by(_w.created_at, _w.id))
        found = [Endpoint(**each) for each in rows]
        if realm is None or realm.sites is None:
            return found
        return [each for each in found if each.sites is not None and realm.sites.issuperset(each.sites)]

    async def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """Return the webhook endpoint with this id, or None when there is no such endpoint."""
        found = await self._first(sa.select(t.webhook).where(_w.id == endpoint_id))
        return Endpoint(**found) if found else None

    async def add_endpoint(self, endpoint: Endpoint, *, audit: Iterable[Audited] = ()) -> None:
        """Store a new endpoint. `audit`: audit entries to store in the same transaction. Raises TooManyEndpoints, SameEvents."""
        theirs = sa.select(sa.func.count()).select_from(t.webhook).where(_w.organisation == endpoint.organisation)

        def add(connection: sa.Connection) -> None:
            lock_parent(connection, t.organisation, endpoint.organisation)
            if connection.execute(theirs).scalar_one() >= MOST_ENDPOINTS:
                raise TooManyEndpoints
            _require_alone(connection, endpoint)
            connection.execute(sa.insert(t.webhook).values(to_builtins(endpoint)))
            add_all(connection, audit)

        await self._transaction(add, writes=True)

    async def change_endpoint(
        self, endpoint_id: str, *, try_until: int = 0, audit: Iterable[Audited] = (), **values: Any
    ) -> bool:
        """Change some fields of a webhook endpoint. Return False when there is no such endpoint.

        `values`: the new values, by names of fields of `Endpoint`. `try_until`: if given, the new `until` (Unix ms) of the
        endpoint's waiting events: the sender stops trying to deliver them at this time. Their former `until` can have passed
        while the endpoint was switched off. `audit`: audit entries to store in the same transaction. Raises SameEvents.
        """
        waiting = sa.and_(_d.endpoint == endpoint_id, _d.state == "queued")

        def change(connection: sa.Connection) -> bool:
            former = connection.execute(sa.select(t.webhook).where(_w.id == endpoint_id).with_for_update()).mappings().first()
            if former is None:
                return False
            changed = dict(former) | values
            if any(changed[name] != former[name] for name in ("url", "events", "sites", "state")):
                lock_parent(connection, t.organisation, former["organisation"])
                _require_alone(connection, Endpoint(**changed))
            connection.execute(sa.update(t.webhook).where(_w.id == endpoint_id).values(values))
            if try_until:
                connection.execute(sa.update(t.webhook_delivery).where(waiting).values(until=try_until))
            add_all(connection, audit)
            return True

        return await self._transaction(change, writes=True)

    async def remove_endpoint(self, endpoint_id: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Remove a webhook endpoint with its waiting events. Return False when there is no such endpoint.

        `audit`: audit entries to store in the same transaction.
        """
        return await self._do(sa.delete(t.webhook).where(_w.id == endpoint_id), audit) > 0

    async def mark_crowded(self) -> None:
        """Store for each endpoint whether too many events wait for it."""
        for each in await self._all(sa.select(_w.id, _w.crowded)):
            here = sa.select(_d.n).where(_d.endpoint == each["id"], _d.state == "queued").limit(MOST_QUEUED).subquery()
            counted = await self._first(sa.select(sa.func.count().label("n")).select_from(here))
            full = counted is not None and counted["n"] >= MOST_QUEUED
            if full != each["crowded"]:
                await self.change_endpoint(each["id"], crowded=full)

    async def disable_endpoint(self, endpoint_id: str, why: str, *, audit: Iterable[Audited] = ()) -> bool:
        """Switch an endpoint off after failures.

        The endpoint's waiting events count as failed; people can send them again later. Return False if the endpoint was off
        already. `audit`: audit entries to store in the same transaction.
        """

        def disable(connection: sa.Connection) -> bool:
            off = sa.update(t.webhook).where(_w.id == endpoint_id, _w.state == "on").values(state="failed", why=why)
            if not connection.execute(off).rowcount:
                return False
            waiting = sa.and_(_d.endpoint == endpoint_id, _d.state == "queued")
            connection.execute(sa.update(t.webhook_delivery).where(waiting).values(state="failed"))
            add_all(connection, audit)
            return True

        return await self._transaction(disable, writes=True)

    # --- events ----------------------------------------------------------------------------------------------------------

    async def announce(self, event: Event) -> None:
        """Store an event for the endpoints that want it. Use this for events that report no change in the database."""
        await self._transaction(lambda connection: announce(connection, [event]), writes=True)

    async def announce_recording(self, session_id: str, epoch: int, period: int, at: int) -> None:
        """Announce to webhooks that a segment of a session's recording can be played.

        `epoch`: number of the room's opening. `period`: number of the period of consent in which the segment was recorded. `at`:
        the time of the event (Unix ms).
        """

        def ready(connection: sa.Connection) -> None:
            session_event(connection, "recording.ready", session_id, at, f"{epoch}.{period}", period=period)

        await self._transaction(ready, writes=True)

    async def announce_to(self, endpoint_id: str, event: Event, *, audit: Iterable[Audited] = ()) -> int:
        """Store an event for this endpoint alone, even if the endpoint has not chosen this type of event.

        Return the delivery's number. `audit`: audit entries to store in the same transaction.
        """
        values = row(endpoint_id, event, event.at)
        added = sa.insert(t.webhook_delivery).values(values).returning(_d.n)

        def add(connection: sa.Connection) -> int:
            number = int(connection.execute(added).scalar_one())
            add_all(connection, audit)
            return number

        return await self._transaction(add, writes=True)

    # --- sending ---------------------------------------------------------------------------------------------------------

    async def endpoints_due(self, now: int, busy: Collection[str] = ()) -> list[Endpoint]:
        """Return the endpoints that are switched on, are not paused, and have a due event.

        The endpoints in `busy` are left out.
        """
        due = sa.select(_d.n).where(_d.endpoint == _w.id, _d.state == "queued", _d.next_at <= now)
        ready = sa.and_(_w.state == "on", _w.paused_until <= now, _w.id.not_in(list(busy)), sa.exists(due))
        return [Endpoint(**each) for each in await self._all(sa.select(t.webhook).where(ready))]

    async def claim_deliveries(self, endpoint_id: str, now: int, most: int, lease_ms: int) -> list[Delivery]:
        """Take at most `most` due events of an endpoint to send them, and count one try for each. Return them, the oldest first.

        An event waits while an older event of the same session is queued. A taken event is due again after `lease_ms`, so no
        event is lost when a server dies while it sends.
        """
        older = t.webhook_delivery.alias("older")
        blocked = sa.exists(
            sa.select(older.c.n).where(
                older.c.endpoint == _d.endpoint,
                older.c.session == _d.session,
                older.c.session != "",
                older.c.state == "queued",
                older.c.n < _d.n,
            )
        )
        due = sa.and_(_d.endpoint == endpoint_id, _d.state == "queued", _d.next_at <= now, ~blocked)

        def claim(connection: sa.Connection) -> list[Delivery]:
            query = sa.select(t.webhook_delivery).where(due).order_by(_d.n).limit(most)
            locked = query.with_for_update(skip_locked=True)
            found = [Delivery(**each) for each in connection.execute(locked).mappings()]
            if found:
                leased = sa.update(t.webhook_delivery).where(_d.n.in_([each.n for each in found]))
                connection.execute(leased.values(next_at=now + lease_ms, tries=_d.tries + 1))
            return found

        return await self._transaction(claim, writes=True)

    async def delivered(self, delivery: Delivery, attempt: Attempt, *, hurry: Collection[int] | None = None) -> None:
        """Store that an event was delivered.

        `hurry`: numbers of deliveries, given if the endpoint works again after failures. Then all waiting events of the endpoint
        become due now, except the deliveries with these numbers.
        """
        now = attempt.at

        def store(connection: sa.Connection) -> None:
            done = _tried(delivery, attempt) | {"state": "sent", "done_at": now}
            connection.execute(sa.update(t.webhook_delivery).where(_d.n == delivery.n).values(done))
            well = sa.update(t.webhook).where(_w.id == delivery.endpoint)
            connection.execute(well.values(failures=0, paused_until=0, why="", well_at=now))
            if hurry is not None:
                waiting = sa.and_(_d.endpoint == delivery.endpoint, _d.state == "queued", _d.next_at > now)
                waiting &= _d.n.not_in(list(hurry))
                connection.execute(sa.update(t.webhook_delivery).where(waiting).values(next_at=now))

        await self._transaction(store, writes=True)

    async def not_delivered(self, delivery: Delivery, attempt: Attempt, next_at: int, paused_until: int, *, counts: bool) -> None:
        """Store that an event was not delivered, and when to try again (`next_at`, Unix ms).

        `counts`: whether the try counts as a failure of the endpoint. If it does, no event is sent to the endpoint before
        `paused_until` (Unix ms).
        """

        def store(connection: sa.Connection) -> None:
            again = _tried(delivery, attempt) | {"next_at": next_at}
            connection.execute(sa.update(t.webhook_delivery).where(_d.n == delivery.n).values(again))
            if counts:
                worse = {"failures": _w.failures + 1, "paused_until": paused_until, "why": attempt.why or str(attempt.status)}
                connection.execute(sa.update(t.webhook).where(_w.id == delivery.endpoint).values(worse))

        await self._transaction(store, writes=True)

    async def give_up_delivery(self, n: int) -> None:
        """Stop trying to deliver this event. Later events of the same session are then delivered."""
        await self._do(sa.update(t.webhook_delivery).where(_d.n == n).values(state="failed"))

    async def deliveries(self, endpoint_id: str) -> list[Delivery]:
        """Return at most the newest `PAGE_SIZE` events of an endpoint, the newest first."""
        newest = sa.select(t.webhook_delivery).where(_d.endpoint == endpoint_id).order_by(_d.n.desc()).limit(PAGE_SIZE)
        return [Delivery(**each) for each in await self._all(newest)]

    async def waiting(self, endpoint_ids: Sequence[str]) -> dict[str, int]:
        """Return how many events wait to be delivered to each of these endpoints."""
        waiting = sa.and_(_d.endpoint.in_(endpoint_ids), _d.state == "queued")
        rows = await self._all(sa.select(_d.endpoint, sa.func.count().label("n")).where(waiting).group_by(_d.endpoint))
        return {each["endpoint"]: int(each["n"]) for each in rows}

    async def send_again(self, endpoint_id: str, n: int, now: int, *, audit: Iterable[Audited] = ()) -> bool:
        """Send an event again, under the same `webhook-id`. Return False when there is no such event, or the event still waits.

        `audit`: audit entries to store in the same transaction.
        """
        here = sa.and_(_d.endpoint == endpoint_id, _d.n == n, _d.state != "queued")
        again = {"state": "queued", "tries": 0, "next_at": DUE_NOW, "until": now + KEPT_TRYING_MS, "done_at": None}
        return await self._do(sa.update(t.webhook_delivery).where(here).values(again), audit) > 0


def _require_alone(connection: sa.Connection, endpoint: Endpoint) -> None:
    """Raise SameEvents if another endpoint of the organisation gets one of this endpoint's events at the same URL.

    Endpoints that are switched off get no events, so they are not compared.
    """
    if endpoint.state != "on":
        return
    others = sa.and_(_w.organisation == endpoint.organisation, _w.url == endpoint.url, _w.id != endpoint.id, _w.state == "on")
    for events, sites in connection.execute(sa.select(_w.events, _w.sites).where(others)):
        same_site = endpoint.sites is None or sites is None or not set(endpoint.sites).isdisjoint(sites)
        if same_site and not set(endpoint.events).isdisjoint(events):
            raise SameEvents


def _tried(delivery: Delivery, attempt: Attempt) -> dict[str, Any]:
    return {"attempts": [*delivery.attempts, to_builtins(attempt)][-MOST_ATTEMPTS:]}


def old_deliveries(now: int) -> sa.ColumnElement[bool]:
    """Return the SQL condition for events that are old enough to be deleted.

    Waiting events of an endpoint that is switched on stay, because the sender still tries to deliver them, or gives them up.
    """
    off = sa.select(_w.id).where(_w.state != "on")
    return sa.and_(sa.or_(_d.state != "queued", _d.endpoint.in_(off)), _d.at < now - _KEPT_DAYS * _DAY_MS)
