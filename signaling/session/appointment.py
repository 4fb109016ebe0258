"""Appointments: callbacks by one chosen member of staff. For the booked time, the matcher keeps capacity of this member free.

The states of an appointment, and what changes them:

- scheduled → kept: the appointment begins within `lead_ms`, and the matcher begins to keep capacity free.
- kept → due, or scheduled → due if the matcher has not kept capacity: the time of the appointment has come. The appointment rings
  for this member only.
- due → due for every counselor: this member declined, missed the ring, or did not accept within `GRACE_MS`.
- calling → missed: the user gave no telephone number, and did not connect within `LATE_MS` after a counselor accepted.

In all other respects, an appointment behaves like a callback (`session/callback.py`).
"""

from __future__ import annotations

from typing import Literal

from signaling.protocol.mail_addresses import address_in
from signaling.session import model
from signaling.session.effects import Effect, Enqueue, Note, Step
from signaling.session.model import Callback, Session

GRACE_MS = 3 * 60_000  # milliseconds for which a due appointment rings only for its own counselor
LATE_MS = 10 * 60_000  # milliseconds that an accepted appointment waits for a user who gave no telephone number


def next_request(session: Session) -> str:
    """Give the callback a new id for its request at the matcher. Return the id."""
    session.requests_made += 1
    session.request = f"{session.id}.{model.CALLBACK_REQUEST}{session.requests_made}"
    return session.request


def lead(session: Session, now: int, out: list[Effect]) -> None:
    """Let the matcher keep capacity of the appointment's counselor free, because the appointment begins soon."""
    called = session.callback
    if called is None or session.state != "callback" or called.state != "scheduled" or called.kept:
        return
    called.kept = True
    request = next_request(session)
    out.append(Enqueue(request, "callback", session.category, called.due_at, only=called.staff, first=True, step="promise"))
    out.append(Note("callback", {"state": "kept"}))


def due(session: Session, called: Callback, now: int, out: list[Effect]) -> None:
    """Let the due appointment ring for its own counselor.

    If the matcher already keeps capacity free for a request of this appointment, that request rings.
    """
    request = session.request if called.kept else next_request(session)
    called.kept = False
    session.timers["grace"] = now + GRACE_MS
    out.append(Enqueue(request, "callback", session.category, called.due_at, only=called.staff, first=True, step="redeem"))
    note(called, "due", out)


def withdraw(session: Session, called: Callback, out: list[Effect]) -> None:
    """End the callback's request at the matcher, if there is one. Called when the callback is moved, cancelled or over."""
    if called.state == "due" or called.kept:
        out.append(Step("cancel", session.request))
    called.kept = called.anyone = False


def widen(session: Session, now: int, out: list[Effect]) -> None:
    """Offer the appointment to every counselor who serves its category, before all other requests.

    Called when the appointment's own counselor declines it, misses the ring, or does not accept it within `GRACE_MS`. While the
    appointment still rings, this function only sets the timer "grace" to the time when the appointment stops ringing.
    """
    called = session.callback
    if called is None or session.state != "callback" or called.state != "due" or not called.staff or called.anyone:
        return
    if session.ringing and session.ringing.until > now:
        session.timers["grace"] = session.ringing.until
        return
    session.timers.pop("grace", None)
    out.append(Step("cancel", session.request))
    called.anyone, session.ringing = True, None
    request = next_request(session)
    out.append(Enqueue(request, "callback", session.category, called.due_at, excluded=excluded(session), first=True))
    out.append(Note("callback", {"state": "anyone", "staff": called.staff}))


def declined(session: Session, staff: str) -> None:
    """Record that the appointment's own counselor has declined. The appointment does not ring for this counselor again."""
    called = session.callback
    if called is not None and session.state == "callback" and staff and staff == called.staff:
        called.declined = True


def excluded(session: Session) -> tuple[str, ...]:
    """Return the members for whom the due appointment must not ring."""
    called = session.callback
    return (called.staff,) if called is not None and session.state == "callback" and called.declined else ()


def accepted(session: Session, called: Callback, now: int) -> None:
    """Begin to wait for the user of an appointment that a counselor has accepted.

    If the user has not connected `LATE_MS` later, the appointment is missed. There is no limit if the user gave a telephone
    number, because the counselor and the user might be talking on the telephone, and only the counselor knows that. Any contact
    that is not a mail address counts as a telephone number.
    """
    session.timers.pop("grace", None)
    if called.minutes and (not called.contact or address_in(called.contact)):
        session.timers["late"] = now + LATE_MS


def note(called: Callback, change: Literal["booked", "moved", "cancelled", "due"], out: list[Effect]) -> None:
    """Store an event about an appointment. Webhooks announce this event."""
    out.append(Note("appointment", {"change": change, "staff": called.staff, "at": called.due_at, "minutes": called.minutes}))


def wanted(session: Session) -> tuple[str, bool]:
    """Return the member to whom the due callback is offered ("": anybody), and whether it is offered before other requests."""
    called = session.callback
    if called is None or session.state != "callback":
        return "", False
    return "" if called.anyone else called.staff, bool(called.staff)
