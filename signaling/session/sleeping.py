"""Sleeping text conversations: they take no place, staff may still write into them, and the user's next line wakes them.

    active → asleep (the user has gone for 15 minutes, or the owner sends it to sleep)
    asleep → waiting (the user's next line or press wakes it: first for the same counselor, then for everybody)
    asleep → after (the owner ends it) · closed (the user ends it, or the site's days are over)

A woken conversation waits without its user, because what the user wrote is to be answered even if they have left again.
"""

from __future__ import annotations

from signaling.session import callback as callbacks
from signaling.session import help as helping
from signaling.session import people
from signaling.session import preferred as preferring
from signaling.session.events import Effect, Note, Over, PutToSleep, Step, Woken
from signaling.session.model import NotAllowed, Session

DAY_MS = 86_400_000


def may_sleep(session: Session) -> bool:
    """Return whether this conversation can sleep: it is active, by text, and its user has come."""
    return session.state == "active" and session.channel == "text" and session.sleeps_days > 0 and not session.calling_back()


def put_to_sleep(session: Session, event: PutToSleep, now: int, out: list[Effect]) -> None:
    """Let the owner send the conversation to sleep."""
    helping.require_owner(session, event.participant)
    if not may_sleep(session):
        raise NotAllowed("wrong_state")
    sleep(session, "sent", now, out)


def sleep(session: Session, why: str, now: int, out: list[Effect]) -> None:
    """Free the owner. The owner stays in the conversation and may still write."""
    helping.close(session, "ended", out)
    callbacks.over(session, out)
    out.append(Step("release", session.request))
    session.timers.clear()
    session.timers["asleep"] = now + session.sleeps_days * DAY_MS
    session.state, session.ringing, session.choices = "asleep", None, []
    session.owner_lost, session.aside, session.woken = False, False, False
    people.forget_peers(session)
    out.append(Note("asleep", {"why": why}))


def woken(session: Session, event: Woken, now: int, out: list[Effect]) -> None:
    """Ask for a counselor again: first for the one who served the user, if `preferred` names them."""
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    if session.state != "asleep":
        raise NotAllowed("wrong_state")
    for person in session.present():
        if person.staff:
            person.gone, person.connected = True, False
            out.append(Over(person.id, "woken"))
    session.state, session.owner, session.enqueued_at, session.woken = "waiting", "", now, True
    session.timers["asleep"] = now + session.sleeps_days * DAY_MS
    preferring.begin(session, event.preferred, event.preferred_name, now, out)
    out.append(Note("waiting", {"why": "woken"}))
