"""The people of a session: who is connected, and the state of their peer connections."""

from __future__ import annotations

from typing import Literal

from signaling.protocol.session_views import Media
from signaling.session import model
from signaling.session.effects import DropPeer, Effect, Note, Say, Step
from signaling.session.events import Connected, Disconnected, MediaChanged, PeerChanged, PeerOffered, PeerReported, RightEnded
from signaling.session.model import NotAllowed, PeerName, Person, Session


def forget_peers(session: Session) -> None:
    """Forget the peer connections of all participants, because the room has closed or will be opened again."""
    session.slots = {}
    for person in (*session.people.values(), *session.listeners.values()):
        forget_peer(person)


def forget_peer(person: Person) -> None:
    """Forget the peer connections of one person."""
    person.peer, person.peer_id, person.former_id = "none", "", ""


def drop_peers(person: Person, out: list[Effect]) -> None:
    """Close the peer connections of a person who is no longer allowed in the room."""
    out += [DropPeer(peer) for peer in (person.peer_id, person.former_id) if peer]
    forget_peer(person)


def someone(session: Session, participant: str) -> Person:
    """Return the participant with this id. Raises NotAllowed when this person does not belong to the session now."""
    person = session.people.get(participant)
    if person is None or person.gone or person.arriving:
        raise NotAllowed("not_yours")
    return person


def _in_room(session: Session, participant: str) -> Person:
    return session.listeners.get(participant) or someone(session, participant)


def connected(session: Session, event: Connected, now: int, out: list[Effect]) -> None:
    """Record that a person has connected, and stop waiting for them."""
    person = session.people.get(event.participant)
    if person is None or person.gone or person.connected:
        return
    person.connected = True
    if person.role == "guest":
        person.until = 0 if person.entered else now + model.IDLE_MS
    elif person.id == session.user:
        if session.invited:
            _came(session, now)
        session.timers.pop("user_lost", None)
        _back_on_the_page(session, out)
        if session.state == "waiting" and not session.woken:
            out.append(Step("resume", session.request))
        elif session.state == "preparing":
            session.timers["idle"] = now + model.IDLE_MS
    elif session.state == "active":
        if person.id == session.owner:
            session.timers.pop("owner_lost", None)
            session.owner_lost, session.choices = False, []
        else:
            session.timers.pop("professional_lost", None)
        if not person.entered:
            staff_entered(session, person, out)


def _came(session: Session, now: int) -> None:
    """Record that the invited user has come for the first time.

    Until now, the sleeping conversation would have ended when its invitation expired. From now on, it ends after as many days
    as the site allows.
    """
    session.invited = False
    if session.state == "asleep":
        session.timers["asleep"] = now + session.sleeps_days * model.DAY_MS


def staff_entered(session: Session, person: Person, out: list[Effect]) -> None:
    """Tell the matcher that the member who accepted the request has entered the session.

    If this member is the session's owner, a system line in the chat announces them.
    """
    person.entered = True
    if person.id == session.owner:
        out.append(Step("entered", session.request))
        out.append(Say("joined", {"name": person.name, "role": person.role}))
    elif session.help is not None:
        out.append(Step("entered", session.help.request))


def disconnected(session: Session, event: Disconnected, now: int, out: list[Effect]) -> None:
    """Record that a person is disconnected, and start the timer that waits for their return."""
    person = session.people.get(event.participant)
    if person is None or person.gone or not person.connected:
        return
    person.connected = False
    if person.role == "guest":
        person.until = now + (model.GUEST_LOST_MS if person.entered else model.ARRIVING_MS)
    elif person.id == session.user:
        user_lost(session, now, out)
    elif session.state == "active":
        if person.id == session.owner:
            session.timers["owner_lost"] = now + model.OWNER_LOST_MS
        elif session.open_help():
            session.timers["professional_lost"] = now + model.PROFESSIONAL_LOST_MS


def right_ended(session: Session, event: RightEnded, now: int, out: list[Effect]) -> None:
    """Close the peer connections of a person who is no longer allowed to be connected, so that they neither hear nor are heard.

    The person is a member of staff whose sign-in has ended, or a user who has opened the session on another page. If a member of
    staff is not allowed to return, the session stops waiting for them at once.
    """
    person = session.people.get(event.participant)
    if person is None or person.gone:
        return
    drop_peers(person, out)
    disconnected(session, Disconnected(person.id), now, out)
    if not person.staff:
        return
    timer = _lost_timer(session, person)
    if timer is not None and not event.returns:
        session.timers[timer] = now


def _lost_timer(session: Session, person: Person) -> Literal["owner_lost", "professional_lost"] | None:
    """Return the name of the timer that waits for this member of staff to return, or None."""
    name: Literal["owner_lost", "professional_lost"] = "owner_lost" if person.id == session.owner else "professional_lost"
    return name if name in session.timers else None


