"""Callbacks: the user leaves and is called back at a booked time.

The states of a callback, and what changes them:

- scheduled → due: the booked time has come. A separate request rings for staff.
- due → calling: a counselor has accepted the request.
- due → missed: nobody has accepted the request in two weeks.
- scheduled or due → scheduled: the callback is moved to another time.
- scheduled or due → cancelled: the callback is cancelled.
- scheduled or due → done or missed: other software reports the result of a call outside of this service.
- calling → done: the session ends.
- calling → missed: the counselor did not reach the user, and gives the callback up.
- calling → scheduled: the counselor did not reach the user, and moves the callback to another time.
- calling → due: the counselor did not stay until the user connected.

The session stays in state ``callback`` until a member of staff accepts, or until the callback is cancelled or given up. After a
counselor has accepted, the session is active like any other, but its user need not be connected. The counselor calls the user
outside of this service, for example by telephone, or the user connects by a new link (``met``). A user who has not connected yet
does not count as disconnected, and no timer waits for their return. There is one exception: an appointment whose user gave no
telephone number is given up ten minutes after the counselor accepted it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from signaling.session import appointment, model, people
from signaling.session import help as helping
from signaling.session.effects import Effect, Enqueue, Note, Over, Say, Step
from signaling.session.events import (
    AppointmentMoved,
    CallbackAsked,
    CallbackCancelled,
    CallbackMissed,
    CallbackMoved,
    UserMet,
    WithStaff,
)
from signaling.session.model import Callback, NotAllowed, Session

MOST_MOVES = 10  # how often the user and the counselor together may move one callback to another time
LEAST_CONTACT = 3  # a contact for a callback has at least this many characters, like the contact in a message that a user leaves


def asked(session: Session, event: CallbackAsked, now: int, out: list[Effect]) -> None:
    """Book a callback, or move a booked one.

    The user is allowed to book a callback before entering the queue, while in the queue, and after a disconnected counselor has
    not returned in time. A callback is refused if the site does not know how to reach the user and the user gives no contact.
    """
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    before = session.callback
    contact = event.contact or (before.contact if before is not None else "")
    if not event.reachable and len(contact) < LEAST_CONTACT:
        raise NotAllowed("no_contact")
    if session.state == "callback" and before is not None:
        _another_time(before, session)
        before.contact, before.note = contact, event.note
        before.timezone = event.timezone or before.timezone
        appointment.withdraw(session, before, out)
        _agree(session, before, event.at, event.with_staff, out)
        schedule(session, before, event.at, out)
        return
    if session.state == "waiting":
        out.append(Step("unserved", session.request))
    elif session.state == "active" and session.owner_lost:
        helping.close(session, "ended", out)
        out.append(Step("release", session.request))
        for person in session.present():
            if person.staff:
                helping.remove(person, "callback", out)
    elif session.state != "preparing":
        raise NotAllowed("wrong_state")
    callback = Callback(state="scheduled", due_at=event.at, contact=contact, note=event.note, timezone=event.timezone)
    callback.agreed = before.agreed if before is not None else 0
    _agree(session, callback, event.at, event.with_staff, out)
    schedule(session, callback, event.at, out)


def _agree(session: Session, callback: Callback, at: int, with_staff: WithStaff | None, out: list[Effect]) -> None:
    """Make the callback an appointment with the member and details of `with_staff`, at the time `at` (Unix ms).

    If `with_staff` is None, make it a callback by any counselor.
    """
    was_with = callback.staff
    if was_with and with_staff is None:
        appointment.note(callback, "cancelled", out)
    callback.staff = callback.staff_name = ""
    callback.minutes = callback.lead_ms = 0
    callback.declined = False
    if with_staff is not None:
        callback.staff, callback.staff_name, session.channel = with_staff.staff, with_staff.name, with_staff.channel
        callback.minutes, callback.lead_ms, callback.due_at = with_staff.minutes, with_staff.lead_ms, at
        appointment.note(callback, "moved" if was_with else "booked", out)


def schedule(session: Session, callback: Callback, at: int, out: list[Effect]) -> None:
    """Put the session into state ``callback``; the callback is due at the time ``at`` (Unix ms)."""
    session.callback = callback
    callback.state, callback.due_at, callback.kept, callback.anyone = "scheduled", at, False, False
    callback.agreed += 1
    session.state, session.owner, session.ringing = "callback", "", None
    session.owner_lost, session.choices, session.aside, session.woken = False, [], False, False
    session.preferred, session.preferred_name = "", ""
    session.timers.clear()
    session.timers["callback"] = at
    if callback.staff:
        session.timers["lead"] = at - callback.lead_ms
    people.forget_peers(session)
    out.append(Note("callback", {"state": "scheduled", "due_at": at}))


def _another_time(callback: Callback, session: Session) -> None:
    if session.ringing is not None:
        raise NotAllowed("ringing")
    if callback.moved >= MOST_MOVES:
        raise NotAllowed("too_often")
    callback.moved += 1


def booking_of(callback: Callback) -> str:
    """Return a text that identifies the present booking: its time in UTC, and how often a time was agreed."""
    at = datetime.fromtimestamp(callback.due_at / 1000, UTC).isoformat(timespec="minutes")
    return f"{at.removesuffix('+00:00')}Z/{callback.agreed}"


def check_booking(session: Session, booking: str) -> None:
    """Raise NotAllowed when the session has no callback to cancel, or has another booking. `booking`: "" allows any booking."""
    called = session.callback
    if session.state != "callback" or called is None or booking not in ("", booking_of(called)):
        raise NotAllowed("wrong_state")


def check_cancelled(session: Session, event: CallbackCancelled) -> None:
    """Raise NotAllowed when this participant may not cancel a callback now."""
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    if session.state != "callback":
        raise NotAllowed("wrong_state")


def due(session: Session, now: int, out: list[Effect]) -> None:
    """Enqueue the callback's request, with the booked time as its enqueue time."""
    callback = session.callback
    if callback is None or session.state != "callback":
        return
    callback.state, session.enqueued_at = "due", callback.due_at
    session.timers["callback"] = callback.due_at + model.CALLBACK_KEPT_MS
    if callback.staff:
        appointment.due(session, callback, now, out)
    else:
        out.append(Enqueue(appointment.next_request(session), "callback", session.category, callback.due_at))
    out.append(Note("callback", {"state": "due"}))


