"""Listening in: an operator hears a call and nobody hears the operator. The user and the staff are told.

Listening in is possible only if the site allows it and the user was told so before entering. Listeners are not participants:
they are asked nothing and are never recorded. A listener whose connection is lost stops listening.
"""

from __future__ import annotations

from signaling.protocol.reasons import OverReason
from signaling.session import people
from signaling.session.events import Audit, Effect, ListenStarted, ListenStopped, Note, Over, Say
from signaling.session.model import Listener, NotAllowed, Session

LOST_PEERS = frozenset({"lost", "text_only"})


def check(session: Session, staff: str) -> None:
    """Raise NotAllowed with the reason when this operator may not listen now."""
    if not session.may_listen:
        raise NotAllowed("listening_off")
    if session.state != "active":
        raise NotAllowed("wrong_state")
    if session.channel == "text":
        raise NotAllowed("channel")
    if staff in session.people:
        raise NotAllowed("not_yours")


def started(session: Session, event: ListenStarted, now: int, out: list[Effect]) -> None:
    """Add a listener."""
    check(session, event.staff)
    if event.staff in session.listeners:
        return
    listener = Listener(id=event.staff, role="operator", name=event.name, staff=event.staff, connected=True, since=now)
    session.listeners[listener.id] = listener
    out.append(Say("listening.on", {"name": listener.name}))
    out.append(Note("listening", {"state": "on", "staff": listener.staff}))


def stopped(session: Session, event: ListenStopped, now: int, out: list[Effect]) -> None:
    """Remove a listener."""
    if event.staff in session.listeners:
        _over(session, session.listeners[event.staff], event.why, now, out)


def settle(session: Session, now: int, out: list[Effect]) -> None:
    """Remove listeners when the call is over or their connection has failed. Called after every event."""
    for listener in list(session.listeners.values()):
        if session.state != "active":
            _over(session, listener, "ended", now, out)
        elif not listener.connected or listener.peer in LOST_PEERS:
            _over(session, listener, "lost", now, out)


def _over(session: Session, listener: Listener, why: OverReason, now: int, out: list[Effect]) -> None:
    del session.listeners[listener.id]
    people.drop_peers(listener, out)
    out.append(Audit(listener.staff, "listen.end", f"{max(0, now - listener.since) // 1000} s"))
    out.append(Note("listening", {"state": "off", "staff": listener.staff, "why": why}))
    out.append(Over(listener.id, why))
    if session.state == "active":
        out.append(Say("listening.off", {"name": listener.name}))
