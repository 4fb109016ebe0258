"""Conversations that other software starts: they wait for their user, who was sent a link.

A text conversation is asleep at first: staff may write into it, and the user's first chat line wakes it. A call stays in state
``preparing``, with no page open, and its user enters it like any other call.
"""

from __future__ import annotations

from signaling.session import appointment
from signaling.session.effects import Effect, Note
from signaling.session.events import CallbackMarked
from signaling.session.model import Callback, NotAllowed, Person, Session
from signaling.session.sleeping import ANSWERED_DAYS


def invite(session: Session, until: int, staff: str = "", name: str = "") -> None:
    """Let a new session wait for its user until this time (Unix ms).

    `staff`: the member of staff who is asked first when the user writes, or "".
    """
    session.invited = True
    session.timers.clear()
    if session.channel != "text":
        session.timers["idle"] = until
        return
    session.sleeps_days = session.sleeps_days or ANSWERED_DAYS
    session.state = "asleep"
    session.timers["asleep"] = until
    if staff:
        session.people[staff] = Person(id=staff, role="counselor", name=name, staff=staff)
        session.owner = staff


def markable_callback(session: Session) -> Callback:
    """Return the session's callback, if other software may mark it as done or missed now.

    Otherwise, raises NotAllowed with the reason "wrong_state" or "ringing".
    """
    if session.callback is None or session.state != "callback":
        raise NotAllowed("wrong_state")
    if session.ringing is not None:
        raise NotAllowed("ringing")
    return session.callback


def callback_marked(session: Session, event: CallbackMarked, out: list[Effect]) -> None:
    """Mark a callback as done, or as missed if the user was not reached, because other software has reported this."""
    callback = markable_callback(session)
    appointment.withdraw(session, callback, out)
    callback.state = "done" if event.done else "missed"
    out.append(Note("callback", {"state": callback.state}))
