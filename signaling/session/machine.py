"""The session machine: ``receive(session, event, now) → effects``. The machine does no I/O; time is a parameter (ms).

An event that the tables forbid raises ``NotAllowed`` before anything has changed. A stale event (one with an older fence
or epoch, or about a former request or peer) changes nothing and has no effects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from signaling.protocol.reasons import EndReason, OverReason
from signaling.session import appointment, inviting, listening, mentions, model, notes, people, sleeping, standing
from signaling.session import callback as callbacks
from signaling.session import captions as captioning
from signaling.session import cobrowse as cobrowsing
from signaling.session import guests as guesting
from signaling.session import help as helping
from signaling.session import hold as holding
from signaling.session import preferred as preferring
from signaling.session import recording as recordings
from signaling.session import transfer as transferring
from signaling.session import upgrade as upgrading
from signaling.session.effects import Effect, Note, Over, Reinstate, Say, Step
from signaling.session.events import (
    Accepted,
    AppointmentMoved,
    CallbackAsked,
    CallbackCancelled,
    CallbackMarked,
    CallbackMissed,
    CallbackMoved,
    CaptionsAnswered,
    CaptionsAsked,
    CaptionsFailed,
    ChannelChanged,
    Chose,
    CobrowseChanged,
    Connected,
    Disconnected,
    EndedBy,
    Entered,
    GuestCame,
    GuestEntered,
    GuestInvited,
    GuestRemoved,
    HandedOver,
    Held,
    HelpAsked,
    HelpCancelled,
    HelpJoined,
    InterpreterSet,
    Left,
    ListenedAs,
    ListenStarted,
    ListenStopped,
    MediaChanged,
    Mentioned,
    MentionRead,
    MessageAnswered,
    MessageGiven,
    ModeChanged,
    NobodyEligible,
    NotesTyped,
    PeerChanged,
    PeerOffered,
    PeerReported,
    PutToSleep,
    Rated,
    RecordingAnswered,
    RecordingFailed,
    RequestMoved,
    Restored,
    RightEnded,
    RingEnded,
    RingStarted,
    RoomLost,
    SessionEvent,
    Ticked,
    TransferAsked,
    UpgradeAnswered,
    UserMet,
    Woken,
    WrappedUp,
)
from signaling.session.model import FINAL_STATES, NotAllowed, Person, RequestKind, Ringing, Session
from signaling.session.standing import open_requests


def receive(session: Session, event: SessionEvent, now: int) -> list[Effect]:
    """Apply an event to the session and return the effects to carry out, in order. Raises NotAllowed."""
    out: list[Effect] = []
    _HANDLERS[type(event)](session, event, now, out)
    holding.settle(session, out)
    upgrading.settle(session, out)
    listening.settle(session, now, out)
    guesting.settle(session, now, out)
    recordings.settle(session, now, out)
    captioning.settle(session, now, out)
    cobrowsing.settle(session, out)
    notes.settle(session, out)
    return out


_BOOKED = ("callback", "lead")  # timers for times on which people have agreed; these are times of the computer's clock


def next_deadline(session: Session, ahead_ms: int = 0) -> int | None:
    """Return when the next timer fires (Unix ms), or None.

    At this time, the caller must send ``Ticked`` with the same ``ahead_ms``.
    """
    return min((at for at, _ in _deadlines(session, ahead_ms)), default=None)


def _deadlines(session: Session, ahead_ms: int) -> Iterator[tuple[int, model.Timer]]:
    for name, at in session.timers.items():
        yield (at + ahead_ms if name in _BOOKED else at), name


# --- waiting for a counselor ---------------------------------------------------------------------------------------------


def _entered(session: Session, event: Entered, now: int, out: list[Effect]) -> None:
    if session.state != "preparing":
        raise NotAllowed("wrong_state")
    if session.form_missing:
        raise NotAllowed("form_needed")
    user = session.people[session.user]
    user.entered = True
    user.name = user.name or event.name
    session.channel = event.channel or session.channel
    session.state, session.enqueued_at = "waiting", now
    session.timers.pop("idle", None)
    preferring.begin(session, event.preferred, event.preferred_name, now, out)
    out.append(Note("waiting"))
    if not user.connected:
        people.user_lost(session, now, out)


def _fresh(session: Session, fence: int) -> bool:
    """Remember the fence and return True, or return False when the fence is stale.

    Fences grow with every step of the matcher; events of one step have the same fence.
    """
    if fence < session.fence:
        return False
    session.fence = fence
    return True


def _ring_started(session: Session, event: RingStarted, now: int, out: list[Effect]) -> None:
    ringing = Ringing(reservation=event.reservation, staff=event.staff, until=event.until)
    asked = session.open_help()
    if event.request == session.request and session.in_line() and _fresh(session, event.fence):
        session.ringing = ringing
    elif asked and event.request == asked.request and asked.state == "asking" and _fresh(session, event.fence):
        asked.ringing, asked.asked = ringing, asked.asked + 1


def _ring_ended(session: Session, event: RingEnded, now: int, out: list[Effect]) -> None:
    if session.ringing and session.ringing.reservation == event.reservation:
        if event.state == "declined":
            appointment.declined(session, session.ringing.staff)
        session.ringing = None
        if event.state in ("declined", "expired"):
            preferring.widen(session, now, out)
            appointment.widen(session, now, out)
    asked = session.open_help()
    if asked and asked.ringing and asked.ringing.reservation == event.reservation:
        asked.ringing = None
        if asked.to and (event.state == "declined" or event.state == "expired"):
            helping.nobody(session, out, tell_matcher=True, why=event.state)


def _accepted(session: Session, event: Accepted, now: int, out: list[Effect]) -> None:
    asked = session.open_help()
    if asked and event.request == asked.request and _fresh(session, event.fence):
        helping.accepted(session, event, now, out)
    elif event.request == session.request and session.in_line() and _fresh(session, event.fence):
        _activate(session, event, now, out)


def _activate(session: Session, event: Accepted, now: int, out: list[Effect]) -> None:
    person = session.people.setdefault(event.staff, Person(id=event.staff, role="counselor", name=event.name, staff=event.staff))
    person.gone, person.connected, person.entered, person.role = False, event.connected, False, "counselor"
    session.state, session.owner, session.ringing = "active", person.id, None
    preferring.over(session)
    session.timers.pop("asleep", None)
    callbacks.accepted(session, now, out)
    session.owner_lost, session.choices = False, []
    session.active_at = session.active_at or now
    session.epoch += 1
    people.forget_peers(session)
    out.append(Note("active", {"staff": event.staff}))
    if event.connected:
        people.staff_entered(session, person, out)
    if session.woken and not session.people[session.user].connected:
        people.user_lost(session, now, out)


def _request_moved(session: Session, event: RequestMoved, now: int, out: list[Effect]) -> None:
    asked = session.open_help()
    if asked and event.request == asked.request:
        if _fresh(session, event.fence):
            helping.request_moved(session, event, now, out)
        return
    if event.request != session.request or not _fresh(session, event.fence):
        return
    if session.state == "waiting" and event.state == "cancelled":
        _close(session, "user_lost", now, out)
    elif session.state == "active" and event.state == "waiting" and not session.people[session.owner].entered:
        _back_to_waiting(session, "not_entered", now, out)


def only_noted(session: Session, event: RequestMoved) -> bool:
    """Remember the new fence and return True if the event changes nothing but the fence.

    Otherwise return False: the caller must then apply the event. The function returns True only for events about the user's own
    request. When thousands of users reconnect, each of their requests is suspended and resumed. If each of these events were
    applied, each session would be saved two more times, and all rings would wait for that.
    """
    if event.request != session.request:
        return False
    ends_wait = session.state == "waiting" and event.state == "cancelled"
    comes_back = session.state == "active" and event.state == "waiting"
    return not ends_wait and not comes_back and _fresh(session, event.fence)


def _back_to_waiting(session: Session, reason: OverReason, now: int, out: list[Effect]) -> None:
    """Put the user back into the queue, before all other users. The room closes until the next counselor accepts.

    A callback whose user had not connected yet becomes due again instead.
    """
    helping.close(session, "ended", out)
    helping.remove(session.people[session.owner], reason, out)
    session.state = "callback" if callbacks.due_again(session) else "waiting"
    session.owner, session.owner_lost, session.choices, session.returned = "", False, [], True
    session.timers.pop("owner_lost", None)
    session.timers.pop("aside", None)
    session.aside, session.woken = False, session.woken and session.channel == "text"
    if session.woken:  # the user of a woken conversation still waits after leaving the page; this timer ends the wait
        session.timers["asleep"] = now + session.sleeps_days * model.DAY_MS
    people.forget_peers(session)
    out.append(Note(session.state, {"why": reason}))


# --- the user's choices without a counselor, and the end of a session ---------------------------------------------------


def _chose(session: Session, event: Chose, now: int, out: list[Effect]) -> None:
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    if session.state == "waiting" and event.choice != "another":
        return
    if session.state != "active" or not session.owner_lost:
        raise NotAllowed("wrong_state")
    out.append(Note("choice", {"choice": event.choice}))
    if event.choice == "wait":
        session.choices = ["another", "message"]
    elif event.choice == "another":
        out.append(Step("requeue", session.request))
        _back_to_waiting(session, "lost", now, out)


def _message_given(session: Session, event: MessageGiven, now: int, out: list[Effect]) -> None:
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    reason: EndReason
    if session.state == "preparing":
        reason = "unserved"  # the category is closed, so the user leaves a message without waiting
    elif session.state == "waiting":
        out.append(Step("unserved", session.request))
        reason = "unserved"
    elif session.state == "active" and session.owner_lost:
        helping.close(session, "ended", out)
        out.append(Step("release", session.request))
        reason = "owner_lost"
    else:
        raise NotAllowed("wrong_state")
    _finish(session, reason, now)
    session.state = "message_left"
    out.append(Note("message_left"))
    _staff_over(session, "message_left", out)


def _left(session: Session, event: Left, now: int, out: list[Effect]) -> None:
    person, professional = session.people.get(event.participant), session.professional()
    if person is not None and person.role == "guest" and not person.gone:
        guesting.left(session, person, out)
    elif professional is not None and event.participant == professional.id and session.state == "active":
        helping.professional_out(session, "left", now, out)
    elif event.participant == session.user and session.state in ("preparing", "waiting", "asleep"):
        _close(session, "left", now, out)
    elif event.participant in (session.user, session.owner):
        if session.state == "active":
            end(session, "hung_up", now, out)
        elif session.state == "asleep":
            _to_after(session, "hung_up", now, out)
    else:
        raise NotAllowed("not_yours")


def _callback_cancelled(session: Session, event: CallbackCancelled, now: int, out: list[Effect]) -> None:
    callbacks.check_cancelled(session, event)
    _close(session, "callback_cancelled", now, out)


def _callback_missed(session: Session, event: CallbackMissed, now: int, out: list[Effect]) -> None:
    callbacks.missed(session, event, out)
    end(session, "callback_missed", now, out)


def _callback_marked(session: Session, event: CallbackMarked, now: int, out: list[Effect]) -> None:
    inviting.callback_marked(session, event, out)
    _close(session, "hung_up" if event.done else "callback_missed", now, out)


def _finish(session: Session, reason: EndReason, now: int) -> None:
    session.timers.clear()
    session.ringing, session.choices, session.owner_lost, session.aside = None, [], False, False
    session.ended_at, session.end_reason = session.ended_at or now, session.end_reason or reason
    people.forget_peers(session)


def end(session: Session, reason: EndReason, now: int, out: list[Effect]) -> None:
    """Move the session from active to after: the owner wraps up, and the user may rate."""
    helping.close(session, "ended", out, keep_professional=True)
    callbacks.over(session, out)
    out.append(Step("complete", session.request))
    _to_after(session, reason, now, out)


def _to_after(session: Session, reason: EndReason, now: int, out: list[Effect]) -> None:
    _finish(session, reason, now)
    session.state = "after"
    session.timers["wrap_up"] = now + model.WRAP_UP_MS
    out.append(Say("ended", {"reason": reason}))
    out.append(Note("after", {"reason": reason}))


def _close(session: Session, reason: EndReason, now: int, out: list[Effect]) -> None:
    if session.state == "waiting":
        out.append(Step("cancel", session.request))
    callbacks.over(session, out)
    _finish(session, reason, now)
    session.state = "closed"
    out.append(Note("closed", {"reason": reason}))
    _staff_over(session, reason, out)


def _staff_over(session: Session, reason: OverReason, out: list[Effect]) -> None:
    for person in session.present():
        if person.staff:
            person.gone = True
            out.append(Over(person.id, reason))


def _rated(session: Session, event: Rated, now: int, out: list[Effect]) -> None:
    if event.participant != session.user:
        raise NotAllowed("not_yours")
    if session.state not in ("after", "closed") or session.active_at is None or session.ended_at is None:
        raise NotAllowed("wrong_state")
    if now > session.ended_at + model.RATING_MS:
        raise NotAllowed("too_late")
    session.rated = True


def _wrapped_up(session: Session, event: WrappedUp, now: int, out: list[Effect]) -> None:
    person = session.people.get(event.participant)
    if person is None or not person.staff or person.gone:
        raise NotAllowed("not_yours")
    if session.state != "after":
        raise NotAllowed("wrong_state")
    if person.id == session.owner:
        _close(session, "wrapped_up", now, out)
    else:
        helping.remove(person, "wrapped_up", out)


def _ended_by(session: Session, event: EndedBy, now: int, out: list[Effect]) -> None:
    if session.state in FINAL_STATES:
        return
    if event.reason == "callback_cancelled":
        callbacks.check_booking(session, event.booking)
    if session.state == "active":
        end(session, event.reason, now, out)
        if event.reason == "operator":
            return
    _close(session, event.reason, now, out)


# --- events of the room, of time, and of a restart ----------------------------------------------------------------------


def _room_lost(session: Session, event: RoomLost, now: int, out: list[Effect]) -> None:
    if session.state == "active" and event.epoch == session.epoch:
        session.epoch += 1
        people.forget_peers(session)
        out.append(Note("room_lost", {"epoch": event.epoch}))


def _ticked(session: Session, event: Ticked, now: int, out: list[Effect]) -> None:
    due = sorted(each for each in _deadlines(session, event.ahead_ms) if each[0] <= now)
    for _, name in due:
        if session.timers.pop(name, None) is not None:
            _TIMERS[name](session, now, out)


def _user_lost_for_good(session: Session, now: int, out: list[Effect]) -> None:
    if session.state == "waiting" and session.woken:
        session.timers["asleep"] = now + session.sleeps_days * model.DAY_MS
    elif session.state == "waiting":
        _close(session, "user_lost", now, out)
    elif sleeping.may_sleep(session):
        sleeping.sleep(session, "user_lost", now, out)
    elif session.state == "active":
        end(session, "user_lost", now, out)


def _owner_lost_for_good(session: Session, now: int, out: list[Effect]) -> None:
    """Replace an owner who did not return. A connected professional who has joined becomes the owner.

    Without a professional, a callback whose user has not connected rings again. In all other cases the user chooses what to do.
    """
    asked, professional = session.open_help(), session.professional()
    if asked and asked.state == "joined" and professional and professional.connected:
        helping.promote(session, asked, professional, now, out)
        return
    if asked and asked.state == "asking":
        helping.close(session, "ended", out)
    if session.calling_back():
        out.append(Step("requeue", session.request))
        _back_to_waiting(session, "lost", now, out)
        return
    session.owner_lost, session.choices = True, ["wait", "another", "message"]
    out.append(Say("owner_lost", {"name": session.people[session.owner].name}))
    out.append(Note("owner_lost", {"staff": session.owner}))


def _callback_timer(session: Session, now: int, out: list[Effect]) -> None:
    if callbacks.unanswered(session, out):
        _close(session, "unserved", now, out)
    else:
        callbacks.due(session, now, out)


def _late(session: Session, now: int, out: list[Effect]) -> None:
    if callbacks.late(session, out):
        end(session, "callback_missed", now, out)


_TIMERS: dict[str, Callable[[Session, int, list[Effect]], None]] = {
    "idle": lambda session, now, out: _close(session, "idle", now, out),
    "user_lost": _user_lost_for_good,
    "aside": people.set_aside,
    "owner_lost": _owner_lost_for_good,
    "professional_lost": lambda session, now, out: helping.professional_out(session, "lost", now, out),
    "catch_up": lambda session, now, out: helping.professional_out(session, "too_slow", now, out),
    "hunt": helping.hunt_over,
    "preferred": preferring.widen,
    "callback": _callback_timer,
    "lead": appointment.lead,
    "grace": appointment.widen,
    "late": _late,
    "upgrade": upgrading.missed,
    "guests": guesting.expired,
    "asleep": lambda session, now, out: _close(session, "slept", now, out),
    "wrap_up": lambda session, now, out: _close(session, "wrapped_up", now, out),
}


def _restored(session: Session, event: Restored, now: int, out: list[Effect]) -> None:
    for person in (*session.people.values(), *session.listeners.values()):
        person.connected = False
    session.fence, session.ringing = 0, None
    guesting.restore(session, now)
    preferring.over(session)
    kept = event.room_kept and session.state == "active"
    if not kept:
        people.forget_peers(session)
    if session.state == "waiting":
        first = session.returned
        out.append(Reinstate(session.request, session.request_kind(), session.category, session.enqueued_at, first=first))
        if not session.woken:
            session.timers["user_lost"] = now + model.WAITING_LOST_MS
    elif session.state == "callback":
        out.extend(wanted for wanted, _, _ in open_requests(session))
    elif session.state == "active":
        if not kept:
            session.epoch += 1
        people.user_lost(session, now, out)
        owner = session.people[session.owner]
        out.append(standing.with_owner(session, owner))
        if not session.owner_lost:
            session.timers["owner_lost"] = now + model.OWNER_LOST_MS
        professional, asked = session.professional(), session.open_help()
        if professional and asked:
            kind: RequestKind = "user" if asked.transfer else "help"
            out.append(Reinstate(asked.request, kind, asked.category, asked.asked_at, professional.staff))
        helping.restore(session, now, out)


_HANDLERS: dict[type[Any], Callable[[Session, Any, int, list[Effect]], None]] = {
    Entered: _entered,
    RingStarted: _ring_started,
    RingEnded: _ring_ended,
    Accepted: _accepted,
    RequestMoved: _request_moved,
    Chose: _chose,
    MessageGiven: _message_given,
    CallbackAsked: callbacks.asked,
    CallbackCancelled: _callback_cancelled,
    CallbackMoved: callbacks.moved,
    AppointmentMoved: callbacks.rebooked,
    CallbackMissed: _callback_missed,
    CallbackMarked: _callback_marked,
    UserMet: callbacks.met,
    Left: _left,
    PutToSleep: sleeping.put_to_sleep,
    Woken: sleeping.woken,
    MessageAnswered: sleeping.answered,
    Rated: _rated,
    NotesTyped: notes.typed,
    Mentioned: mentions.mentioned,
    MentionRead: mentions.read,
    WrappedUp: _wrapped_up,
    EndedBy: _ended_by,
    RoomLost: _room_lost,
    Ticked: _ticked,
    Restored: _restored,
    Connected: people.connected,
    Disconnected: people.disconnected,
    RightEnded: people.right_ended,
    MediaChanged: people.media_changed,
    ChannelChanged: upgrading.channel_changed,
    UpgradeAnswered: upgrading.answered,
    PeerOffered: people.peer_offered,
    PeerChanged: people.peer_changed,
    PeerReported: people.peer_reported,
    HelpAsked: helping.asked,
    TransferAsked: transferring.asked,
    HelpCancelled: helping.cancelled,
    HelpJoined: helping.joined,
    ModeChanged: helping.mode_changed,
    Held: holding.changed,
    HandedOver: helping.handed_over,
    NobodyEligible: helping.nobody_eligible,
    GuestInvited: guesting.invited,
    GuestCame: guesting.came,
    GuestEntered: guesting.entered,
    GuestRemoved: guesting.removed,
    InterpreterSet: guesting.interpreter_set,
    ListenStarted: listening.started,
    ListenStopped: listening.stopped,
    ListenedAs: listening.changed,
    RecordingAnswered: recordings.answered,
    RecordingFailed: recordings.failed,
    CaptionsAsked: captioning.asked,
    CaptionsAnswered: captioning.answered,
    CaptionsFailed: captioning.failed,
    CobrowseChanged: cobrowsing.changed,
}
