"""Listening in: an operator hears a call. The user and the staff are told.

Listening in is possible only if the site allows it and the user was told so before entering. Nobody hears a listener who only
listens. The counselor hears a listener who whispers; in a consultation, the professional does, too. Everybody hears a listener
who has joined. Listeners are not participants. A listener is asked about recording only when they join, and recorded only after
that. A listener whose connection fails stops listening.
"""

from __future__ import annotations

from typing import Final

from signaling.protocol.audit_actions import AuditAction
from signaling.protocol.reasons import OverReason
from signaling.protocol.session_views import Media
from signaling.protocol.words import ListenAs, Listening
from signaling.session import people
from signaling.session import recording as recordings
from signaling.session.effects import Audit, Effect, Note, Over, Say
from signaling.session.events import ListenedAs, ListenStarted, ListenStopped
from signaling.session.model import Listener, NotAllowed, Session

LOST_PEERS = frozenset({"lost", "text_only"})
ALLOWED: Final[dict[Listening, frozenset[ListenAs]]] = {
    "off": frozenset(),
    "on": frozenset({"listen"}),
    "whisper": frozenset({"listen", "whisper"}),
    "join": frozenset({"listen", "whisper", "join"}),
}
_AUDITED: Final[dict[ListenAs, AuditAction]] = {"listen": "listen.quiet", "whisper": "listen.whisper", "join": "listen.join"}


def check(session: Session, staff: str) -> None:
    """If this operator may not listen now, raise NotAllowed with the reason."""
    if not session.may_listen:
        raise NotAllowed("listening_off")
    if session.state != "active":
        raise NotAllowed("wrong_state")
    if session.channel == "text":
        raise NotAllowed("channel")
    if staff in session.people:
        raise NotAllowed("not_yours")


def started(session: Session, event: ListenStarted, now: int, out: list[Effect]) -> None:
    """Add a listener.

    If the operator already listens, whispers or has joined in another tab, the operator from now on only listens, with the
    microphone off.
    """
    check(session, event.staff)
    if event.staff in session.listeners:
        changed(session, ListenedAs(event.staff, "listen"), now, out)
        return
    listener = Listener(id=event.staff, role="operator", name=event.name, staff=event.staff, connected=True, since=now)
    session.listeners[listener.id] = listener
    out.append(Say("listening.on", {"name": listener.name}))
    out.append(Note("listening", {"state": "on", "staff": listener.staff}))


def stopped(session: Session, event: ListenStopped, now: int, out: list[Effect]) -> None:
    """Remove an operator who listens in."""
    if event.staff in session.listeners:
        _over(session, session.listeners[event.staff], event.why, now, out)


def changed(session: Session, event: ListenedAs, now: int, out: list[Effect]) -> None:
    """Change whether a listener whispers, has joined, or only listens. Raises NotAllowed.

    Everybody is told when a listener joins, and when a joined listener goes back to listening or whispering. Only staff are told
    of a whisper. If the call can be recorded, an operator who joins must say whether they agree to be recorded.
    """
    listener = session.listeners.get(event.staff)
    if listener is None:
        raise NotAllowed("not_yours")
    if event.how == "join" and event.record is None and recordings.offered(session):
        raise NotAllowed("recording")
    former, listener.how = listener.how, event.how
    listener.media = Media(mic=event.mic and event.how != "listen")
    listener.recording = ("yes" if event.record else "no") if event.how == "join" and event.record is not None else ""
    if former == event.how:
        return
    if event.how == "join":
        session.supervisors[listener.staff] = listener.name
        out.append(Say("listening.joined", {"name": listener.name}))
    elif former == "join":
        out.append(Say("listening.on", {"name": listener.name}))
    if "whisper" in (former, event.how) and event.how != "join":
        out.append(Say("listening.whisper" if event.how == "whisper" else "listening.quiet", {"name": listener.name}, "staff"))
    out.append(Audit(listener.staff, _AUDITED[event.how]))
    out.append(Note("listening", {"state": event.how, "staff": listener.staff}))


def settle(session: Session, now: int, out: list[Effect]) -> None:
    """Remove all listeners when the call is over or goes on as text, and each listener whose own connection has failed.

    Called after every event.
    """
    for listener in list(session.listeners.values()):
        if session.state != "active" or session.channel == "text":
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
