"""Help: the counselor asks for a professional.

The professional first reads the conversation, unheard, then joins, and can become the owner.
"""

from __future__ import annotations

from typing import Final, Literal

from signaling.protocol.reasons import OverReason
from signaling.protocol.words import HelpState, NobodyWhy
from signaling.session import model, people
from signaling.session.effects import Effect, Enqueue, Note, Over, Say, Step, StepName, Transfer
from signaling.session.events import (
    Accepted,
    HandedOver,
    HelpAsked,
    HelpCancelled,
    HelpJoined,
    ModeChanged,
    NobodyEligible,
    RequestMoved,
)
from signaling.session.model import Help, NotAllowed, Person, Session


def require_owner(session: Session, participant: str) -> Person:
    """Return the owner. Raises NotAllowed when the session is not active or ``participant`` is not its owner."""
    if session.state != "active":
        raise NotAllowed("wrong_state")
    if participant != session.owner:
        raise NotAllowed("not_yours")
    return session.people[participant]


def asked(session: Session, event: HelpAsked, now: int, out: list[Effect]) -> None:
    """Begin to look for a professional, because the owner asks for help."""
    owner = require_owner(session, event.participant)
    if session.open_help():
        raise NotAllowed("wrong_state")
    category = event.category or session.category
    session.help = Help(state="asking", request="", note=event.note, category=category, asked_at=now, excluded=[owner.staff])
    out.append(Say("help.asked", {"name": owner.name}, "staff"))
    out.append(Note("help", {"state": "asking", "category": category}))
    hunt(session, session.help, now, out)


def hunt(session: Session, asked_for: Help, now: int, out: list[Effect]) -> None:
    """Enqueue a new request for a professional or colleague.

    A repeated request has the enqueue time of the first request. The owner, and staff who accepted an earlier request but did not
    join, are excluded.
    """
    session.requests_made += 1
    asked_for.request = f"{session.id}.{'t' if asked_for.transfer else 'h'}{session.requests_made}"
    asked_for.state, asked_for.professional, asked_for.ringing = "asking", "", None
    session.timers["hunt"] = now + (model.HUNT_ONE_MS if asked_for.to else model.HUNT_MS)
    excluded = tuple(asked_for.excluded)
    if asked_for.transfer:  # the request of a transfer has the user's own enqueue time and comes before all other requests
        out.append(
            Enqueue(asked_for.request, "user", asked_for.category, session.enqueued_at, excluded, asked_for.to, first=True)
        )
    else:
        out.append(Enqueue(asked_for.request, "help", asked_for.category, asked_for.asked_at, excluded))


def cancelled(session: Session, event: HelpCancelled, now: int, out: list[Effect]) -> None:
    """Withdraw a help request or a transfer. Raises NotAllowed after the professional or colleague has joined."""
    require_owner(session, event.participant)
    asked_for = session.open_help()
    if asked_for is None:
        raise NotAllowed("no_help")
    if asked_for.state == "joined":
        raise NotAllowed("wrong_state")
    close(session, "cancelled", out)


def accepted(session: Session, event: Accepted, now: int, out: list[Effect]) -> None:
    """Let the member of staff who accepted the request catch up: read the conversation, unheard.

    A system line tells the user of this. In a transfer without a consultation, the member who accepts becomes the owner at once,
    without catching up.
    """
    asked_for = session.open_help()
    if asked_for is None or asked_for.state != "asking" or event.staff == session.owner:
        return
    asked_for.state, asked_for.professional, asked_for.ringing = "catching_up", event.staff, None
    person = session.people.get(event.staff)
    if person is None:
        person = Person(id=event.staff, role="counselor", name=event.name, staff=event.staff)
        session.people[person.id] = person
    person.role = "counselor" if asked_for.transfer else "professional"
    session.timers.pop("hunt", None)
    if asked_for.transfer == "now":
        _takes_over(session, asked_for, person, event.connected, now, out)
        return
    person.gone, person.reading, person.connected, person.entered = False, True, event.connected, event.connected
    session.timers["catch_up"] = now + model.CATCH_UP_MS
    if event.connected:
        out.append(Step("entered", asked_for.request))
    out.append(Say("help.reading", {"name": person.name}))
    out.append(Note("help", {"state": "catching_up", "professional": event.staff}))


