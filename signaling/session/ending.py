"""A session ends: a person leaves or hangs up, a user leaves a message, the wrap-up is over, or an operator ends the session."""

from __future__ import annotations

from signaling.protocol.reasons import EndReason, OverReason
from signaling.session import callback as callbacks
from signaling.session import guests as guesting
from signaling.session import help as helping
from signaling.session import inviting, model, people
from signaling.session.effects import Effect, Note, Over, Say, Step
from signaling.session.events import (
    CallbackCancelled,
    CallbackMarked,
    CallbackMissed,
    EndedBy,
    Left,
    MessageGiven,
    Rated,
    WrappedUp,
)
from signaling.session.model import FINAL_STATES, NotAllowed, Session


def message_given(session: Session, event: MessageGiven, now: int, out: list[Effect]) -> None:
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    reason: EndReason
    if session.state == "preparing":
        reason = "unserved"  # the category is closed, so the user leaves a message without waiting
    elif session.state == "waiting":
        out.append(Step("unserved", session.request))
        reason = "unserved"
    elif session.state == "active" and session.owner_lost:
        helping.close(session, "ended", out)
        out.append(Step("release", session.request))
        reason = "owner_lost"
    else:
        raise NotAllowed("wrong_state")
    _finish(session, reason, now)
    session.state = "message_left"
    out.append(Note("message_left"))
    _staff_over(session, "message_left", out)


def left(session: Session, event: Left, now: int, out: list[Effect]) -> None:
    person, professional = session.people.get(event.participant), session.professional()
    if person is not None and person.role == "guest" and not person.gone:
        guesting.left(session, person, out)
    elif professional is not None and event.participant == professional.id and session.state == "active":
        helping.professional_out(session, "left", now, out)
    elif event.participant == session.user and session.state in ("preparing", "waiting", "asleep"):
        close(session, "left", now, out)
    elif event.participant in (session.user, session.owner):
        if session.state == "active":
            end(session, "hung_up", now, out)
        elif session.state == "asleep":
            _to_after(session, "hung_up", now, out)
    else:
        raise NotAllowed("not_yours")


def callback_cancelled(session: Session, event: CallbackCancelled, now: int, out: list[Effect]) -> None:
    callbacks.check_cancelled(session, event)
    close(session, "callback_cancelled", now, out)


def callback_missed(session: Session, event: CallbackMissed, now: int, out: list[Effect]) -> None:
    callbacks.missed(session, event, out)
    end(session, "callback_missed", now, out)


def callback_marked(session: Session, event: CallbackMarked, now: int, out: list[Effect]) -> None:
    inviting.callback_marked(session, event, out)
    close(session, "hung_up" if event.done else "callback_missed", now, out)


def _finish(session: Session, reason: EndReason, now: int) -> None:
    session.timers.clear()
    session.ringing, session.choices, session.owner_lost, session.aside = None, [], False, False
    session.ended_at, session.end_reason = session.ended_at or now, session.end_reason or reason
    people.forget_peers(session)


def end(session: Session, reason: EndReason, now: int, out: list[Effect]) -> None:
    """Move the session from state ``active`` to ``after``, in which the counselor wraps up and the user may rate the session."""
    helping.close(session, "ended", out, keep_professional=True)
    callbacks.over(session, out)
    out.append(Step("complete", session.request))
    _to_after(session, reason, now, out)


def _to_after(session: Session, reason: EndReason, now: int, out: list[Effect]) -> None:
    _finish(session, reason, now)
    session.state = "after"
    session.timers["wrap_up"] = now + model.WRAP_UP_MS
    out.append(Say("ended", {"reason": reason}))
    out.append(Note("after", {"reason": reason}))


def close(session: Session, reason: EndReason, now: int, out: list[Effect]) -> None:
    if session.state == "waiting":
        out.append(Step("cancel", session.request))
    callbacks.over(session, out)
    _finish(session, reason, now)
    session.state = "closed"
    out.append(Note("closed", {"reason": reason}))
    _staff_over(session, reason, out)


def _staff_over(session: Session, reason: OverReason, out: list[Effect]) -> None:
    for person in session.present():
        if person.staff:
            person.gone = True
            out.append(Over(person.id, reason))


def rated(session: Session, event: Rated, now: int, out: list[Effect]) -> None:
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    if session.state not in ("after", "closed") or session.active_at is None or session.ended_at is None:
        raise NotAllowed("wrong_state")
    if now > session.ended_at + model.RATING_MS:
        raise NotAllowed("too_late")
    session.rated = True


def wrapped_up(session: Session, event: WrappedUp, now: int, out: list[Effect]) -> None:
    person = session.people.get(event.participant)
    if person is None or not person.staff or person.gone:
        raise NotAllowed("not_yours")
    if session.state != "after":
        raise NotAllowed("wrong_state")
    if person.id == session.owner:
        close(session, "wrapped_up", now, out)
    else:
        helping.remove(person, "wrapped_up", out)


def ended_by(session: Session, event: EndedBy, now: int, out: list[Effect]) -> None:
    if session.state in FINAL_STATES:
        return
    if event.reason == "no_room" and session.state != "asleep":
        return  # the conversation was chosen to be closed, to make room for others; but its user has woken it since
    if event.reason == "callback_cancelled":
        callbacks.check_booking(session, event.booking)
    if session.state == "active":
        end(session, event.reason, now, out)
        if event.reason == "operator":
            return
    close(session, event.reason, now, out)
