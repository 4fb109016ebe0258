"""The open requests of a session for staff (the user's request, a help request, a transfer), and the states of these requests.

If a matcher has lost its data, it gets the session's requests again. If a matcher kept running while this server was down, the
matcher's requests are compared with those of the session.
"""

from __future__ import annotations

from signaling.session import appointment
from signaling.session.effects import Reinstate
from signaling.session.model import Help, Person, Ringing, Session


def open_requests(session: Session) -> list[tuple[Reinstate, bool, Ringing | None]]:
    """Return each open request, whether the matcher may offer it now, and for whom it rings now (None: for nobody).

    A waiting user's request may be offered while the user is connected. If the user has woken a sleeping conversation, the
    request may be offered even without the user.
    """
    if session.state == "waiting":
        here = session.woken or session.people[session.user].connected
        return [(_waits(session), here, session.ringing)]
    if session.in_line():
        return [(_waits(session), True, session.ringing)]
    if session.state == "callback" and session.callback is not None and session.callback.kept:
        called = session.callback
        at, staff = called.due_at, called.staff
        kept = Reinstate(session.request, "callback", session.category, at, only=staff, first=True, promised=True)
        return [(kept, True, None)]
    if session.state != "active":
        return []
    found: list[tuple[Reinstate, bool, Ringing | None]] = [(with_owner(session, session.people[session.owner]), True, None)]
    asked, professional = session.open_help(), session.professional()
    if asked is not None:
        staff = professional.staff if professional else ""
        found.append((_asked_for(session, asked, staff), True, asked.ringing))
    return found


def with_owner(session: Session, owner: Person) -> Reinstate:
    """Return the user's request as the matcher should have it: accepted by the owner."""
    kind, category, since = session.request_kind(), session.category, session.enqueued_at
    return Reinstate(session.request, kind, category, since, owner.staff, aside=session.aside)


def _waits(session: Session) -> Reinstate:
    only, first = appointment.wanted(session)
    only, first = session.preferred or only, session.returned or first
    kind, excluded = session.request_kind(), appointment.excluded(session)
    return Reinstate(session.request, kind, session.category, session.enqueued_at, excluded=excluded, only=only, first=first)


def _asked_for(session: Session, asked: Help, staff: str) -> Reinstate:
    """Return the request that `help.hunt` enqueued for a help request or transfer, as the matcher should have it."""
    excluded = tuple(asked.excluded)
    if asked.transfer:
        return Reinstate(asked.request, "user", asked.category, session.enqueued_at, staff, excluded, asked.to, first=True)
    return Reinstate(asked.request, "help", asked.category, asked.asked_at, staff, excluded)