def user_lost(session: Session, now: int, out: list[Effect]) -> None:
    """Start the timer that waits for the disconnected user's return. Suspend the request of a waiting user."""
    if session.state == "waiting":
        if session.woken:
            # a woken conversation stays in the queue: staff must answer what its user wrote, even if the user does not wait
            return
        out.append(Step("suspend", session.request))
        session.timers["user_lost"] = now + model.WAITING_LOST_MS
    elif session.state == "preparing":
        session.timers["idle"] = min(session.timers.get("idle", now), now + model.WAITING_LOST_MS)
    elif session.state == "active" and not session.calling_back():
        patience = model.USER_LOST_TEXT_MS if session.channel == "text" else model.USER_LOST_MS
        session.timers["user_lost"] = now + patience
        if session.channel == "text" and not session.aside:
            session.timers["aside"] = now + model.ASIDE_MS


def set_aside(session: Session, now: int, out: list[Effect]) -> None:
    """Stop counting a text session against the counselor's capacity: its user has been away from the page for `ASIDE_MS`.

    The session still waits for the user's return.
    """
    if session.state == "active" and session.channel == "text":
        session.aside = True
        out.append(Step("set_aside", session.request))
        out.append(Note("aside", {"state": "left"}))


def _back_on_the_page(session: Session, out: list[Effect]) -> None:
    """Count the returning user against their counselor's capacity again, even if no capacity is left."""
    session.timers.pop("aside", None)
    if session.aside:
        session.aside = False
        out.append(Step("take_back", session.request))
        out.append(Note("aside", {"state": "back"}))


def media_changed(session: Session, event: MediaChanged, now: int, out: list[Effect]) -> None:
    """Remember which media the participant sends now. The user's phone as a camera has no voice and shows no screen."""
    person = someone(session, event.participant)
    person.media = Media(camera=event.media.camera) if person.is_camera else event.media


def peer_offered(session: Session, event: PeerOffered, now: int, out: list[Effect]) -> None:
    """Register a new peer connection of this person.

    The media worker keeps an earlier peer connection of the same tab until the new one is live, because the earlier one might
    recover first. The peer connections of an earlier tab are closed, so that nobody is heard through a tab that this person has
    left.
    """
    person = _in_room(session, event.participant)
    if session.state != "active" or person.reading:
        raise NotAllowed("wrong_state")
    if session.channel == "text":
        raise NotAllowed("channel")
    if event.tab != person.tab:
        drop_peers(person, out)
        person.tab = event.tab
    elif person.peer_id and not person.former_id and person.peer in ("live", "lost"):
        person.former_id = person.peer_id
    person.peer, person.peer_id = _unless_text(person, "connecting"), event.peer


def _unless_text(person: Person, state: Literal["none", "connecting"]) -> PeerName:
    """Return `state`, or "text_only" for a browser that has fallen back to text.

    The browser counts as fallen back until the media worker reports its new peer connection as live.
    """
    return "text_only" if person.peer == "text_only" else state


def peer_changed(session: Session, event: PeerChanged, now: int, out: list[Effect]) -> None:
    """Update the session after the media worker has reported a new state of a peer connection."""
    person = session.anyone(event.participant)
    if person is None or event.epoch != session.epoch or not event.peer:
        return
    if event.peer == person.former_id:
        _former_changed(person, event)
        return
    if person.peer_id != event.peer:
        return
    if event.state == "gone" or event.state == "replaced":
        person.peer_id = ""
        if not (person.former_id and person.peer in ("live", "lost")):
            person.peer = _unless_text(person, "none")
    elif not (event.state == "connecting" and person.peer != "none"):
        person.peer = event.state


def _former_changed(person: Person, event: PeerChanged) -> None:
    if event.state == "live" or (event.state == "lost" and person.peer == "live"):
        person.peer = event.state
    elif event.state == "replaced":
        person.former_id = ""
    elif event.state == "gone":
        person.former_id = ""
        if person.peer in ("live", "lost"):
            person.peer = "connecting" if person.peer_id else "none"


def peer_reported(session: Session, event: PeerReported, now: int, out: list[Effect]) -> None:
    """Update the session after the browser has reported a new state of its peer connection."""
    person = _in_room(session, event.participant)
    if session.state != "active" or person.reading:
        raise NotAllowed("wrong_state")
    if event.state == "text_only":
        if person.peer_id:
            out.append(DropPeer(person.peer_id))
        person.peer, person.peer_id = "text_only", ""
    elif person.peer_id or person.former_id:
        person.peer = event.state
