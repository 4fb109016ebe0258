"""Hold: the session's owner (a member of staff) lets the user wait for a while, and the user hears a tone.

The user hears and sees nobody, and nobody hears or sees the user. Guests are put on hold together with the user. The page tells
the user who has put them on hold. The user may still write chat lines.
"""

from __future__ import annotations

from signaling.session import help as helping
from signaling.session.effects import Effect, Note, Say
from signaling.session.events import Held
from signaling.session.model import NotAllowed, Session


def changed(session: Session, event: Held, now: int, out: list[Effect]) -> None:
    """Put the user on hold, or end the hold, as the owner asks.

    A hold cannot begin after a professional has joined: from then on, the mode of the conversation decides who hears whom.
    """
    owner = helping.require_owner(session, event.participant)
    if session.channel == "text":
        raise NotAllowed("channel")
    asked = session.open_help()
    if event.on and asked is not None and asked.mode is not None:
        raise NotAllowed("wrong_state")
    if session.held == event.on:
        return
    session.held = event.on
    out.append(Say("hold.on" if event.on else "hold.off", {"name": owner.name}))
    out.append(Note("hold", {"state": "on" if event.on else "off"}))


def settle(session: Session, out: list[Effect]) -> None:
    """End the hold if the conversation has ended, its owner has not returned in time, or a professional has joined.

    Called after every event.
    """
    asked = session.open_help()
    if session.held and (session.state != "active" or session.owner_lost or (asked is not None and asked.mode is not None)):
        session.held = False
        out.append(Note("hold", {"state": "over"}))
