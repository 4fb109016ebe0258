"""Sleeping text conversations: they need no capacity of staff, staff may still write, and the user's next chat line wakes them.

The ways into and out of sleep:

- active → asleep (if `may_sleep`): the user has been gone for 15 minutes, or the owner sends the conversation to sleep.
- message_left → asleep: a member of staff answers the message that the user left.
- asleep → waiting: the user writes a chat line or asks for a counselor. The former counselor, if at work, is asked first.
- asleep → after: the owner ends the conversation.
- asleep → closed: the user ends the conversation, it has slept as many days as the site allows, or too many conversations sleep.

A woken conversation waits for a counselor even when its user has left again, because staff must still answer what the user wrote.
"""

from __future__ import annotations

from signaling.session import callback as callbacks
from signaling.session import help as helping
from signaling.session import people
from signaling.session import preferred as preferring
from signaling.session.effects import Effect, Note, Over, Step
from signaling.session.events import MessageAnswered, PutToSleep, Woken
from signaling.session.model import DAY_MS, NotAllowed, Person, Session

ANSWERED_DAYS = 7  # at sites where conversations do not sleep, the user can read the answer to their message for this many days


def may_sleep(session: Session) -> bool:
    """Return whether this conversation can sleep.

    The conversation must be active and by text, and its site must allow sleep. A callback cannot sleep before its user has
    connected.
    """
    return session.state == "active" and session.channel == "text" and session.sleeps_days > 0 and not session.calling_back()


def put_to_sleep(session: Session, event: PutToSleep, now: int, out: list[Effect]) -> None:
    """Let the owner send the text conversation to sleep, in which it needs no capacity of staff. Raises NotAllowed."""
    helping.require_owner(session, event.participant)
    if not may_sleep(session):
        raise NotAllowed("wrong_state")
    sleep(session, "sent", now, out)


def sleep(session: Session, why: str, now: int, out: list[Effect]) -> None:
    """Put the conversation to sleep, so that the owner can serve another user. The owner can still write chat lines into it."""
    helping.close(session, "ended", out)
    callbacks.over(session, out)
    out.append(Step("release", session.request))
    session.timers.clear()
    session.timers["asleep"] = now + session.sleeps_days * DAY_MS
    session.state, session.ringing, session.choices = "asleep", None, []
    session.owner_lost, session.aside, session.woken = False, False, False
    people.forget_peers(session)
    out.append(Note("asleep", {"why": why}))


def answered(session: Session, event: MessageAnswered, now: int, out: list[Effect]) -> None:
    """Put a conversation to sleep, because a member of staff has answered the message that its user left.

    This member becomes the owner of the conversation. The user may read the answer and write back.

    At a site where conversations do not sleep, a conversation with an answered message sleeps for `ANSWERED_DAYS`.
    """
    if session.state != "message_left":
        raise NotAllowed("wrong_state")
    person = session.people.setdefault(event.staff, Person(id=event.staff, role="counselor", name=event.name, staff=event.staff))
    person.gone, person.connected, person.role = False, True, "counselor"
    session.sleeps_days = session.sleeps_days or ANSWERED_DAYS
    session.timers.clear()
    session.timers["asleep"] = now + session.sleeps_days * DAY_MS
    session.state, session.owner, session.channel = "asleep", person.id, "text"
    session.ended_at, session.end_reason = None, ""
    out.append(Note("asleep", {"why": "answered"}))


def woken(session: Session, event: Woken, now: int, out: list[Effect]) -> None:
    """Ask for a counselor again, because the conversation is woken.

    If `preferred` names the counselor who served the user, ask this counselor first.
    """
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