def unanswered(session: Session, out: list[Effect]) -> bool:
    """Give up a due callback that no counselor has accepted in time. Return False when no callback is due in this session."""
    if session.callback is None or session.state != "callback" or not session.in_line():
        return False
    session.callback.state = "missed"
    out.append(Step("cancel", session.request))
    out.append(Note("callback", {"state": "missed"}))
    return True


def accepted(session: Session, now: int, out: list[Effect]) -> None:
    """Record that a counselor has accepted the callback and now calls the user."""
    if session.callback is not None and session.callback.state == "due":
        session.timers.pop("callback", None)
        appointment.accepted(session, session.callback, now)
        session.callback.state, session.callback.came = "calling", False
        out.append(Note("callback", {"state": "calling"}))


def due_again(session: Session) -> bool:
    """Make the callback due again, and return True.

    Call this when the counselor who had accepted the callback never entered, or disconnected before the user connected and did
    not return. If no counselor is calling this session's user back, return False, and change nothing.
    """
    if session.callback is None or not session.calling_back():
        return False
    # the requeued request is for every counselor, even if the callback was an appointment with one of them
    session.callback.state, session.callback.anyone = "due", True
    session.timers.pop("late", None)
    session.timers["callback"] = session.callback.due_at + model.CALLBACK_KEPT_MS
    return True


def met(session: Session, event: UserMet, now: int, out: list[Effect]) -> None:
    """Record that the called-back user has connected. The user opened the callback's link, or had left the page open."""
    callback = session.callback
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    if callback is None or not session.calling_back():
        raise NotAllowed("wrong_state")
    callback.came = True
    session.timers.pop("late", None)
    user = session.people[session.user]
    user.entered = True
    session.channel = event.channel or session.channel
    out.append(Say("joined", {"name": user.name, "role": "user"}))
    out.append(Note("callback", {"state": "met"}))
    if not user.connected:
        people.user_lost(session, now, out)


def moved(session: Session, event: CallbackMoved, now: int, out: list[Effect]) -> None:
    """Move the callback to another time, because its counselor did not reach the user. The counselor is free again."""
    callback = _of_owner(session, event.participant)
    _another_time(callback, session)
    helping.close(session, "ended", out)
    out.append(Step("release", session.request))
    for person in session.present():
        if person.staff:
            person.gone, person.connected = True, False
            out.append(Over(person.id, "callback_moved"))
    _agree(session, callback, event.at, event.with_staff, out)
    schedule(session, callback, event.at, out)


def rebooked(session: Session, event: AppointmentMoved, now: int, out: list[Effect]) -> None:
    """Move a booked callback or appointment, because an operator asks for it. This move does not count towards `MOST_MOVES`."""
    callback = session.callback
    if session.state != "callback" or callback is None:
        raise NotAllowed("wrong_state")
    if session.ringing is not None:
        raise NotAllowed("ringing")
    appointment.withdraw(session, callback, out)
    _agree(session, callback, event.at, event.with_staff, out)
    schedule(session, callback, event.at, out)


def late(session: Session, out: list[Effect]) -> bool:
    """Give an appointment up, because its user did not connect in time. Return True.

    Change nothing and return False if the user has connected, or if no counselor waits for the user.
    """
    if session.callback is None or not session.calling_back():
        return False
    session.callback.state = "missed"
    out.append(Note("callback", {"state": "missed"}))
    return True


def missed(session: Session, event: CallbackMissed, out: list[Effect]) -> None:
    """Give the callback up, because its counselor did not reach the user."""
    _of_owner(session, event.participant).state = "missed"
    out.append(Note("callback", {"state": "missed"}))


def over(session: Session, out: list[Effect]) -> None:
    """End the callback of a session that ends.

    The callback ends as "done" if a counselor has accepted it, otherwise as "cancelled".
    """
    callback = session.callback
    if callback is None or callback.state in model.CALLBACK_OVER:
        return
    if session.state == "callback":
        appointment.withdraw(session, callback, out)
    callback.state = "done" if callback.state == "calling" else "cancelled"
    out.append(Note("callback", {"state": callback.state}))
    if callback.staff and callback.state == "cancelled":
        appointment.note(callback, "cancelled", out)


def _of_owner(session: Session, participant: str) -> Callback:
    helping.require_owner(session, participant)
    if session.callback is None or not session.calling_back():
        raise NotAllowed("wrong_state")
    return session.callback
