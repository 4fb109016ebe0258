"""End the wait for the session's user or owner (its counselor), who was disconnected and has not returned in time.

If nobody can replace the owner, the user chooses what to do.
"""

from __future__ import annotations

from signaling.session import ending, model, sleeping, waiting
from signaling.session import help as helping
from signaling.session.effects import Effect, Note, Say, Step
from signaling.session.events import Chose
from signaling.session.model import NotAllowed, Session


def user_lost(session: Session, now: int, out: list[Effect]) -> None:
    if session.state == "waiting" and session.woken:
        session.timers["asleep"] = now + session.sleeps_days * model.DAY_MS
    elif session.state == "waiting":
        ending.close(session, "user_lost", now, out)
    elif sleeping.may_sleep(session):
        sleeping.sleep(session, "user_lost", now, out)
    elif session.state == "active":
        ending.end(session, "user_lost", now, out)


def owner_lost(session: Session, now: int, out: list[Effect]) -> None:
    """Replace a session's owner who was disconnected and has not returned in time.

    A professional who has joined and is connected becomes the owner. If there is no such professional, a callback whose user has
    not connected rings again. In all other cases the user chooses what to do.
    """
    asked, professional = session.open_help(), session.professional()
    if asked and asked.state == "joined" and professional and professional.connected:
        helping.promote(session, asked, professional, now, out)
        return
    if asked and asked.state == "asking":
        helping.close(session, "ended", out)
    if session.calling_back():
        out.append(Step("requeue", session.request))
        waiting.back_to_waiting(session, "lost", now, out)
        return
    session.owner_lost, session.choices = True, ["wait", "another", "message"]
    out.append(Say("owner_lost", {"name": session.people[session.owner].name}))
    out.append(Note("owner_lost", {"staff": session.owner}))


def chose(session: Session, event: Chose, now: int, out: list[Effect]) -> None:
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    if session.state == "waiting" and event.choice != "another":
        return
    if session.state != "active" or not session.owner_lost:
        raise NotAllowed("wrong_state")
    out.append(Note("choice", {"choice": event.choice}))
    if event.choice == "wait":
        session.choices = ["another", "message"]
    elif event.choice == "another":
        out.append(Step("requeue", session.request))
        waiting.back_to_waiting(session, "lost", now, out)
