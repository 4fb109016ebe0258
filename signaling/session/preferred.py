"""The preferred counselor: a user's request first rings for the counselor who served this user before, then for everybody."""

from __future__ import annotations

from signaling.session import model
from signaling.session.effects import Effect, Enqueue, Note, Step
from signaling.session.model import Session


def begin(session: Session, staff: str, name: str, now: int, out: list[Effect]) -> None:
    """Enqueue the user's request: for the counselor ``staff`` only or, if ``staff`` is empty, for everybody."""
    session.preferred, session.preferred_name = staff, name
    enqueue(session, out)
    if staff:
        session.timers["preferred"] = now + model.PREFERRED_MS
        out.append(Note("preferred", {"staff": staff}))


def over(session: Session) -> None:
    """Forget the preferred counselor, and stop the timer that limits how long only this counselor is asked."""
    session.preferred, session.preferred_name = "", ""
    session.timers.pop("preferred", None)


def enqueue(session: Session, out: list[Effect]) -> None:
    """Enqueue a new request of the user. The enqueue time of this request is the time at which the user began to wait."""
    session.requests_made += 1
    session.request = f"{session.id}.u{session.requests_made}"
    out.append(Enqueue(session.request, "user", session.category, session.enqueued_at, only=session.preferred))


def widen(session: Session, now: int, out: list[Effect]) -> None:
    """Offer the user's request to everybody, with its original enqueue time, because the preferred counselor has not accepted.

    While the request still rings for this counselor, only set the timer to the time when the request stops ringing.
    """
    if session.state != "waiting" or not session.preferred:
        return
    if session.ringing and session.ringing.until > now:
        session.timers["preferred"] = session.ringing.until
        return
    out.append(Note("preferred", {"staff": session.preferred, "state": "not_free"}))
    out.append(Step("cancel", session.request))
    over(session)
    session.ringing = None
    enqueue(session, out)
    if not (session.woken or session.people[session.user].connected):
        out.append(Step("suspend", session.request))