def _takes_over(session: Session, asked_for: Help, person: Person, connected: bool, now: int, out: list[Effect]) -> None:
    person.gone, person.reading, person.connected, person.entered = False, False, connected, False
    promote(session, asked_for, person, now, out)
    if connected:
        people.staff_entered(session, person, out)


def joined(session: Session, event: HelpJoined, now: int, out: list[Effect]) -> None:
    """Let the professional, who has read the conversation, join the call. At first, only staff talk (the mode "consultation").

    If the owner has not returned in time, the professional becomes the owner.
    """
    asked_for = session.open_help()
    if asked_for is None or event.participant != asked_for.professional:
        raise NotAllowed("no_help")
    if session.state != "active" or asked_for.state != "catching_up":
        raise NotAllowed("wrong_state")
    person = session.people[event.participant]
    if session.recording.on and event.record is None:
        raise NotAllowed("recording")
    if event.record is not None:
        person.recording = "yes" if event.record else "no"
    person.reading = False
    asked_for.state, asked_for.mode, asked_for.hear_user = "joined", "consultation", False
    session.timers.pop("catch_up", None)
    out.append(Say("help.joined", {"name": person.name}))
    out.append(Note("help", {"state": "joined"}))
    if session.owner_lost:
        promote(session, asked_for, person, now, out)
    else:
        out.append(Say("mode.consultation", {"name": person.name}, "staff"))
        out.append(Note("mode", {"mode": "consultation"}))


def mode_changed(session: Session, event: ModeChanged, now: int, out: list[Effect]) -> None:
    """Change the mode (who hears whom) after a professional has joined."""
    asked_for = session.open_help()
    if asked_for is None or asked_for.state != "joined":
        raise NotAllowed("no_help")
    if event.participant not in (session.owner, asked_for.professional):
        raise NotAllowed("not_yours")
    hear_user = event.hear_user if event.mode == "consultation" else False
    if (asked_for.mode, asked_for.hear_user) == (event.mode, hear_user):
        return
    asked_for.mode, asked_for.hear_user = event.mode, hear_user
    out.append(Say(f"mode.{event.mode}", {"name": session.people[event.participant].name}, "staff"))
    out.append(Note("mode", {"mode": event.mode, "by": event.participant, "hear_user": int(hear_user)}))


def handed_over(session: Session, event: HandedOver, now: int, out: list[Effect]) -> None:
    """Make the professional (in a transfer: the colleague) the new owner, as the present owner asks.

    Raises NotAllowed if the new owner is not connected. In a help request, raises NotAllowed in every mode except "conference",
    in which everybody hears everybody.
    """
    require_owner(session, event.participant)
    asked_for, professional = session.open_help(), session.professional()
    if asked_for is None or professional is None or asked_for.mode is None:
        raise NotAllowed("no_help")
    if asked_for.mode != "conference" and not asked_for.transfer:
        raise NotAllowed("no_help")
    if not professional.connected:
        raise NotAllowed("wrong_state")
    promote(session, asked_for, professional, now, out)


def promote(session: Session, asked_for: Help, professional: Person, now: int, out: list[Effect]) -> None:
    """Make the joined professional, or the colleague who takes over, the owner.

    The old owner leaves the session, and may still write notes for a while.
    """
    former = session.people[session.owner]
    asked_for.state, asked_for.mode, asked_for.ringing = "handed_over", None, None
    session.owner, session.owner_lost, session.choices, session.held = professional.id, False, [], False
    for timer in ("owner_lost", "professional_lost", "catch_up"):
        session.timers.pop(timer, None)
    if asked_for.transfer:  # the new owner has already accepted the transfer's request, which becomes the user's request
        out.append(Step("complete", session.request))
        session.request = asked_for.request
        if session.aside:
            out.append(Step("set_aside", session.request))
    else:
        out.append(Transfer(session.request, professional.staff))
        out.append(Step("release", asked_for.request))
    former.handed_over_at = now
    remove(former, "handed_over", out)
    out.append(Say("handed_over", {"from": former.name, "name": professional.name}))
    out.append(Note("owner", {"owner": professional.staff, "former": former.staff}))


def remove(person: Person, reason: OverReason, out: list[Effect]) -> None:
    """Take a participant out of the session for good."""
    person.gone, person.reading, person.connected = True, False, False
    people.drop_peers(person, out)
    out.append(Over(person.id, reason))


