"""Co-browsing: with the user's consent, staff see the page of the partner's site on which the user is.

Only the owner (the session's counselor) asks, and only the user agrees. The owner and the user may each stop at any time. Consent
holds for this owner and this conversation: it survives a change of page and a restart of the server. Consent ends when the
session gets another owner, moves to another device, or is over.
"""

from __future__ import annotations

from typing import Final, Literal

from signaling.protocol.audit_actions import AuditAction
from signaling.session import matrix
from signaling.session.effects import Audit, Effect, Note, Say
from signaling.session.events import CobrowseChanged
from signaling.session.model import NotAllowed, Person, Session

What = Literal["ask", "agree", "refuse", "end"]
_AUDITED: Final[dict[What, AuditAction]] = {
    "ask": "page.ask",
    "agree": "page.agree",
    "refuse": "page.refuse",
    "end": "page.end",
}


def possible(session: Session) -> bool:
    """Return whether the session's owner may ask now to see the user's page."""
    return session.cobrowse.rule != "off" and session.state == "active" and not session.calling_back()


def sees(session: Session, person: Person) -> bool:
    """Return whether this person may see the user's page now.

    While co-browsing is on, the owner may see the page. Other staff may see it only while they hear the user.
    """
    if session.cobrowse.state != "on" or person.gone or not person.staff or person.id not in session.people:
        return False
    return person.id == session.owner or matrix.hears(session, person, session.people[session.user])


def changed(session: Session, event: CobrowseChanged, now: int, out: list[Effect]) -> None:
    """Handle the owner's request to see the page, the user's answer, or the wish of owner or user to stop. Raises NotAllowed."""
    if event.participant == session.user:
        _answered(session, event.on, out)
    elif event.participant == session.owner:
        _asked(session, event.on, out)
    else:
        raise NotAllowed("not_yours")


def _asked(session: Session, on: bool, out: list[Effect]) -> None:
    state, staff = session.cobrowse, session.people[session.owner].staff
    if not on:
        if state.state != "":
            _end(session, out, staff)
        return
    if not possible(session):
        raise NotAllowed("wrong_state")
    if state.state == "":
        state.state, state.by = "asked", session.owner
        _noted(out, staff, "ask")


def _answered(session: Session, on: bool, out: list[Effect]) -> None:
    state = session.cobrowse
    if on and state.state == "":
        raise NotAllowed("wrong_state")
    if on and state.state == "asked":
        state.state = "on"
        out.append(Say("cobrowse.on", {"name": session.people[state.by].name}))
        _noted(out, "user", "agree")
    elif not on and state.state == "asked":
        _clear(session)
        out.append(Say("cobrowse.refused", {}, "staff"))
        _noted(out, "user", "refuse")
    elif not on and state.state == "on":
        _end(session, out, "user")


def settle(session: Session, out: list[Effect]) -> None:
    """End co-browsing when the session is not active any more or has another owner. Called after every event."""
    state = session.cobrowse
    if state.state != "" and (not possible(session) or state.by != session.owner):
        _end(session, out, "system")


def _end(session: Session, out: list[Effect], actor: str) -> None:
    if session.cobrowse.state == "on" and session.state == "active":
        out.append(Say("cobrowse.off"))
    _clear(session)
    _noted(out, actor, "end")


def _clear(session: Session) -> None:
    session.cobrowse.state, session.cobrowse.by = "", ""


def _noted(out: list[Effect], actor: str, what: What) -> None:
    out.append(Note("cobrowse", {"state": what}))
    out.append(Audit(actor, _AUDITED[what]))
