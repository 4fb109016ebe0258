"""Announce changes in the database to webhooks: store one row for each endpoint that wants the event.

The functions here run inside the transaction that makes the change. So the event and the change are stored together, or neither
is stored.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec
import sqlalchemy as sa

from . import tables as t
from .types import DUE_NOW

EventType = Literal[
    "session.started",
    "session.accepted",
    "session.help_asked",
    "session.ended",
    "session.rated",
    "message.left",
    "callback.due",
    "appointment.booked",
    "appointment.moved",
    "appointment.cancelled",
    "appointment.due",
    "recording.ready",
    "queue.unattended",
    "person.erased",
]
TEST = "webhook.test"  # the type of the test event that somebody sends to one endpoint; endpoints cannot choose this type
PAYLOAD_VERSION = 1  # version of the payload's format, sent in each payload
KEPT_TRYING_MS = 3 * 86_400_000  # the sender tries to deliver an event for at most this many milliseconds after it was stored
_APPOINTMENT: dict[str, EventType] = {
    "booked": "appointment.booked",
    "moved": "appointment.moved",
    "cancelled": "appointment.cancelled",
    "due": "appointment.due",
}
_ABOUT = ("id", "organisation", "site", "category", "channel")
_STANDING = ("waiting_at", "active_at", "ended_at", "end_reason")
_w, _d, _s = t.webhook.c, t.webhook_delivery.c, t.session.c


class Event(NamedTuple):
    """An event for webhooks.

    `at`: when the change happened (Unix ms). `about`: text that differs between events of the same type. The `webhook-id` is made
    from `type` and `about`, so that the same event never gets two ids. `data`: the fields of this type of event (see
    docs/webhooks.md). `session`: id of the session to which the event belongs, or "".
    """

    type: str
    organisation: str
    site: str
    at: int
    about: str
    data: Mapping[str, Any]
    session: str = ""

    @property
    def id(self) -> str:
        """Return the `webhook-id`. It is the same for each endpoint, and each time that the sender tries to deliver the event."""
        return "msg_" + hashlib.sha256(f"{self.type}|{self.about}".encode()).hexdigest()[:32]

    @property
    def body(self) -> str:
        """Return the payload of the event. The outbox stores this payload, so each try sends the same bytes."""
        at = datetime.fromtimestamp(self.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        payload = {"type": self.type, "timestamp": at, "version": PAYLOAD_VERSION, "data": self.data}
        return msgspec.json.encode(payload).decode()


def anybody_listens(connection: sa.Connection) -> bool:
    """Return whether at least one webhook endpoint is switched on."""
    return connection.execute(sa.select(_w.id).where(_w.state == "on").limit(1)).first() is not None


def announce(connection: sa.Connection, events: Collection[Event]) -> None:
    """Store each event for the endpoints that want it.

    An endpoint for which too many events wait (`crowded`) gets no event. An event that is already stored for an endpoint is not
    stored twice.
    """
    if not events:
        return
    takes = sa.and_(_w.state == "on", ~_w.crowded, _w.organisation.in_({each.organisation for each in events}))
    endpoints = connection.execute(sa.select(_w.id, _w.organisation, _w.sites, _w.events).where(takes)).all()
    now = now_ms()
    rows = [row(each.id, event, now) for event in events for each in endpoints if _wants(each, event)]
    if not rows:
        return
    known = sa.select(_d.endpoint, _d.event).where(_d.event.in_({each["event"] for each in rows}))
    stored = {tuple(each) for each in connection.execute(known)}
    if new := [each for each in rows if (each["endpoint"], each["event"]) not in stored]:
        connection.execute(sa.insert(t.webhook_delivery), new)


def now_ms() -> int:
    """Return the time at which an event is stored (Unix ms).

    The event itself can be older, because the database might have been unavailable.
    """
    return time.time_ns() // 1_000_000


def row(endpoint: str, event: Event, now: int) -> dict[str, Any]:
    """Return the row of an event for one endpoint. `now`: when the event is stored (Unix ms).

    The event is due at once: its due time is `DUE_NOW`, and not `now`. `sangdam` commands store events, too, and the clock of a
    command's machine can differ from the clock of the server that sends the events.
    """
    return {
        "endpoint": endpoint,
        "event": event.id,
        "type": event.type,
        "session": event.session,
        "body": event.body,
        "state": "queued",
        "at": now,
        "next_at": DUE_NOW,
        "until": now + KEPT_TRYING_MS,
        "attempts": [],
    }


def _wants(endpoint: Any, event: Event) -> bool:
    in_reach = endpoint.organisation == event.organisation and (endpoint.sites is None or event.site in endpoint.sites)
    return in_reach and event.type in endpoint.events


# --- sessions ------------------------------------------------------------------------------------------------------------


def session_event(connection: sa.Connection, kind: EventType, session_id: str, at: int, about: str = "", **data: Any) -> None:
    """Announce an event about one session, if the session exists.

    `at`: when the event happened (Unix ms). `about`: a text that distinguishes this event from the other events of the same type
    and session. `data`: further fields of this type of event.
    """
    if not anybody_listens(connection):
        return
    found = connection.execute(sa.select(*(_s[name] for name in _ABOUT)).where(_s.id == session_id)).mappings().first()
    if found is not None:
        announce(connection, [_of_session(kind, dict(found), at, about, data)])


def noted(connection: sa.Connection, session_id: str, kind: str, at: int, data: Mapping[str, Any]) -> None:
    """Announce an event that `History.add_event` stores for a session, if webhooks can get this kind of event."""
    if kind == "help" and "category" in data:
        session_event(connection, "session.help_asked", session_id, at, str(at), help_category=data["category"])
    elif kind == "callback" and data.get("state") == "due":
        session_event(connection, "callback.due", session_id, at, str(at))
    elif kind == "appointment" and (announced := _APPOINTMENT.get(data.get("change", ""))):
        about = {"staff": data["staff"], "starts_at": data["at"], "minutes": data["minutes"]}
        session_event(connection, announced, session_id, at, str(at), **about)


class Standing:
    """Announces to webhooks how sessions have changed by a save. Holds the sessions as they were before the save."""

    def __init__(self, connection: sa.Connection, session_ids: Collection[str]) -> None:
        """Read the sessions before they are saved, if any webhook endpoint is switched on."""
        self._connection = connection
        self._before: dict[str, dict[str, Any]] = {}
        if anybody_listens(connection):
            kept = sa.and_(_s.id.in_(session_ids), _s.end_reason != "erased")
            columns = (_s[name] for name in (*_ABOUT, *_STANDING))
            self._before = {row["id"]: dict(row) for row in connection.execute(sa.select(*columns).where(kept)).mappings()}

    def announce(self, saves: Iterable[Mapping[str, Any]]) -> None:
        """Queue the webhook events about the sessions' changes. `saves`: the sessions' new states, as `saves.py` writes them.

        Call this in the transaction that writes the saves.
        """
        events: list[Event] = []
        for save in saves:
            if (before := self._before.get(save["session_id"])) is None:
                continue
            after = before | {name: save[f"new_{name}"] for name in _STANDING}
            after["waiting_at"] = after["waiting_at"] or before["waiting_at"]
            events += _progress(before, after | {"channel": save["new_channel"]})
            self._before[save["session_id"]] = after
        announce(self._connection, events)


def _progress(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Event]:
    """Return the webhook events that report a session's change, in order. Each of their types happens at most once in a session.

    `before`, `after`: the session's row before and after the change.
    """
    found: list[Event] = []
    started, active = after["waiting_at"] or after["active_at"], after["active_at"]
    if started and not (before["waiting_at"] or before["active_at"]):
        found.append(_of_session("session.started", after, started))
    if active and not before["active_at"]:
        waited = max(0, active - (after["waiting_at"] or active))
        found.append(_of_session("session.accepted", after, active, data={"waited_ms": waited}))
    if started and after["ended_at"] and not before["ended_at"]:
        found.append(_of_session("session.ended", after, after["ended_at"], data={"reason": after["end_reason"]}))
    return found


def _of_session(
    kind: EventType, session: Mapping[str, Any], at: int, about: str = "", data: Mapping[str, Any] | None = None
) -> Event:
    shown = {"session": session["id"], "site": session["site"], "category": session["category"], "channel": session["channel"]}
    return Event(
        type=kind,
        organisation=session["organisation"],
        site=session["site"],
        at=at,
        about=f"{session['id']}|{about}",
        data=shown | dict(data or {}),
        session=session["id"],
    )
