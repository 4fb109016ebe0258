"""Guests: people whom the user or staff invite into a running conversation, such as family or an interpreter.

A guest comes by a link that works once. Until the guest has entered, nobody hears or sees them, and they get nothing of the
conversation. Guests never hear a consultation among staff, and never get lines or notes for staff. When the conversation ends,
its guests leave. A disconnected guest can return for a while, and the conversation continues meanwhile. The user's phone as a
camera is a guest (``label`` "camera") who hears nobody and whom nobody hears.
"""

from __future__ import annotations

from typing import Final, Literal

from signaling.protocol.reasons import OverReason
from signaling.protocol.words import GuestLabel
from signaling.session import model
from signaling.session.effects import Audit, Effect, Note, Say
from signaling.session.events import GuestCame, GuestEntered, GuestInvited, GuestRemoved, InterpreterSet
from signaling.session.help import remove
from signaling.session.model import Interpreting, Invitation, NotAllowed, Person, Session

LIFE_MS: Final[dict[GuestLabel, int]] = {"camera": model.CAMERA_LINK_MS}
LinkState = Literal["open", "used", "expired", "over"]


def link_state(session: Session, guest: str, now: int) -> LinkState:
    """Return the state of this guest's link: "open" while somebody may still use it.

    While the conversation is active, an unknown link is "expired". While it is not active, every unused link is "over".
    """
    known = session.invitations.get(guest)
    if known is not None and known.token_hash:
        return "used"
    if session.state != "active":
        return "over"
    return "open" if known is not None and now < known.until else "expired"


def places(session: Session, now: int) -> int:
    """Return how many more guests may be invited now.

    An open link counts as a guest, too. The user's phone as a camera does not count.
    """
    here = sum(not guest.is_camera for guest in session.guests())
    return max(0, session.guests_most - here - sum(session.invitations[each].label != "camera" for each in links(session, now)))


def links(session: Session, now: int) -> list[str]:
    """Return the ids of the guests whose links may still be used."""
    return [guest for guest in session.invitations if link_state(session, guest, now) == "open"]


def invited(session: Session, event: GuestInvited, now: int, out: list[Effect]) -> None:
    """Make an invitation. A system line tells everybody of the invitation, unless it is for the user's own phone."""
    host = _host(session, event.participant)
    if event.label == "camera":
        _check_camera(session, host)
    elif session.guests_most == 0:
        raise NotAllowed("guests_off")
    elif places(session, now) == 0:
        raise NotAllowed("too_many_guests")
    if len(session.invitations) >= model.MOST_INVITATIONS:
        raise NotAllowed("too_many_guests")
    if event.label == "camera":
        _withdraw_camera(session, now)
    until = now + LIFE_MS.get(event.label, model.GUEST_LINK_MS)
    session.invitations[event.guest] = Invitation(label=event.label, by=host.id, link_hash=event.link_hash, until=until)
    if event.label != "camera":
        out.append(Say("guest.invited", {"name": host.name, "label": event.label}))
    _audit(host, "guest.invite", event.label, out)
    out.append(Note("guest", {"state": "invited", "label": event.label, "by": host.id}))


def _check_camera(session: Session, host: Person) -> None:
    if host.id != session.user:
        raise NotAllowed("not_yours")
    if session.channel == "text":
        raise NotAllowed("channel")


def _withdraw_camera(session: Session, now: int) -> None:
    """End the earlier link for the user's phone, because the user's page shows a new link."""
    for guest in links(session, now):
        if session.invitations[guest].label == "camera":
            session.invitations[guest].until = now


def came(session: Session, event: GuestCame, now: int, out: list[Effect]) -> None:
    """Mark the link as used. The guest may now prepare, unheard and unseen, and then enter.

    A new phone as a camera replaces the former one.
    """
    if link_state(session, event.guest, now) != "open":
        raise NotAllowed("too_late")
    invitation = session.invitations[event.guest]
    invitation.token_hash = event.token_hash
    if invitation.label == "camera":
        for former in [each for each in session.guests() if each.is_camera]:
            remove(former, "ended", out)
    session.people[event.guest] = Person(
        id=event.guest,
        role="guest",
        name="",
        label=invitation.label,
        invited_by=invitation.by,
        until=now + model.ARRIVING_MS,
    )
    out.append(Note("guest", {"state": "arriving", "guest": event.guest}))


def entered(session: Session, event: GuestEntered, now: int, out: list[Effect]) -> None:
    """Let the guest in. A chat line by the system tells everybody the guest's name and role, and who invited the guest."""
    guest = session.people.get(event.participant)
    if guest is None or guest.role != "guest" or guest.gone:
        raise NotAllowed("not_yours")
    if guest.entered or session.state != "active":
        raise NotAllowed("wrong_state")
    name = session.people[session.user].name if guest.is_camera else event.name.strip()
    if not name and not guest.is_camera:
        raise NotAllowed("empty")
    if session.recording.on and event.record is None and not guest.is_camera:
        raise NotAllowed("recording")
    guest.name, guest.entered, guest.entered_at, guest.lines_from = name, True, now, event.lines_from
    guest.until = 0 if guest.connected else now + model.GUEST_LOST_MS
    if event.record is not None:
        guest.recording = "yes" if event.record else "no"
    by = session.people.get(guest.invited_by)
    out.append(Say(_key(guest, "joined"), {"name": name, "label": guest.label, "by": by.name if by else ""}))
    out.append(Note("guest", {"state": "joined", "guest": guest.id, "label": guest.label}))