def professional_out(session: Session, reason: OverReason, now: int, out: list[Effect]) -> None:
    """Take the professional out of the session, because they left, were disconnected for too long, or read for too long.

    If the professional had not joined yet, the search goes on, unless the owner had asked for this professional by name. If the
    professional had joined, the help request ends.
    """
    asked_for, person = session.open_help(), session.professional()
    if asked_for is None or person is None:
        return
    session.timers.pop("professional_lost", None)
    session.timers.pop("catch_up", None)
    remove(person, reason, out)
    out.append(Say("left", {"name": person.name, "role": person.role}))
    if asked_for.state == "catching_up":
        asked_for.excluded.append(person.staff)
        out.append(Step("release", asked_for.request))
        if asked_for.to:
            asked_for.state, asked_for.professional = "asking", ""
            nobody(session, out, tell_matcher=False, why="declined")
            return
        out.append(Note("help", {"state": "asking", "why": reason}))
        hunt(session, asked_for, now, out)
        return
    asked_for.state, asked_for.mode = "ended", None
    out.append(Step("complete" if reason == "left" else "release", asked_for.request))
    out.append(Note("help", {"state": "ended", "why": reason}))


_ENDS_WITH: Final[dict[HelpState, StepName]] = {"asking": "cancel", "catching_up": "release", "joined": "complete"}


def close(session: Session, state: Literal["cancelled", "ended"], out: list[Effect], *, keep_professional: bool = False) -> None:
    """End the help request or transfer that is under way, if any.

    ``keep_professional``: a professional who has joined stays for the wrap-up.
    """
    asked_for, person = session.open_help(), session.professional()
    if asked_for is None:
        return
    out.append(Step(_ENDS_WITH[asked_for.state], asked_for.request))
    if person is not None and not (keep_professional and asked_for.state == "joined"):
        remove(person, state, out)
    for timer in ("hunt", "catch_up", "professional_lost"):
        session.timers.pop(timer, None)
    asked_for.state, asked_for.mode, asked_for.ringing = state, None, None
    out.append(Note("help", {"state": state}))
    if state == "cancelled":
        out.append(Say("transfer.cancelled" if asked_for.transfer else "help.cancelled", {}, "staff"))


def nobody(session: Session, out: list[Effect], *, tell_matcher: bool, why: NobodyWhy = "nobody") -> None:
    """End the search for a professional or colleague, because nobody comes."""
    asked_for = session.open_help()
    if asked_for is None or asked_for.state != "asking":
        return
    asked_for.state, asked_for.ringing, asked_for.why = "nobody", None, why if asked_for.to else ""
    session.timers.pop("hunt", None)
    if tell_matcher:
        out.append(Step("unserved", asked_for.request))
    if asked_for.transfer:
        out.append(Say("transfer.nobody", {"to": asked_for.to_name, "why": why}, "staff"))
        out.append(Note("transfer", {"state": "nobody", "why": why}))
        return
    out.append(Say("help.nobody", {}, "staff"))
    out.append(Note("help", {"state": "nobody"}))


def nobody_eligible(session: Session, event: NobodyEligible, now: int, out: list[Effect]) -> None:
    """End the search for a professional or colleague, because no suitable member of staff is signed in."""
    asked_for = session.open_help()
    if asked_for is not None and asked_for.request == event.request and asked_for.ringing is None:
        nobody(session, out, tell_matcher=True)


def request_moved(session: Session, event: RequestMoved, now: int, out: list[Effect]) -> None:
    """Change the help request or transfer, because the matcher reports a new state of the request."""
    asked_for, person = session.open_help(), session.professional()
    if asked_for is None:
        return
    if event.state in ("unserved", "cancelled"):
        nobody(session, out, tell_matcher=False)
    elif event.state == "waiting" and asked_for.state == "catching_up" and person is not None and not person.entered:
        asked_for.state, asked_for.professional = "asking", ""
        session.timers.pop("catch_up", None)
        session.timers["hunt"] = now + model.HUNT_MS
        remove(person, "not_entered", out)


def hunt_over(session: Session, now: int, out: list[Effect]) -> None:
    """End the search for a professional or colleague, because its time is over."""
    nobody(session, out, tell_matcher=True)


def restore(session: Session, now: int, out: list[Effect]) -> None:
    """Restore a help request or transfer after a restart of the server: ask again, or give the professional time to return."""
    asked_for = session.open_help()
    if asked_for is None:
        return
    if asked_for.state == "asking":
        hunt(session, asked_for, now, out)
    else:
        session.timers["professional_lost"] = now + model.PROFESSIONAL_LOST_MS
