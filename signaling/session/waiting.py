"""The user asks for a counselor and waits, the request rings, and a member of staff accepts."""

from __future__ import annotations

from signaling.protocol.reasons import OverReason
from signaling.session import appointment, ending, model, people
from signaling.session import callback as callbacks
from signaling.session import help as helping
from signaling.session import preferred as preferring
from signaling.session.effects import Effect, Note
from signaling.session.events import Accepted, Entered, RequestMoved, RingEnded, RingStarted
from signaling.session.model import NotAllowed, Person, Ringing, Session


def entered(session: Session, event: Entered, now: int, out: list[Effect]) -> None:
    if session.state != "preparing":
        raise NotAllowed("wrong_state")
    if session.form_missing:
        raise NotAllowed("form_needed")
    user = session.people[session.user]
    user.entered = True
    user.name = user.name or event.name
    session.channel = event.channel or session.channel
    session.state, session.enqueued_at = "waiting", now
    session.timers.pop("idle", None)
    preferring.begin(session, event.preferred, event.preferred_name, now, out)
    out.append(Note("waiting"))
    if not user.connected:
        people.user_lost(session, now, out)


def _fresh(session: Session, fence: int) -> bool:
    """Remember the fence of a matcher's event and return True, or return False when the event is out of date.

    Fences are numbers that grow with every event of the matcher. Events that this server makes itself (`live/matcher_sync.py`)
    repeat a known fence.
    """
    if fence < session.fence:
        return False
    session.fence = fence
    return True


def ring_started(session: Session, event: RingStarted, now: int, out: list[Effect]) -> None:
    ringing = Ringing(reservation=event.reservation, staff=event.staff, until=event.until)
    asked = session.open_help()
    if event.request == session.request and session.in_line() and _fresh(session, event.fence):
        session.ringing = ringing
    elif asked and event.request == asked.request and asked.state == "asking" and _fresh(session, event.fence):
        asked.ringing, asked.asked = ringing, asked.asked + 1


def ring_ended(session: Session, event: RingEnded, now: int, out: list[Effect]) -> None:
    if session.ringing and session.ringing.reservation == event.reservation:
        if event.state == "declined":
            appointment.declined(session, session.ringing.staff)
        session.ringing = None
        if event.state in ("declined", "expired"):
            preferring.widen(session, now, out)
            appointment.widen(session, now, out)
    asked = session.open_help()
    if asked and asked.ringing and asked.ringing.reservation == event.reservation:
        asked.ringing = None
        if asked.to and (event.state == "declined" or event.state == "expired"):
            helping.nobody(session, out, tell_matcher=True, why=event.state)


def accepted(session: Session, event: Accepted, now: int, out: list[Effect]) -> None:
    asked = session.open_help()
    if asked and event.request == asked.request and _fresh(session, event.fence):
        helping.accepted(session, event, now, out)
    elif event.request == session.request and session.in_line() and _fresh(session, event.fence):
        _activate(session, event, now, out)


def _activate(session: Session, event: Accepted, now: int, out: list[Effect]) -> None:
    person = session.people.setdefault(event.staff, Person(id=event.staff, role="counselor", name=event.name, staff=event.staff))
    person.gone, person.connected, person.entered, person.role = False, event.connected, False, "counselor"
    session.state, session.owner, session.ringing = "active", person.id, None
    preferring.over(session)
    session.timers.pop("asleep", None)
    callbacks.accepted(session, now, out)
    session.owner_lost, session.choices = False, []
    session.active_at = session.active_at or now
    session.epoch += 1
    people.forget_peers(session)
    out.append(Note("active", {"staff": event.staff}))
    if event.connected:
        people.staff_entered(session, person, out)
    if session.woken and not session.people[session.user].connected:
        people.user_lost(session, now, out)


def request_moved(session: Session, event: RequestMoved, now: int, out: list[Effect]) -> None:
    asked = session.open_help()
    if asked and event.request == asked.request:
        if _fresh(session, event.fence):
            helping.request_moved(session, event, now, out)
        return
    if event.request != session.request or not _fresh(session, event.fence):
        return
    if session.state == "waiting" and event.state == "cancelled":
        ending.close(session, "user_lost", now, out)
    elif session.state == "active" and event.state == "waiting" and not session.people[session.owner].entered:
        back_to_waiting(session, "not_entered", now, out)


def only_noted(session: Session, event: RequestMoved) -> bool:
    """Remember the event's number (fence) and return True if the event changes nothing else.

    Otherwise return False: the caller must then apply the event. The function returns True only for events about the user's own
    request. When thousands of users reconnect, the matcher suspends and resumes each of their requests. If each of these events
    were applied, each session would be saved two more times, and requests would ring later.
    """
    if event.request != session.request:
        return False
    ends_wait = session.state == "waiting" and event.state == "cancelled"
    comes_back = session.state == "active" and event.state == "waiting"
    return not ends_wait and not comes_back and _fresh(session, event.fence)


def back_to_waiting(session: Session, reason: OverReason, now: int, out: list[Effect]) -> None:
    """Put the user back into the queue, before all other users. The room closes until the next counselor accepts.

    A callback whose user had not connected yet becomes due again instead.
    """
    helping.close(session, "ended", out)
    helping.remove(session.people[session.owner], reason, out)
    session.state = "callback" if callbacks.due_again(session) else "waiting"
    session.owner, session.owner_lost, session.choices, session.returned = "", False, [], True
    session.timers.pop("owner_lost", None)
    session.timers.pop("aside", None)
    session.aside, session.woken = False, session.woken and session.channel == "text"
    if session.woken:  # the user of a woken conversation still waits after leaving the page; this timer ends the wait
        session.timers["asleep"] = now + session.sleeps_days * model.DAY_MS
    people.forget_peers(session)
    out.append(Note(session.state, {"why": reason}))