def removed(session: Session, event: GuestRemoved, now: int, out: list[Effect]) -> None:
    """Remove a guest, or withdraw an unused link. Only the owner and the person who made the link may do so."""
    host = _host(session, event.participant)
    invitation, guest = session.invitations.get(event.guest), session.people.get(event.guest)
    if invitation is None:
        raise NotAllowed("unknown")
    if host.id not in (session.owner, invitation.by):
        raise NotAllowed("not_yours")
    if guest is None:
        invitation.until = min(invitation.until, now)
        out.append(Note("guest", {"state": "withdrawn", "guest": event.guest, "by": host.id}))
        return
    if guest.gone:
        return
    _audit(host, "guest.remove", guest.label, out)
    if guest.entered:
        out.append(Say(_key(guest, "removed"), {"name": guest.name, "label": guest.label, "by": host.name}))
    _out(session, guest, "removed", out)


def left(session: Session, guest: Person, out: list[Effect]) -> None:
    """Remove a guest who leaves the conversation by their own choice."""
    _tell_left(guest, out)
    _out(session, guest, "left", out)


def interpreter_set(session: Session, event: InterpreterSet, now: int, out: list[Effect]) -> None:
    """Set how one side, the user's or the staff's, hears the voices of the other side while a guest interprets.

    The session's owner may set this for both sides, the user only for the user's side. When both sides are set to "full", the
    interpreting ends.
    """
    host = _host(session, event.participant)
    if host.id != session.owner and (host.id, event.side) != (session.user, "user"):
        raise NotAllowed("not_yours")
    guest = session.people.get(event.guest)
    if guest is None or guest not in session.guests() or guest.arriving or guest.is_camera:
        raise NotAllowed("unknown")
    if session.channel == "text":
        raise NotAllowed("channel")
    known = session.interpreting
    setting = known if known is not None and known.guest == guest.id else Interpreting(guest=guest.id, by="")
    if getattr(setting, event.side) == event.original:
        return
    setting.by = host.name
    setattr(setting, event.side, event.original)
    session.interpreting = setting if (setting.user, setting.staff) != ("full", "full") else None
    out.append(Say(f"interpreter.{event.side}.{event.original}", {"name": guest.name, "by": host.name}))
    _audit(host, "guest.interpret", f"{event.side} {event.original}", out)
    out.append(Note("interpreter", {"guest": guest.id, "side": event.side, "original": event.original}))


def settle(session: Session, now: int, out: list[Effect]) -> None:
    """Remove all guests if the conversation does not run any more. Otherwise, set the timer for the next deadline.

    A deadline is the end of an open link, or the time until which an absent guest can return. Called after every event.
    """
    if not session.invitations:
        return
    if session.state != "active":
        for guest in session.guests():
            _out(session, guest, session.end_reason or "ended", out)
        session.timers.pop("guests", None)
        return
    deadlines = [session.invitations[each].until for each in links(session, now)]
    deadlines += [guest.until for guest in session.guests() if guest.until]
    session.timers.pop("guests", None)
    if deadlines:
        session.timers["guests"] = min(deadlines)


def expired(session: Session, now: int, out: list[Effect]) -> None:
    """Remove the guests who did not enter, or did not come back, in time.

    An expired link needs no event: the next view that is sent leaves the link out.
    """
    for guest in session.guests():
        if guest.until and guest.until <= now:
            _tell_left(guest, out)
            _out(session, guest, "lost", out)


def restore(session: Session, now: int) -> None:
    """Restart the time within which each guest must connect, because the server has restarted."""
    for guest in session.guests():
        guest.until = now + (model.ARRIVING_MS if guest.arriving else model.GUEST_LOST_MS)


def _host(session: Session, participant: str) -> Person:
    """Return the user or the member of staff who invites or removes a guest, or sets how an interpreter is heard.

    Raises NotAllowed for everybody else, and when the conversation does not run.
    """
    person = session.people.get(participant)
    if person is None or person.gone or person.reading or person.role == "guest":
        raise NotAllowed("not_yours")
    if session.state != "active" or session.calling_back():
        raise NotAllowed("wrong_state")
    return person


def _out(session: Session, guest: Person, why: OverReason, out: list[Effect]) -> None:
    if session.interpreting is not None and session.interpreting.guest == guest.id:
        session.interpreting = None
        if session.state == "active":
            out.append(Say("interpreter.off", {"name": guest.name}))
    remove(guest, why, out)
    out.append(Note("guest", {"state": "gone", "guest": guest.id, "why": why}))


def _tell_left(guest: Person, out: list[Effect]) -> None:
    if guest.entered:
        out.append(Say(_key(guest, "left"), {"name": guest.name, "label": guest.label}))


def _key(guest: Person, what: Literal["joined", "left", "removed"]) -> str:
    return f"{'camera' if guest.is_camera else 'guest'}.{what}"


def _audit(
    host: Person, action: Literal["guest.invite", "guest.remove", "guest.interpret"], detail: str, out: list[Effect]
) -> None:
    if host.staff:
        out.append(Audit(host.staff, action, detail))
